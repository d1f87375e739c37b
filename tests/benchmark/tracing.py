# SPDX-License-Identifier: Apache-2.0
"""The kernel's own clock on processes being woken, and on a process being sent SIGKILL.

A tracing instance of our own, so that nobody else's tracing is disturbed, and no second process
has to watch and take processor time from the one that is measured.
"""

import os
import pathlib
import re
import subprocess

from host import MeasureError

WAKING, VICTIM, SIGNAL = "sched/sched_waking", "oom/mark_victim", "signal/signal_generate"
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

    def _start(self, filters):
        """`filters` by event; None stands for no filter."""
        self._write("tracing_on", "0")
        self._write("trace", "")
        for event, text in filters.items():
            if text:
                self._write(f"events/{event}/filter", text)
            self._write(f"events/{event}/enable", "1")
        self._write("tracing_on", "1")

    def _events(self):
        """Stops, and returns (microseconds, by which pid, event, the rest) of what was traced."""
        self._write("tracing_on", "0")
        matches = map(LINE.match, (self._instance / "trace").read_text().splitlines())
        return [(float(match["time"]) * 1e6, int(match["by"]), match["event"], match["rest"])
                for match in matches if match]

    def start(self, watcher, init):
        """Traces when `watcher` is woken, when a victim is chosen, when `init` gets SIGKILL."""
        self._start({WAKING: f"pid == {watcher}", VICTIM: None,
                     SIGNAL: f"pid == {init} && sig == 9"})

    def start_hang(self, watcher, task):
        """Traces when `watcher` and when `task` is woken."""
        self._start({WAKING: f"pid == {watcher} || pid == {task}"})

    def stop_hang(self, watcher, task):
        """Microseconds from the notification to the watcher's wake-up of the hanging task. The
        notification is the last thing by which the task wakes the watcher before that."""
        notified = None
        for time, by, _, rest in self._events():
            woken = int(re.search(r"\bpid=(\d+)", rest)[1])
            if (by, woken) == (task, watcher):
                notified = time
            elif (by, woken) == (watcher, task) and notified is not None:
                return time - notified
        raise MeasureError("the kernel traced no wake-up of the hanging task by the watcher")

    def stop(self, container, watcher):
        """Microseconds from the notification to the watcher's SIGKILL; None: no such pair was
        seen, as when the watcher was awake already or somebody else sent the signal.

        The notification is the last thing by which a process of the container wakes the watcher
        before the kernel has chosen a victim. What comes before is told to whoever watches a
        container that is nearly full."""
        notified, chosen = None, False
        for time, by, event, _ in self._events():
            if event == "sched_waking" and by in container and not chosen:
                notified = time
            elif event == "mark_victim" and by in container:
                chosen = True
            elif event == "signal_generate":
                return time - notified if by == watcher and notified is not None else None
        raise MeasureError("the kernel traced no SIGKILL of the container's init")
