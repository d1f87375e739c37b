# SPDX-License-Identifier: Apache-2.0
"""oomguard from the outside: policies, hook entries, and the files and words it leaves."""

import json
import os
import pathlib
import signal
import subprocess

from .errors import Skip

# crun and runc wherever Debian puts them.
RUNTIMES = ["/usr/sbin/runc", "/usr/bin/runc", "/usr/bin/crun"]
STAGES = ("createRuntime", "poststart", "poststop")


def policy(on_oom=None, restart=None, kill=None, settings=None, evidence=None, profile=None,
           **top):
    """A policy whose default profile differs from the built-in one by what is given.

    `profile` holds keys that have no parameter of their own.
    """
    profile = dict(profile or {})
    for key, value in (("onOom", on_oom), ("restart", restart), ("kill", kill),
                       ("settings", settings), ("evidence", evidence)):
        if value is not None:
            profile[key] = value
    return {"version": 1, "runtimes": RUNTIMES, "profiles": {"default": profile}, **top}


class Guard:
    """One state root of oomguard, with everything a scenario wants to know of it."""

    def __init__(self, machine, root):
        self.machine = machine
        self.root = root
        self.incidents_dir = root / "incidents"
        self.root_words = ["--root", str(root)]

    @classmethod
    def default(cls, machine):
        """The places the programs were built to use, without --root anywhere."""
        said = subprocess.run([machine.cli, "version", "--json"], stdout=subprocess.PIPE,
                              check=True, timeout=60)
        places = json.loads(said.stdout)
        guard = cls(machine, pathlib.Path(places["stateDir"]))
        guard.incidents_dir = pathlib.Path(places["incidentsDir"])
        guard.root_words = []
        # What a test build uses lies beside it. Any other place is the machine's own.
        home = machine.cli.parents[2]
        if home == pathlib.Path("/") or not all(
                place.is_relative_to(home) for place in (guard.root, guard.incidents_dir)):
            raise Skip("the programs were built to use this machine's own directories")
        return guard

    def hook_args(self, stage, policy_file, failure, deadline):
        return ["oomguard-hook", stage, "--policy", str(policy_file), *self.root_words,
                "--failure", failure, "--deadline", deadline]

    def hooks(self, policy_file, failure="open", deadline="20s", stages=STAGES):
        found = {}
        for stage in stages:
            entry = {"path": str(self.machine.hook),
                     "args": self.hook_args(stage, policy_file, failure, deadline),
                     "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}
            # crun waits for a hook with a timeout by SIGCHLD. An init that dies at that moment
            # swallows the hook's, and crun waits for the whole timeout and fails.
            if stage != "poststart":
                entry["timeout"] = 40
            found[stage] = [entry]
        return found

    def cli(self, *words):
        """(exit code, JSON document or None, everything printed)"""
        result = subprocess.run([self.machine.cli, *self.root_words, "--json", *words],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        try:
            document = json.loads(result.stdout)
        except ValueError:
            document = None
        return result.returncode, document, result.stdout + result.stderr

    def directory(self, container_id):
        """The container's state directory, or None. Its name begins with the id."""
        for path in sorted(self.root.glob(f"containers/{container_id}-*")):
            return path
        return None

    def directories(self):
        return sorted(path.name for path in self.root.glob("containers/*"))

    def document(self, container_id, name):
        directory = self.directory(container_id)
        try:
            return json.loads((directory / name).read_text()) if directory else None
        except FileNotFoundError:
            return None

    def status(self, container_id):
        return self.document(container_id, "status.json")

    def plan(self, container_id):
        return self.document(container_id, "plan.json")

    def events(self, container_id):
        directory = self.directory(container_id)
        lines = []
        for name in ("events.jsonl.1", "events.jsonl"):
            try:
                lines += (directory / name).read_text().splitlines() if directory else []
            except FileNotFoundError:
                continue
        return [json.loads(line) for line in lines]

    def incidents(self, container_id):
        found = []
        for path in sorted(self.incidents_dir.glob("*.json")):
            text = path.read_text()
            # A name is taken by an empty file until the record is there.
            if container_id in path.name and text:
                found.append(json.loads(text))
        return found

    def shims(self):
        """Process ids of the shims, and of their helpers, that work for this state root."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"oomguard-shim") and str(self.root).encode() in words:
                pids.append(int(entry.name))
        return sorted(pids)

    def kill_shims(self):
        for pid in self.shims():
            try:
                fd = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            try:
                if pid in self.shims():
                    signal.pidfd_send_signal(fd, signal.SIGKILL)
            except ProcessLookupError:
                pass
            finally:
                os.close(fd)
