# SPDX-License-Identifier: Apache-2.0
"""The kernel's own clock on a process being woken, and on a process being sent SIGKILL.

A tracing instance of our own, so that nobody else's tracing is disturbed, and no second process
has to watch and take processor time from the one that is measured.
"""

import os
import pathlib
import re
import subprocess

from host import MeasureError

EVENTS = ("sched/sched_waking", "oom/mark_victim", "signal/signal_generate")
LINE = re.compile(r"^\s*(?P<comm>.*)-(?P<by>\d+)\s+\[\d+\]\s+\S+\s+(?P<time>\d+\.\d+): "
                  r"(?P<event>\w+): (?P<rest>.*)$")


class Tracing:
    def __init__(self, scratch):
        self._point = pathlib.Path("/sys/kernel/tracing")
        self._mounted = None
        if not (self._point / "instances").is_dir():
            self._point = self._mounted = scratch / "tracing"
        self._instance = self._point / "instances" / f"oomguard-benchmark-{os.getpid()}"

    def __enter__(self):
        try:
            if self._mounted:
                self._mounted.mkdir()
                subprocess.run(["mount", "-t", "tracefs", "tracefs", self._mounted], check=True)
            self._instance.mkdir()
            self._write("trace_clock", "mono")
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            raise MeasureError(f"kernel tracing is not to be had: {error}") from error
        return self

    def __exit__(self, *_):
        if self._instance.is_dir():
            self._write("tracing_on", "0")
            self._instance.rmdir()
        if self._mounted and os.path.ismount(self._mounted):
            subprocess.run(["umount", self._mounted], check=True)

    def _write(self, name, text):
        (self._instance / name).write_text(text)

    def start(self, watcher, init):
        """Traces when `watcher` is woken, when a victim is chosen, when `init` gets SIGKILL."""
        self._write("tracing_on", "0")
        self._write("trace", "")
        self._write("events/sched/sched_waking/filter", f"pid == {watcher}")
        self._write("events/signal/signal_generate/filter", f"pid == {init} && sig == 9")
        for event in EVENTS:
            self._write(f"events/{event}/enable", "1")
        self._write("tracing_on", "1")

    def stop(self, container, watcher):
        """Microseconds from the notification to the watcher's SIGKILL; None: no such pair was
        seen, as when the watcher was awake already or somebody else sent the signal.

        The notification is the last thing by which a process of the container wakes the watcher
        before the kernel has chosen a victim. What comes before is told to whoever watches a
        container that is nearly full."""
        self._write("tracing_on", "0")
        notified, chosen = None, False
        for line in (self._instance / "trace").read_text().splitlines():
            match = LINE.match(line)
            if not match:
                continue
            time, by = float(match["time"]) * 1e6, int(match["by"])
            if match["event"] == "sched_waking" and by in container and not chosen:
                notified = time
            elif match["event"] == "mark_victim" and by in container:
                chosen = True
            elif match["event"] == "signal_generate":
                return time - notified if by == watcher and notified is not None else None
        raise MeasureError("the kernel traced no SIGKILL of the container's init")
