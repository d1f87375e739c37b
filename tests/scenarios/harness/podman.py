# SPDX-License-Identifier: Apache-2.0
"""podman with storage of its own. It has no daemon: each scenario has one for itself."""

import json
import shutil

from . import cgroups
from .command import attempt, call
from .daemon import leftovers
from .engine_container import LIMIT, EngineContainer, make_box
from .guard import Guard
from .inspected import Inspected

PARENT = "/libpod_parent"


class Podman(Inspected):
    """Reads hooks from the default place, or from the files that register() makes."""

    def __init__(self, t, runtime=None):
        t.guard = Guard.default(t.machine)
        self.t = t
        self.program = t.machine.engine_programs.find("podman")
        self.ended = False
        self.dir = t.dir / "podman"
        self.dir.mkdir()
        self.runtime = runtime or t.runtime.path
        self.hooks_dir = self.dir / "hooks.d"
        # podman puts mount points into the root file system it is given.
        shutil.copytree(t.rootfs, self.dir / "rootfs", symlinks=True)
        t.on_end(self._end)

    def register(self, name, hook, stage):
        """One file for a --hooks-dir."""
        self.hooks_dir.mkdir(exist_ok=True)
        (self.hooks_dir / f"{name}.json").write_text(json.dumps({
            "version": "1.0.0", "hook": hook, "when": {"always": True}, "stages": [stage]}))

    def argv(self, *words):
        own = ["--hooks-dir", self.hooks_dir] if self.hooks_dir.is_dir() else []
        return self.t.runtime.wrap(
            self.program, "--root", self.dir / "root", "--runroot", self.dir / "run", "--tmpdir",
            self.dir / "tmp", "--cgroup-manager=cgroupfs", "--events-backend=file",
            "--runtime", self.runtime, *own, *words)

    def run(self, args, *options, name="c"):
        name = self.t.name(name)
        box = make_box(self.t, name)
        # conmon marks an OOM by an empty file "oom" where it was started.
        said = call(cwd=self.dir, argv=self.argv(
            "run", "-d", "--name", name, "--network", "none", "--memory", LIMIT,
            "--memory-swap", LIMIT, "--ulimit", "nofile=1024:1024", "--ulimit",
            "nproc=4096:4096", "-v", f"{box}:/box", *options, "--rootfs",
            self.dir / "rootfs", "/bin/load", *args.split()))
        full_id = said.split()[-1]
        return EngineContainer(self.t, self, full_id, f"{PARENT}/libpod-{full_id}", box)

    def remove(self, container_id):
        if not self.ended:
            call(self.argv("rm", "-f", "-i", "-t", "0", container_id))

    def _end(self):
        attempt(self.argv("rm", "-f", "-a", "-t", "0"))
        self.ended = True
        for path in (f"{PARENT}/conmon", PARENT):
            cgroups.remove_if_empty(path)
        self.t.equal("what podman left", leftovers(self.dir), [])
