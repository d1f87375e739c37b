# SPDX-License-Identifier: Apache-2.0
"""A scratch directory with a bundle in it, cgroups of our own, and runc; all of it goes again."""

import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

CGROUP = "oomguard-benchmark"
MIB = 1024 * 1024
STAGES = ("createRuntime", "poststart", "poststop")
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}


class MeasureError(Exception):
    """The measurement itself failed."""


class NotHereError(Exception):
    """This machine has not what the measurement needs."""


def _memory_cgroup():
    """(version, mount point) of the hierarchy that limits memory."""
    unified = None
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ")
        kind, _, options = right.split(" ", 2)
        point = pathlib.Path(left.split(" ")[4])
        if kind == "cgroup" and "memory" in options.split(","):
            return 1, point
        if kind == "cgroup2":
            unified = point
    if not unified:
        raise MeasureError("no memory cgroup is mounted")
    return 2, unified


class Host:
    """Use as a context: what it made is gone at the end, also after a failure."""

    def __init__(self, programs):
        self.programs = programs
        self.runc = shutil.which("runc")
        self.cgroup_version, self.memory = _memory_cgroup()
        self.scratch = None
        self._mounted = False
        self._containers = []
        self._count = 0

    def __enter__(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="oomguard-benchmark-", dir="/run"))
        try:
            # State lives on a tmpfs wherever /run is one; here it always does.
            self._call("mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", self.scratch)
            self._mounted = True
            self._make_rootfs()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for container in list(self._containers):
            self.delete(container)
        self._remove_cgroups()
        if self._mounted:
            # A shim that just left still closes its files.
            wait_until(lambda: not self._umount(), 10, "the end of the last shim")
        self.scratch.rmdir()

    @property
    def state(self):
        return self.scratch / "state"

    def _call(self, *command, check=True):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if check and done.returncode:
            raise MeasureError(f"{' '.join(map(str, command))}: {done.stdout.strip()}")
        return done.stdout

    def _umount(self):
        return subprocess.run(["umount", self.scratch], stderr=subprocess.DEVNULL,
                              check=False).returncode

    def _make_rootfs(self):
        rootfs = self.scratch / "rootfs"
        for name in ("bin", "proc", "dev", "sys"):
            (rootfs / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), rootfs / "bin/true")
        shutil.copy(self.programs.workload, rootfs / "bin/workload")

    def _remove_cgroups(self):
        for mount in pathlib.Path("/sys/fs/cgroup").iterdir():
            if (mount / CGROUP).is_dir():
                (mount / CGROUP).rmdir()
        if (self.memory / CGROUP).is_dir():
            (self.memory / CGROUP).rmdir()

    def nothing_hooks(self):
        return {stage: [self._hook(self.programs.nothing, ["nothing", stage])] for stage in STAGES}

    def policy_file(self, policy):
        self._count += 1
        file = self.scratch / f"policy-{self._count}" / "policy.json"
        file.parent.mkdir()
        file.write_text(json.dumps(policy))
        return file

    def our_hooks(self, policy=None):
        """Our three hooks; `policy` is a whole document, None stands for the built-in one."""
        file = self.policy_file(policy or {"version": 1})
        return {stage: [self._hook(self.programs.hook,
                                   ["oomguard-hook", stage, "--policy", str(file),
                                    "--root", str(self.state)])] for stage in STAGES}

    @staticmethod
    def _hook(path, args):
        return {"path": str(path), "args": args, "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                "timeout": 10}

    def bundle(self, args, hooks, limit=32 * MIB):
        """A bundle made by `runc spec`, so that the container is an ordinary one."""
        self._count += 1
        bundle = self.scratch / f"bundle-{self._count}"
        bundle.mkdir()
        self._call(self.runc, "spec", "--bundle", bundle)
        config = json.loads((bundle / "config.json").read_text())
        config["process"].update(terminal=False, args=args)
        config["root"] = {"path": str(self.scratch / "rootfs"), "readonly": True}
        config["linux"]["cgroupsPath"] = f"/{CGROUP}/{bundle.name}"
        memory = {"limit": limit}
        if self.cgroup_version == 2 or (self.memory / "memory.memsw.limit_in_bytes").exists():
            memory["swap"] = limit
        if self.cgroup_version == 1:
            memory["swappiness"] = 0
        config["linux"]["resources"]["memory"] = memory
        if hooks:
            config["hooks"] = hooks
        (bundle / "config.json").write_text(json.dumps(config))
        return bundle

    def runc_argv(self, *args):
        return [self.runc, "--root", str(self.scratch / "runc"), *map(str, args)]

    def timed_run(self, bundle):
        """Nanoseconds from the start of `runc run` to its end."""
        argv = self.runc_argv("run", "--bundle", bundle, bundle.name)
        start = time.monotonic_ns()
        code = subprocess.run(argv, check=False, **QUIET).returncode
        took = time.monotonic_ns() - start
        if code:
            raise MeasureError(f"runc run ended with {code}")
        return took

    def timed_create(self, front, bundle):
        """Nanoseconds that `create` took; the container is deleted again."""
        name = f"create-{bundle.parent.name}"
        argv = [*map(str, front), *self.runc_argv("create", "--bundle", bundle, name)[1:]]
        start = time.monotonic_ns()
        code = subprocess.run(argv, check=False, stderr=subprocess.DEVNULL, **QUIET).returncode
        took = time.monotonic_ns() - start
        self._call(*self.runc_argv("delete", "--force", name), check=False)
        if code:
            raise MeasureError(f"create ended with {code}")
        return took

    def start(self, bundle, stdout=subprocess.DEVNULL):
        """`runc run -d`; returns the pid of the init, whose standard output it is."""
        self._containers.append(bundle.name)
        pid_file = bundle / "pid"
        argv = self.runc_argv("run", "-d", "--pid-file", pid_file, "--bundle", bundle, bundle.name)
        if subprocess.run(argv, check=False, **{**QUIET, "stdout": stdout}).returncode:
            raise MeasureError("runc run -d failed")
        return int(pid_file.read_text())

    def delete(self, name):
        self._containers.remove(name)
        self._call(*self.runc_argv("delete", "--force", name), check=False)

    def memcg_of(self, bundle):
        return self.memory / CGROUP / bundle.name

    def shim_of(self, init):
        """The pid of the shim that guards the container with this init."""
        found = []

        def look():
            for path in (self.state / "containers").glob("*/status.json"):
                status = json.loads(path.read_text())
                if status["init"]["pid"] == init:
                    found.append(status["shim"]["pid"])
            return found

        # The shim writes it down just after the hook went on.
        wait_until(look, 5, "the status of a shim")
        return found[0]

    def settled_shim_of(self, init):
        """The same when it watches all that it will: on v1 that is a second after the start."""
        shim = self.shim_of(init)
        if self.cgroup_version == 1:
            # Of the container's OOM, of its parent's, and of its usage.
            wait_until(lambda: _eventfds(shim) == 3, 5, "the first look of a shim")
        return shim


def _eventfds(pid):
    found = 0
    for file in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        # What it only reads once is closed in between.
        with contextlib.suppress(FileNotFoundError):
            found += file.readlink().name == "anon_inode:[eventfd]"
    return found


def processes_below(pid):
    """The process and its children."""
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *map(int, path.read_text().split())]


def place(container, watcher):
    """The container on one processor and the watcher on another: where the scheduler happens to put
    them makes a difference of milliseconds, and it is not what is compared."""
    processors = sorted(os.sched_getaffinity(0))
    for pid in container:
        os.sched_setaffinity(pid, {processors[0]})
    os.sched_setaffinity(watcher, {processors[-1]})


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise MeasureError(f"{what} did not happen in {seconds} s")
        time.sleep(0.005)


def wait_exit(pid, seconds):
    """Until the process is dead; its parent may take long to notice."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with open(pidfd, "rb"):
        if not select.select([pidfd], [], [], seconds)[0]:
            raise MeasureError(f"process {pid} did not end in {seconds} s")
