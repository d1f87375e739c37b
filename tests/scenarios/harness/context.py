# SPDX-License-Identifier: Apache-2.0
"""What a scenario function gets: containers, checks, and a cleanup that always runs."""

import shutil

from . import cgroups
from .container import Container
from .errors import Failure, Skip
from .guard import Guard
from .runtimes import Runtime
from .waiting import wait_for

__all__ = ["Context", "Failure", "Skip"]


class Context:
    def __init__(self, machine, rootfs, name, runtime_name, serial):
        self.machine = machine
        self.rootfs = rootfs
        self.dir = machine.scratch / f"{serial:03}-{name}"
        self.dir.mkdir()
        self.guard = Guard(machine, self.dir / "state")
        self.runtime = Runtime(runtime_name, self.dir / "runtime") if runtime_name else None
        self.containers = []
        self._prefix = f"og{serial:03}-{runtime_name or 'none'}"
        self._cleanups = []

    def container(self, args, policy, name="c", **options):
        """`args` is a string of words for the load program."""
        container = Container(self, f"{self._prefix}-{name}", args.split(), policy, **options)
        self.containers.append(container)
        return container

    def on_end(self, function, *args):
        """Runs when the scenario is over, latest first, whatever became of it."""
        self._cleanups.append((function, args))

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
            yield from container.diagnosis()

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
            except (Failure, OSError) as error:
                problems.append(f"{function.__qualname__}: {error}")
        if not keep:
            shutil.rmtree(self.dir, ignore_errors=True)
        return problems
