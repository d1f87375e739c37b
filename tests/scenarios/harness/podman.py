# SPDX-License-Identifier: Apache-2.0
"""podman with storage of its own. It has no daemon: each scenario has one for itself."""

import json
import shutil

from . import cgroups
from .command import attempt, call
from .daemon import leftovers, program
from .engine_container import LIMIT, EngineContainer, make_box
from .guard import Guard
from .inspected import Inspected

PARENT = "/libpod_parent"


class Podman(Inspected):
    """Reads hooks from the files in `hooks_dir`, and from nowhere else."""

    def __init__(self, t):
        t.guard = Guard.default(t.machine)
        self.t = t
        self.program = program("podman")
        self.dir = t.dir / "podman"
        self.hooks_dir = self.dir / "hooks.d"
        self.hooks_dir.mkdir(parents=True)
        # podman puts mount points into the root file system it is given.
        shutil.copytree(t.rootfs, self.dir / "rootfs", symlinks=True)
        t.on_end(self._end)

    def hook(self, when, stages=("createRuntime", "poststart", "poststop")):
        """Registers the hook by hand."""
        for stage, entries in self.t.guard.hooks(stages=stages).items():
            (self.hooks_dir / f"oomguard-{stage}.json").write_text(json.dumps({
                "version": "1.0.0", "hook": entries[0], "when": when, "stages": [stage]}))

    def argv(self, *words):
        return self.t.runtime.wrap(
            self.program, "--root", self.dir / "root", "--runroot", self.dir / "run", "--tmpdir",
            self.dir / "tmp", "--cgroup-manager=cgroupfs", "--events-backend=file",
            "--runtime", self.t.runtime.path, "--hooks-dir", self.hooks_dir, *words)

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
        call(self.argv("rm", "-f", "-i", "-t", "0", container_id))

    def _end(self):
        attempt(self.argv("rm", "-f", "-a", "-t", "0"))
        for path in (f"{PARENT}/conmon", PARENT):
            cgroups.remove_if_empty(path)
        self.t.equal("what podman left", leftovers(self.dir), [])
