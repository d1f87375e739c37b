# SPDX-License-Identifier: Apache-2.0
"""Processes as /proc shows them, independently of what oomguard says of them."""

import os
import pathlib
import signal
import time


def _read(pid, name):
    """Empty where the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""


def name(pid):
    return _read(pid, "comm").rstrip("\n")


def state(pid):
    """One letter; empty when it is gone."""
    return "".join(_read(pid, "stat").rpartition(")")[2].split()[:1])


def score(pid):
    return int(_read(pid, "oom_score_adj") or 9999)


def asleep_in(pid, function):
    """Threads in D that sleep in this function of the kernel."""
    found = []
    for thread in pathlib.Path(f"/proc/{pid}/task").glob("[0-9]*"):
        words = f"{pid}/task/{thread.name}"
        if state(words) == "D" and function in _read(words, "wchan"):
            found.append(int(thread.name))
    return found


def zombies_of(pid):
    """Children that have ended and that it never waited for."""
    children = _read(pid, f"task/{pid}/children").split()
    return [int(child) for child in children if state(child) == "Z"]


def switches(pid):
    """How often it was put on a CPU."""
    return sum(int(line.split()[1]) for line in _read(pid, "status").splitlines()
               if "ctxt_switches" in line)


def fds(pid):
    """What they are open for. One that is closed meanwhile is left out."""
    found = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            found.append(os.readlink(entry.path))
        except FileNotFoundError:
            pass
    return found


def eventfds(pid):
    return fds(pid).count("anon_inode:[eventfd]")


class WakeUps:
    """Counts how often a process woke up, one a second at most, as long as look() is called.

    One wake-up may switch more than once: another process takes the CPU, or a lock of the kernel
    is not free. Hence what follows within a second belongs to it; who never sleeps is seen still.
    """

    def __init__(self, pid):
        self._pid, self._last, self._since, self.count = pid, switches(pid), 0, 0

    def look(self):
        now, last = time.monotonic(), switches(self._pid)
        if last != self._last and now - self._since > 1:
            self.count, self._since = self.count + 1, now
        self._last = last


def cpu_ticks(pid):
    """User and system time, in clock ticks."""
    words = _read(pid, "stat").rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def words(pid):
    """Its command line."""
    return _read(pid, "cmdline").rstrip("\0").split("\0")


def kill(pid, still_meant):
    """SIGKILL. The number may have been given to another process since the list was read."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not still_meant(pid):
            return False
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False
    finally:
        os.close(fd)
