# SPDX-License-Identifier: Apache-2.0
"""One guarded container of a scenario."""

import json
import os
import signal
import subprocess

from . import bundle, cgroups, processes, schemas
from .errors import Failure
from .guarded import Guarded


class Container(Guarded):
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
        outputs = context.machine.outputs
        self.output = outputs / f"{container_id}.output" if outputs else self.dir / "output"
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

    def printed(self):
        return self.output.read_text()

    def said(self):
        return self.errors.read_text() if self.errors.exists() else ""

    def pids(self, comm=None):
        """Its processes, those of that name."""
        return [pid for pid in cgroups.processes(self.cgroup)
                if comm in (None, processes.name(pid))]

    def wait_stopped(self):
        return self.wait("the container is stopped", self.stopped)


def ended(process):
    """A process started by the scenario: its exit code once it is over, as text."""
    try:
        return str(process.wait(timeout=0.01))
    except subprocess.TimeoutExpired:
        return None
