# SPDX-License-Identifier: Apache-2.0
"""oomguard from the outside: policies, hook entries, and the files and words it leaves."""

import json
import pathlib
import subprocess

from . import processes
from .errors import Skip

# crun and runc wherever Debian puts them.
RUNTIMES = ["/usr/sbin/runc", "/usr/bin/runc", "/usr/bin/crun"]
STAGES = ("createRuntime", "poststart", "poststop")
# Names of files hold no more of an id.
ID_BYTES = 48


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


def cut(container_id, rest=""):
    """What a name of a file has of an id; `rest` stands for what was cut off."""
    return container_id if len(container_id) <= ID_BYTES else container_id[:ID_BYTES] + rest


class Guard:
    """One state root of oomguard, with everything a scenario wants to know of it."""

    def __init__(self, machine, root):
        self.machine = machine
        self.root = root
        self.incidents_dir = root / "incidents"
        self.root_words = ["--root", str(root)]
        self.policy_file = None

    @classmethod
    def default(cls, machine):
        """The places the programs were built to use, without --root anywhere."""
        said = subprocess.run([machine.cli, "version", "--json"], stdout=subprocess.PIPE,
                              check=True, timeout=60)
        places = json.loads(said.stdout)
        guard = cls(machine, pathlib.Path(places["stateDir"]))
        guard.incidents_dir = pathlib.Path(places["incidentsDir"])
        guard.policy_file = pathlib.Path(places["policyFile"])
        guard.root_words = []
        # What a test build uses lies beside it. Any other place is the machine's own.
        home = machine.cli.parents[2]
        if home == pathlib.Path("/") or not all(
                place.is_relative_to(home) for place in (guard.root, guard.incidents_dir)):
            raise Skip("the programs were built to use this machine's own directories")
        return guard

    def set_policy(self, document):
        """The policy in the default place, for the containers that are created from now on."""
        self.policy_file.parent.mkdir(parents=True, exist_ok=True)
        self.policy_file.write_text(json.dumps(document))

    def hook_args(self, stage, policy_file, failure, deadline):
        policy_words = ["--policy", str(policy_file)] if policy_file else []
        return ["oomguard-hook", stage, *policy_words, *self.root_words,
                "--failure", failure, "--deadline", deadline]

    def hooks(self, policy_file=None, failure="open", deadline="20s", stages=STAGES):
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
        for path in sorted(self.root.glob(f"containers/{cut(container_id, '*')}-*")):
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
            if cut(container_id) in path.name and text:
                found.append(json.loads(text))
        return found

    def shims(self):
        """Process ids of the shims, and of their helpers, that work for this state root."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            words = processes.words(entry.name)
            if words[0].endswith("oomguard-shim") and str(self.root) in words:
                pids.append(int(entry.name))
        return sorted(pids)

    def kill_shims(self):
        for pid in self.shims():
            processes.kill(pid, lambda pid: pid in self.shims())
