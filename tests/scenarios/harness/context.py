# SPDX-License-Identifier: Apache-2.0
"""What a scenario function gets: containers, checks, and a cleanup that always runs."""

import os
import shutil

from . import cgroups
from .command import call
from .container import Container
from .errors import Failure, Skip
from .guard import Guard
from .runtimes import Runtime
from .waiting import hold_for, wait_for

__all__ = ["Context", "Failure", "Skip"]


class Context:
    def __init__(self, machine, rootfs, runtime_name, serial, full=False):
        self.machine = machine
        self.rootfs = rootfs
        # podman takes no long paths, so the name stays out of it.
        self.dir = machine.scratch / f"{serial:03}"
        self.dir.mkdir()
        self.guard = Guard(machine, self.dir / "state")
        self.runtime = None
        if runtime_name:
            self.runtime = Runtime(runtime_name, self.dir / "runtime", machine.engine_programs)
        self.containers = []
        self.notes = []
        self.full = full
        self._prefix = f"og{os.getpid()}-{serial:03}"
        self._cleanups = []

    def name(self, what):
        """A name that no other scenario and no other run uses."""
        return f"{self._prefix}-{what}"

    def container(self, args, policy, name="c", **options):
        """`args` is a string of words for the load program."""
        container = Container(self, self.name(name), args.split(), policy, **options)
        self.containers.append(container)
        return container

    def engine(self, kind):
        """A daemon that several scenarios share. What it starts is guarded in the default places."""
        self.guard = Guard.default(self.machine)
        return self.machine.engine(kind)

    def configure(self, engine, *words):
        """`oomguard configure`, as an administrator calls it; taken back when all is over."""
        argv = self.machine.engine_programs.enter + [self.machine.cli, "configure", engine]
        self.on_end(lambda: call([*argv, *words, "--remove"]))
        return call([*argv, *words])

    def on_end(self, function, *args):
        """Runs when the scenario is over, latest first, whatever became of it."""
        self._cleanups.append((function, args))

    def bare(self, args, name="c", **options):
        """A container without oomguard: what happens then."""
        return self.container(args, {"version": 1}, name, hooks={}, **options)

    def note(self, text):
        """A measured figure, printed with the result."""
        self.notes.append(text)

    # Checks

    @staticmethod
    def equal(what, got, want):
        if got != want:
            raise Failure(f"{what}: got {got!r}, want {want!r}")

    @staticmethod
    def true(what, value):
        if not value:
            raise Failure(f"{what}: got {value!r}")

    def wait(self, what, probe, limit_s=30):
        return wait_for(what, probe, limit_s * self.machine.slow)

    @staticmethod
    def stays(what, probe, for_s):
        """It has to hold all of that time: the only proof that something never happens."""
        hold_for(what, probe, for_s)

    def nothing_left(self):
        """After every container was deleted: no shim, no state, no cgroup."""
        for container in self.containers:
            container.check_documents()
            container.delete()
        self.wait("no shim is left", lambda: not self.guard.shims())
        self.equal("state directories left", self.guard.directories(), [])
        for container in self.containers:
            self.wait(f"no cgroup is left of {container.id}",
                      lambda c=container: not cgroups.remaining(c.cgroup))

    # The end

    def diagnosis(self):
        for container in self.containers:
            try:
                yield from container.diagnosis()
            except Exception as error:  # what is broken may be the very thing we look at
                yield f"no more is known of {container.id}: {error}"

    def cleanup(self, keep):
        """Leaves nothing of the scenario on the machine. Returns what went wrong."""
        problems = []
        steps = [(function, args) for function, args in reversed(self._cleanups)]
        steps += [(container.delete, ()) for container in self.containers]
        steps += [(self.guard.kill_shims, ())]
        steps += [(cgroups.kill_and_remove, (container.cgroup,)) for container in self.containers]
        for function, args in steps:
            try:
                function(*args)
            except Exception as error:  # the other steps are still to be done
                problems.append(f"{function.__qualname__}: {error}")
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)
        return problems
