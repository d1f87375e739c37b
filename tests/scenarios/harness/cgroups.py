# SPDX-License-Identifier: Apache-2.0
"""Cgroups that the tests made: finding, reading, making, emptying and removing them."""

import contextlib
import os
import pathlib

from .processes import kill
from .waiting import wait_for

# Everything the tests make lies below this one name.
TOP = "/oomguard-tests"


def hierarchies():
    """Mount point by controller; the key "" is v2."""
    found = {}
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, point, kind, options = line.split()[:4]
        if kind == "cgroup2":
            found[""] = pathlib.Path(point)
        elif kind == "cgroup":
            for word in options.split(","):
                if word not in ("rw", "relatime", "nosuid", "nodev", "noexec", "xattr"):
                    found[word] = pathlib.Path(point)
    return found


def memory_dir(path):
    """The directory of a cgroup in the hierarchy that limits memory."""
    found = hierarchies()
    return found.get("memory", found.get("")) / path.lstrip("/")


@contextlib.contextmanager
def above_high(path):
    """What is charged meanwhile is counted as `high` in memory.events: on v2 that wakes who watches
    it, and a shim looks at usage, which no event tells of there. v1 has its thresholds."""
    if is_v1():
        yield
        return
    high = memory_dir(path) / "memory.high"
    high.write_text(str(1024 * 1024))
    try:
        yield
    finally:
        high.write_text("max")


def is_v1():
    return "memory" in hierarchies()


def set_limit(path, size):
    """No more memory than that, and no swap beside it."""
    directory = memory_dir(path)
    if not is_v1():
        (directory / "memory.max").write_text(str(size))
        if (directory / "memory.swap.max").exists():
            (directory / "memory.swap.max").write_text("0")
        return
    (directory / "memory.limit_in_bytes").write_text(str(size))
    # Without swap the limit says it all, and recent kernels count no failures at the memsw limit.
    memsw = directory / "memory.memsw.limit_in_bytes"
    if memsw.exists() and len(pathlib.Path("/proc/swaps").read_text().splitlines()) > 1:
        memsw.write_text(str(size))


def delegate(path):
    """On v2 a cgroup's children get the memory controller only when it says so."""
    if not is_v1():
        (memory_dir(path) / "cgroup.subtree_control").write_text("+memory")


def make(path):
    """Makes a cgroup in the memory hierarchy, with its parents."""
    walked = ""
    for name in path.strip("/").split("/"):
        if walked:
            delegate(walked)
        walked += "/" + name
        memory_dir(walked).mkdir(exist_ok=True)


def move(path, pid):
    (memory_dir(path) / "cgroup.procs").write_text(str(pid))


def processes(path):
    """Every process of the cgroup and of those below it, in the memory hierarchy."""
    return _processes(memory_dir(path))


def oom_kills(path):
    """The kernel's own count for the subtree."""
    directory = memory_dir(path)
    if not is_v1():
        return _keyed(directory / "memory.events", "oom_kill")
    return sum(_keyed(pathlib.Path(d) / "memory.oom_control", "oom_kill")
               for d, _, _ in os.walk(directory))


def failures(path):
    """How often an allocation met the limit."""
    directory = memory_dir(path)
    if is_v1():
        # A memsw limit that is no larger is met first.
        return sum(int((directory / name).read_text()) for name in
                   ("memory.failcnt", "memory.memsw.failcnt") if (directory / name).exists())
    return _keyed(directory / "memory.events", "max")


def usage(path):
    name = "memory.usage_in_bytes" if is_v1() else "memory.current"
    return int((memory_dir(path) / name).read_text())


def limit(path):
    name = "memory.limit_in_bytes" if is_v1() else "memory.max"
    return int((memory_dir(path) / name).read_text())


def swap_usage(path):
    if is_v1():
        return _keyed(memory_dir(path) / "memory.stat", "swap")
    return int((memory_dir(path) / "memory.swap.current").read_text())


def oom_control(path, key):
    """v1: under_oom or oom_kill_disable."""
    return _keyed(memory_dir(path) / "memory.oom_control", key)


def switch_oom_killer_off(path):
    """v1: from now on who needs memory at the limit sleeps."""
    (memory_dir(path) / "memory.oom_control").write_text("1")


def kill_and_remove(path):
    """Ends what still lives in there and removes the cgroup from every hierarchy."""
    directories = [point / path.lstrip("/") for point in set(hierarchies().values())]
    directories = [directory for directory in directories if directory.is_dir()]
    wait_for(f"{path} is empty", lambda: all([_kill_all(d) for d in directories]), 20)
    for directory in directories:
        wait_for(f"{directory} is removed", lambda d=directory: _remove(d), 20)


def remaining(path):
    """Directories of this name that are still there."""
    points = set(hierarchies().values())
    return [str(p / path.lstrip("/")) for p in points if (p / path.lstrip("/")).is_dir()]


def remove_if_empty(path):
    """A parent that several may share: it goes only when nothing is in it."""
    for point in set(hierarchies().values()):
        try:
            (point / path.lstrip("/")).rmdir()
        except OSError:
            continue


def _keyed(file, key):
    for line in file.read_text().splitlines():
        if line.split()[0] == key:
            return int(line.split()[1])
    return 0


def _processes(directory):
    pids = []
    for current, _, _ in os.walk(directory):
        try:
            pids += [int(p) for p in (pathlib.Path(current) / "cgroup.procs").read_text().split()]
        except OSError:
            continue
    return sorted(set(pids))


def _kill_all(directory):
    """True once nothing is left. A frozen process dies only when it is thawed."""
    pids = _processes(directory)
    for pid in pids:
        kill(pid, lambda pid: pid in _processes(directory))
    for name, word in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
        try:
            (directory / name).write_text(word)
        except OSError:
            pass
    return not pids


def _remove(directory):
    for current, _, _ in os.walk(directory, topdown=False):
        try:
            os.rmdir(current)
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True
