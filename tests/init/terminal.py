#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""oomguard-init on a terminal. usage: terminal.py OOMGUARD-INIT"""
import os
import pty
import signal
import termios
import unittest

from running import INIT, children, main, proc_text, python, wait_for

# Says how it stands to the terminal, then names what arrives; SIGTSTP keeps its usual meaning.
LISTENING = python("""
import os, signal, time
def name(number, frame):
    os.write(1, f"{signal.Signals(number).name}\\n".encode())
    if number == signal.SIGUSR1:
        os._exit(11)
for number in (signal.SIGINT, signal.SIGCONT, signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, name)
print("front" if os.tcgetpgrp(0) == os.getpgrp() else "back",
      "own" if os.getpgrp() == os.getpid() else "shared", flush=True)
# A signal just before a sleep is only seen after it: so it sleeps in small pieces.
while True:
    time.sleep(0.05)
""")

# A small shell with job control: runs its arguments as a job, continues what was stopped, and ends
# as the job ended.
SHELL = python("""
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
print("job", job, flush=True)
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
""")


class Terminal(unittest.TestCase):
    """The keyboard's signals arrive once, and Ctrl-Z does not stop a container for ever."""

    def start(self, *words):
        """Starts a session leader on a terminal of its own."""
        pid, self.master = pty.fork()
        if pid == 0:
            try:
                self.quieten()
                os.execv(words[0], words)
            finally:
                os._exit(99)
        self.addCleanup(os.close, self.master)
        self.reader = os.fdopen(os.dup(self.master), "r", encoding="utf-8", newline="\n")
        self.addCleanup(self.reader.close)
        self.leader = pid
        self.ended = False
        self.addCleanup(self.stop)
        return pid

    @staticmethod
    def quieten():
        """No echo, and a key that sends a signal does not throw away what was written."""
        modes = termios.tcgetattr(0)
        modes[3] = modes[3] & ~termios.ECHO | termios.NOFLSH
        termios.tcsetattr(0, termios.TCSANOW, modes)

    def stop(self):
        """Ends the session, if it still runs. Where SIGHUP is ignored its end alone ends nobody."""
        if self.ended:
            return
        for pid in (*children(self.leader), self.leader):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(self.leader, 0)

    def expect(self, line):
        """Checks the next line."""
        self.assertEqual(self.reader.readline().rstrip("\r\n"), line)

    def status(self):
        """The leader's exit status."""
        _, status = wait_for("the leader ends", self.poll)
        self.ended = True
        return os.waitstatus_to_exitcode(status)

    def poll(self):
        """What waitpid says, when there is something."""
        result = os.waitpid(self.leader, os.WNOHANG)
        return result if result[0] else None

    def test_workload_of_a_session_leader(self):
        init = self.start(INIT, *LISTENING)
        self.expect("front own")
        os.write(self.master, b"\x03")
        self.expect("SIGINT")
        os.write(self.master, b"\x1a")
        self.expect("SIGCONT")
        # A second SIGINT for the one key would stand here.
        os.kill(init, signal.SIGTERM)
        self.expect("SIGTERM")
        os.kill(init, signal.SIGUSR1)
        self.expect("SIGUSR1")
        self.assertEqual(self.status(), 11)

    def test_signal_reaches_the_whole_group(self):
        inner = "trap 'echo inner; exit' TERM; echo ready; while :; do read line; done"
        init = self.start(INIT, "sh", "-c", 'trap "echo outer" TERM; sh -c "$1"; exit 12', "sh",
                          inner)
        self.expect("ready")
        os.kill(init, signal.SIGTERM)
        self.assertEqual({self.reader.readline().strip() for _ in range(2)}, {"inner", "outer"})
        self.assertEqual(self.status(), 12)

    def test_stop_by_hand_stays(self):
        init = self.start(INIT, *LISTENING)
        self.expect("front own")
        [workload] = children(init)
        os.kill(workload, signal.SIGSTOP)
        wait_for("workload is stopped", lambda: ") T " in proc_text(workload, "stat"))
        # The init has seen the stop when it has handled a signal that was sent after it.
        os.kill(init, signal.SIGTERM)
        wait_for("SIGTERM waits", lambda: self.pending(workload, signal.SIGTERM))
        self.assertIn(") T ", proc_text(workload, "stat"))
        os.kill(init, signal.SIGCONT)
        self.assertEqual({self.reader.readline().strip() for _ in range(2)},
                         {"SIGCONT", "SIGTERM"})

    @staticmethod
    def pending(pid, number):
        """Is the signal pending for the process?"""
        for line in proc_text(pid, "status").splitlines():
            if line.startswith("ShdPnd:"):
                return int(line.split()[1], 16) >> (number - 1) & 1
        return False

    def test_job_of_a_shell(self):
        self.start(*SHELL, INIT, *LISTENING)
        lines = {self.reader.readline().strip() for _ in range(2)}
        self.assertIn("front shared", lines)
        [job] = [int(line.split()[1]) for line in lines if line.startswith("job ")]
        os.write(self.master, b"\x03")
        self.expect("SIGINT")
        os.write(self.master, b"\x1a")
        self.expect("stopped")
        os.write(self.master, b"\n")
        self.expect("SIGCONT")
        os.kill(job, signal.SIGUSR1)
        self.expect("SIGUSR1")
        self.assertEqual(self.status(), 11)


if __name__ == "__main__":
    main()
