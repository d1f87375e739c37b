# SPDX-License-Identifier: Apache-2.0
"""One guarded container of a scenario."""

import json
import os
import signal
import subprocess

from . import bundle, cgroups, processes, schemas
from .errors import Failure
from .waiting import wait_for


class Container:
    """Made by Context.container(); nothing runs before start()."""

    def __init__(self, context, container_id, args, policy, *, failure="open", deadline="20s",
                 cgroup=None, hooks=None, more_hooks=None,
                 **config):
        self.context = context
        self.runtime = context.runtime
        self.guard = context.guard
        self.id = container_id
        self.cgroup = cgroup or f"{cgroups.TOP}/{container_id}"
        self.dir = context.dir / container_id
        self.box = self.dir / "box"
        self.box.mkdir(parents=True)
        self.output = self.dir / "output"
        self.errors = self.dir / "errors"
        self.output.touch()
        policy_file = self.dir / "policy.json"
        policy_file.write_text(policy if isinstance(policy, str) else json.dumps(policy))
        if hooks is None:
            hooks = self.guard.hooks(policy_file, failure, deadline)
        for stage, entries in (more_hooks or {}).items():
            hooks[stage] += entries
        config.setdefault("swap", config.get("limit", 48 * bundle.MIB))
        self.config = bundle.config(context.rootfs, ["/bin/load", *map(str, args)], self.cgroup,
                                    self.box, hooks=hooks, **config)
        if context.machine.kind == "host":
            schemas.check_config(self.config)
        (self.dir / "config.json").write_text(json.dumps(self.config))

    # Driving it

    def start(self, expect=0):
        """`run -d`. Returns what the runtime said."""
        with open(self.output, "ab") as out, open(self.errors, "ab") as err:
            result = self.runtime.call("run", "-d", "-b", self.dir, self.id, stdout=out, stderr=err)
        said = self.errors.read_text()
        if expect is not None and (result.returncode == 0) != (expect == 0):
            raise Failure(f"{self.runtime.name} run: exit {result.returncode}: {said[-400:]}")
        return said

    def go(self, name="go"):
        """Lets programs pass that wait for /box/NAME."""
        (self.box / name).touch()

    def delete(self):
        result = self.runtime.call("delete", "-f", self.id)
        if result.returncode != 0 and self.state() is not None:
            raise Failure(f"{self.runtime.name} delete: {result.stdout[-400:]}")

    def pause(self):
        self._must("pause")

    def resume(self):
        self._must("resume")

    def _must(self, verb):
        result = self.runtime.call(verb, self.id)
        if result.returncode != 0:
            raise Failure(f"{self.runtime.name} {verb}: {result.stdout[-400:]}")

    def kill_init(self):
        os.kill(self.init_pid(), signal.SIGKILL)

    # Looking at it

    def state(self):
        return self.runtime.state(self.id)

    def running(self):
        state = self.state()
        return bool(state) and state["status"] == "running"

    def stopped(self):
        state = self.state()
        return bool(state) and state["status"] == "stopped"

    def init_pid(self):
        state = self.state()
        if not state or not state.get("pid"):
            raise Failure("the runtime knows no process of the container")
        return state["pid"]

    def lines(self, start=""):
        """What the container printed, the lines that begin so."""
        return [line for line in self.output.read_text().splitlines() if line.startswith(start)]

    def events(self, name=None):
        return [e for e in self.guard.events(self.id) if name in (None, e["event"])]

    def status(self):
        return self.guard.status(self.id) or {}

    def incidents(self):
        return self.guard.incidents(self.id)

    def pids(self, comm=None):
        """Its processes, those of that name."""
        return [pid for pid in cgroups.processes(self.cgroup)
                if comm in (None, processes.name(pid))]

    def check_documents(self):
        """What oomguard wrote is what its schemas promise."""
        for event in self.events():
            schemas.check_event(event)
        for incident in self.incidents():
            schemas.check_incident(incident)

    # Waiting for it

    def wait(self, what, probe, limit_s=30):
        return wait_for(what, probe, limit_s * self.context.machine.slow)

    def wait_line(self, start, count=1):
        return self.wait(f"{count} line(s) '{start}' from the container",
                         lambda: len(self.lines(start)) >= count and self.lines(start))

    def wait_event(self, name, count=1):
        return self.wait(f"{count} event(s) {name}",
                         lambda: len(self.events(name)) >= count and self.events(name))

    def wait_phase(self, *phases):
        return self.wait(f"phase {' or '.join(phases)}",
                         lambda: self.status().get("phase") in phases and self.status())

    def wait_stopped(self):
        return self.wait("the container is stopped", self.stopped)

    def wait_incident(self, count=1, result=None):
        """Incidents that are done with, oldest first."""
        def probe():
            done = [i for i in self.incidents() if i["result"] != "pending"]
            if result:
                done = [i for i in done if i["result"] == result]
            return len(done) >= count and done
        return self.wait(f"{count} incident(s) {result or ''}", probe)

    def diagnosis(self):
        """For a failed scenario: the last words of everybody involved."""
        yield f"container {self.id}, status {json.dumps(self.status())}"
        for title, text in (("output", self.output.read_text()),
                            ("runtime", self.errors.read_text() if self.errors.exists() else "")):
            for line in text.splitlines()[-12:]:
                yield f"  {title}: {line}"
        for event in self.events()[-15:]:
            yield f"  event: {event.get('time')} {event.get('event')}: {event.get('message')}"
        for incident in self.incidents()[-4:]:
            yield f"  incident: {json.dumps(incident)}"


def ended(process):
    """A process started by the scenario: its exit code once it is over, as text."""
    try:
        return str(process.wait(timeout=0.01))
    except subprocess.TimeoutExpired:
        return None
