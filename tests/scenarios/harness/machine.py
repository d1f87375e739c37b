# SPDX-License-Identifier: Apache-2.0
"""The machine the scenarios run on: which cgroups, which powers, where to put things."""

import pathlib

from . import swap
from .command import Programs

CAP_SYS_RESOURCE = 24


class Machine:
    """`kind` is "host" or "vm"; `slow` stretches the deadlines of waits, nothing else."""

    def __init__(self, kind, programs, load, scratch, outputs, rootfs=None, cri_api=None,
                 engines_tree=None):
        self.kind = kind
        self.slow = 2 if kind == "vm" else 1
        self.hook = programs / "libexec/oomguard/oomguard-hook"
        self.runtimes = programs / "libexec/oomguard"  # oomguard-runc and oomguard-crun
        self.shim = programs / "libexec/oomguard/oomguard-shim"
        self.cli = programs / "bin/oomguard"
        self.load = load
        self.scratch = scratch
        self.outputs = outputs  # None: what a container prints goes to its own directory
        self.rootfs = rootfs
        self.cri_api = cri_api
        self.engine_programs = Programs(engines_tree)
        self.swap_file = swap.SwapFile(scratch)
        self._engines = {}

    def has(self, need):
        if need in ("v1", "v2"):
            return need == self.cgroup_version()
        if need == "swap":
            # A virtual machine is booted with swap or without; here a file will do.
            return self.kind == "host" or swap.is_there()
        if need == "negative-scores":
            return bool(self._capabilities() >> CAP_SYS_RESOURCE & 1)
        return need == self.kind

    def engine(self, kind):
        """The one daemon of that class: the first scenario that asks for it has it started."""
        if kind not in self._engines:
            engine = kind(self)
            try:
                engine.start()
            except BaseException:
                engine.stop()
                raise
            self._engines[kind] = engine
        return self._engines[kind]

    def stop_engines(self):
        """Ends the daemons. Returns what they left behind, after that was ended, too."""
        problems = []
        while self._engines:
            _, engine = self._engines.popitem()
            try:
                problems += engine.stop()
            except Exception as error:  # the others are still to be stopped
                problems.append(f"{engine.name}: {error}")
        return problems

    @staticmethod
    def cgroup_version():
        """v1 where the memory controller is mounted as v1, as in the hybrid layout."""
        for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
            kind, options = line.split()[2:4]
            if kind == "cgroup" and "memory" in options.split(","):
                return "v1"
        return "v2"

    @staticmethod
    def _capabilities():
        for line in pathlib.Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
        return 0
