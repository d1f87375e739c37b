# SPDX-License-Identifier: Apache-2.0
"""A daemon of an engine: started once, serves several scenarios, ends with the run."""

import os
import pathlib
import subprocess

from . import cgroups, processes
from .command import PATH, call
from .errors import Failure
from .waiting import wait_for

STOP_LIMIT_S = 20


class Daemon:
    """Made by Machine.engine(). Everything it writes lies below `dir`."""

    name = ""

    def __init__(self, machine):
        self.machine = machine
        self.programs = machine.engine_programs
        # Some sockets take no long paths.
        self.dir = machine.scratch / self.name
        self.dir.mkdir(exist_ok=True)
        self.process = None
        self._registered = []
        self.cgroup = f"{cgroups.TOP}/og{os.getpid()}-{self.name}"

    def start(self):
        raise NotImplementedError

    def register(self, config, *words):
        """As an administrator does. When the daemon has ended it is taken back, without a trace."""
        before = config.read_text()
        argv = [*self.programs.enter, self.machine.cli, "configure", self.name, "--config", config]
        call([*argv, *words])
        self._registered.append((config, [*argv, *words, "--remove"], before))

    def _take_back(self):
        while self._registered:
            config, argv, before = self._registered.pop()
            call(argv)
            if config.read_text() != before:
                yield f"{config} is not what it was before it was registered"

    def launch(self, argv, answers):
        """Starts it and waits until answers() is true. It does not outlive this program."""
        with open(self.dir / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *map(str, argv)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"PATH": PATH})
        try:
            wait_for(f"{self.name} answers", lambda: self._alive() and answers(),
                     60 * self.machine.slow)
        except Failure as error:
            raise Failure(f"{error}: {' '.join(self.last_words())}") from error

    def _alive(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with {self.process.returncode}")
        return True

    def last_words(self, count=4):
        return (self.dir / "log").read_text(errors="replace").splitlines()[-count:]

    def stop(self):
        """Returns what it left, after that was ended, too."""
        problems = []
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_LIMIT_S * self.machine.slow)
            except subprocess.TimeoutExpired:
                problems.append(f"{self.name} did not end on SIGTERM")
                self.process.kill()
                self.process.wait(timeout=STOP_LIMIT_S)
        problems += leftovers(self.dir)
        problems += self._take_back()
        if cgroups.remaining(self.cgroup):
            cgroups.kill_and_remove(self.cgroup)
        return problems


def leftovers(directory):
    """Ends what still works for an engine of this directory, and says what it was."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        said = " ".join(processes.words(pid))[:160]
        if pid != os.getpid() and _works_for(pid, directory) and processes.kill(
                pid, lambda pid: _works_for(pid, directory)):
            found.append(f"process {said}")
    for point in reversed(_mounts_below(directory)):
        subprocess.run(["umount", "--lazy", point], stdin=subprocess.DEVNULL, check=False)
        found.append(f"mount {point}")
    return found


def _works_for(pid, directory):
    """An engine's helpers have its directory among their words."""
    return any(str(directory) + "/" in word for word in processes.words(pid))


def _mounts_below(directory):
    points = [line.split()[4] for line in
              pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    # In the tree of another Debian the directory is below that tree.
    return [point for point in points if f"{directory}/" in point]

