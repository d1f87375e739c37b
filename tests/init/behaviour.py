#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What oomguard-init does, seen from outside. usage: behaviour.py OOMGUARD-INIT"""
import ctypes
import errno
import fcntl
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import unittest

from running import (INIT, IS_ROOT, children, main, proc_text, python, run, score_of, started,
                     status_field, wait_for)

PR_CAPBSET_DROP = 24
CAP_SYS_RESOURCE = 24
F_GET_SEALS = 1034
ALL_SEALS = 0xf

# Says its pid, then waits until its stdin ends.
WAITING = python("import os, sys; print(os.getpid(), flush=True); sys.stdin.read()")

# Blocks everything and names each signal that arrives, until SIGUSR2 comes.
LISTENING = python("""
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print("ready", flush=True)
while (got := signal.sigwait(signal.valid_signals())) != signal.SIGUSR2:
    print(int(got), flush=True)
""")

# Makes grandchildren whose parents end; says their pids; they end when the workload's stdin does.
ORPHANING = """
import os, sys
count = int(sys.argv[1]) if len(sys.argv) > 1 else 1
gate, held = os.pipe()
for _ in range(count):
    child = os.fork()
    if child == 0:
        orphan = os.fork()
        if orphan == 0:
            os.close(held)
            os.read(gate, 1)
            os._exit(0)
        print(orphan, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
print("ready", flush=True)
sys.stdin.readline()
os.close(held)
sys.stdin.readline()
"""


def own_score(value):
    """For preexec_fn: raising is always allowed."""
    def write():
        pathlib.Path("/proc/self/oom_score_adj").write_text(str(value), encoding="utf-8")
    return write


def own_and_no_lowering():
    """A score of 300, and no right to go below the one we started with."""
    own_score(300)()
    if IS_ROOT:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "PR_CAPBSET_DROP")


# In CI nothing may be missing.
MAY_MOUNT = IS_ROOT or os.environ.get("CI") == "true"


class ExitStatus(unittest.TestCase):
    """The workload's end is the init's end."""

    def test_status_is_passed_on(self):
        for status in (0, 1, 7, 255):
            self.assertEqual(run("sh", "-c", f"exit {status}").returncode, status)

    def test_signal_becomes_128_and_its_number(self):
        for name in ("KILL", "TERM", "SEGV", "USR1"):
            expected = 128 + getattr(signal, "SIG" + name)
            self.assertEqual(run("sh", "-c", f"kill -{name} $$").returncode, expected)

    def test_program_that_cannot_run(self):
        self.assertEqual(run("/nowhere/at/all").returncode, 127)
        result = run("no-such-program")
        self.assertEqual(result.returncode, 127)
        self.assertIn('cannot run "no-such-program": No such file', result.stderr)
        self.assertEqual(run("/etc/passwd").returncode, 126)

    def test_command_line(self):
        for words in ([], ["--"], ["--workload-score"], ["--workload-score", "1001", "true"],
                      ["--workload-score", "x", "true"], ["--workload-score", "+", "true"],
                      ["--workload-score=", "true"], ["--workload-score", "1e2", "true"],
                      ["--workload-scores", "1", "true"], ["-x", "true"]):
            result = run(*words)
            self.assertEqual(result.returncode, 125, words)
            self.assertTrue(result.stderr.startswith("oomguard-init: "), words)
        self.assertEqual(run("--", "sh", "-c", "exit 3").returncode, 3)
        self.assertIn("--help", run("--", "echo", "--help").stdout)
        self.assertIn("usage: oomguard-init", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^oomguard-init [0-9.]+\n$")


class Signals(unittest.TestCase):
    """Everything that can be forwarded is, and nothing of ours stays on the workload."""

    def test_all_are_forwarded(self):
        never = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGUSR2}
        with started(*LISTENING) as init:
            self.assertEqual(init.stdout.readline(), "ready\n")
            for number in sorted(signal.valid_signals() - never):
                init.send_signal(number)
                self.assertEqual(init.stdout.readline(), f"{int(number)}\n")
            init.send_signal(signal.SIGUSR2)
            self.assertEqual(init.wait(20), 0)

    def test_mask_and_dispositions_are_given_back(self):
        def prepare():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        show = ["grep", "^Sig[BIC]", "/proc/self/status"]
        bare = run(program=show, preexec_fn=prepare).stdout
        self.assertEqual(len(bare.splitlines()), 3)
        self.assertEqual(run(*show, preexec_fn=prepare).stdout, bare)

    def test_status_arrives_though_sigchld_was_ignored(self):
        def prepare():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        self.assertEqual(run("sh", "-c", "exit 9", preexec_fn=prepare).returncode, 9)

    def test_message_without_a_reader_kills_nobody(self):
        # The score cannot be lowered, and the pipe for the message has no reader.
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([INIT, "--workload-score", "-1000", "sh", "-c", "exit 4"], check=False,
                              stderr=write_end, preexec_fn=own_and_no_lowering)
        os.close(write_end)
        self.assertEqual(done.returncode, 4)

    def test_group_signal_of_workload_spares_init(self):
        result = run("sh", "-c", "trap 'exit 5' TERM; kill -TERM 0; exit 6")
        self.assertEqual(result.returncode, 5)


class Orphans(unittest.TestCase):
    """Processes that lost their parents come to the init and leave no zombies."""

    def test_subreaper_reaps(self):
        with started(*python(ORPHANING), "50") as init:
            orphans = [int(init.stdout.readline()) for _ in range(50)]
            self.assertEqual(init.stdout.readline(), "ready\n")
            self.assertEqual(set(children(init.pid)) & set(orphans), set(orphans))
            init.stdin.write("go\n")
            init.stdin.flush()
            wait_for("no orphan is left", lambda: len(children(init.pid)) == 1)
            self.assertFalse([pid for pid in orphans if proc_text(pid, "stat")])


class Scores(unittest.TestCase):
    """The workload has a score of its own, the init keeps what it was given."""

    def check(self, option, own, expected):
        """Starts with score `own`, expects `expected` on the workload."""
        with started("--workload-score", option, *WAITING, preexec_fn=own_score(own)) as init:
            workload = int(init.stdout.readline())
            self.assertEqual(score_of(workload), expected)
            self.assertEqual(score_of(init.pid), own)

    def test_absolute(self):
        self.check("500", 120, 500)

    def test_relative(self):
        self.check("+300", 120, 420)

    def test_relative_ends_at_1000(self):
        self.check("+950", 120, 1000)

    def test_none(self):
        with started(*WAITING, preexec_fn=own_score(120)) as init:
            self.assertEqual(score_of(int(init.stdout.readline())), 120)

    def test_failure_is_said_and_does_not_stop_the_start(self):
        result = run("--workload-score=-1000", "cat", "/proc/self/oom_score_adj",
                     preexec_fn=own_and_no_lowering)
        self.assertEqual((result.returncode, result.stdout), (0, "300\n"))
        self.assertIn("oom_score_adj -1000 of the workload is not set: Permission denied",
                      result.stderr)


class OpenFiles(unittest.TestCase):
    """The workload gets what the runtime left open; the init keeps 0 to 2."""

    def test_nothing_leaks_and_nothing_is_lost(self):
        show = python("import os; print(sorted(os.listdir('/proc/self/fd')))")
        extra = os.open("/dev/null", os.O_RDONLY)
        try:
            bare = run(program=show, pass_fds=[extra]).stdout
            self.assertIn(f"'{extra}'", bare)
            self.assertEqual(run(*show, pass_fds=[extra]).stdout, bare)
            with started(*WAITING, pass_fds=[extra]) as init:
                init.stdout.readline()
                wait_for("only 0 to 2 are left",
                         lambda: sorted(os.listdir(f"/proc/{init.pid}/fd")) == ["0", "1", "2"])
        finally:
            os.close(extra)

    def test_working_directory_is_the_workloads_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run("pwd", cwd=folder).stdout, folder + "\n")
            with started(*WAITING, cwd=folder) as init:
                init.stdout.readline()
                wait_for("init is at /", lambda: os.readlink(f"/proc/{init.pid}/cwd") == "/")


class Sealed(unittest.TestCase):
    """The init runs from a copy of itself that nobody can write."""

    def assert_sealed(self, pid):
        """Checks what runs and returns it open."""
        self.assertTrue(os.readlink(f"/proc/{pid}/exe").startswith("/memfd:oomguard-init"))
        exe = os.open(f"/proc/{pid}/exe", os.O_RDONLY)
        self.assertEqual(fcntl.fcntl(exe, F_GET_SEALS) & ALL_SEALS, ALL_SEALS)
        return exe

    def test_copy_cannot_be_written_even_when_it_no_longer_runs(self):
        with started(*WAITING) as init:
            init.stdout.readline()
            exe = self.assert_sealed(init.pid)
            self.assertEqual(proc_text(init.pid, "comm"), "oomguard-init\n")
        self.addCleanup(os.close, exe)
        writer = os.open(f"/proc/self/fd/{exe}", os.O_RDWR)
        self.addCleanup(os.close, writer)
        for change in (lambda: os.pwrite(writer, b"x", 0), lambda: os.ftruncate(writer, 0),
                       lambda: os.pwrite(writer, b"x", os.fstat(writer).st_size)):
            with self.assertRaises(OSError) as caught:
                change()
            self.assertEqual(caught.exception.errno, errno.EPERM)

    def test_a_name_like_a_copys_is_not_believed(self):
        exe = os.open(INIT, os.O_RDONLY)
        self.addCleanup(os.close, exe)
        show = python("import os; print(sorted(os.listdir('/proc/self/fd')))")
        bare = run(program=show, pass_fds=[exe]).stdout
        result = subprocess.run([INIT, *show], executable=f"/dev/fd/{exe}", pass_fds=[exe],
                                capture_output=True, text=True, check=False)
        self.assertIn("not from a sealed copy: looking at the copy", result.stderr)
        self.assertEqual(result.stdout, bare)

    def test_goes_on_when_there_can_be_no_copy(self):
        def prepare():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        result = run("sh", "-c", "grep ^SigIgn /proc/self/status; exit 6", preexec_fn=prepare)
        bare = run(program=["grep", "^SigIgn", "/proc/self/status"]).stdout
        self.assertEqual((result.returncode, result.stdout), (6, bare))
        self.assertIn("runs from its own file, not from a sealed copy: copying itself: File too "
                      "large", result.stderr)

    @unittest.skipUnless(MAY_MOUNT, "needs root for a mount namespace")
    def test_without_proc(self):
        # An image can hold files of these names; they are not the kernel's.
        decoys = ("mount -t tmpfs none /proc && mkdir /proc/self && cp /bin/true /proc/self/exe "
                  '&& : >/proc/self/oom_score_adj && exec "$@"')
        hide = ["unshare", "--mount", "sh", "-c", decoys, "sh"]
        shell = ["sh", "-c", "echo ready; read line; exit 8"]
        with started("--workload-score", "900", *shell, program=[*hide, INIT],
                     stderr=subprocess.PIPE) as init:
            self.assertEqual(init.stdout.readline(), "ready\n")
            os.close(self.assert_sealed(init.pid))
            wait_for("only 0 to 2 are left",
                     lambda: sorted(os.listdir(f"/proc/{init.pid}/fd")) == ["0", "1", "2"])
            init.stdin.close()
            self.assertEqual(init.wait(20), 8)
            self.assertIn("oom_score_adj 900 of the workload is not set", init.stderr.read())
            init.stderr.close()


class OtherInits(unittest.TestCase):
    """Another init is executed in place of this one."""

    def test_another_init_takes_the_place(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("systemd", "init", "tini", "catatonit", "docker-init", "dumb-init"):
                path = pathlib.Path(folder) / name
                path.write_text("#!/bin/sh\necho $$; cat /proc/self/oom_score_adj; read line\n",
                                encoding="utf-8")
                path.chmod(0o755)
                with started("--workload-score", "600", "--", str(path), stderr=subprocess.PIPE,
                             preexec_fn=own_score(50)) as process:
                    self.assertEqual(process.stdout.readline(), f"{process.pid}\n", name)
                    self.assertEqual(process.stdout.readline(), "50\n", name)
                    process.stdin.close()
                    self.assertIn("is an init itself", process.stderr.read())
                    process.stderr.close()

    def test_a_name_that_only_looks_alike(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "tinify"
            path.write_text("#!/bin/sh\necho $$; read line\n", encoding="utf-8")
            path.chmod(0o755)
            with started(str(path)) as process:
                self.assertNotEqual(process.stdout.readline(), f"{process.pid}\n")


class Rest(unittest.TestCase):
    """Nothing wakes the init but a signal."""

    def test_sleeps_without_a_timeout(self):
        with started(*WAITING) as init:
            init.stdout.readline()
            call = wait_for("init sleeps", lambda: self.sleeping_in(init.pid))
            # rt_sigtimedwait(set, info, timeout, size)
            self.assertEqual(call[3], "0x0")

    @staticmethod
    def sleeping_in(pid):
        """The system call with its arguments, when the init waits for signals."""
        call = proc_text(pid, "syscall").split()
        number = {"x86_64": "128", "aarch64": "137"}[os.uname().machine]
        return call if call and call[0] == number else None


@unittest.skipUnless(MAY_MOUNT, "needs root for a pid namespace")
class FirstProcess(unittest.TestCase):
    """As PID 1 of a pid namespace."""

    NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", INIT]

    def test_status(self):
        self.assertEqual(run("sh", "-c", "exit 42", program=self.NAMESPACE).returncode, 42)
        self.assertEqual(run("sh", "-c", "kill -KILL $$", program=self.NAMESPACE).returncode, 137)
        self.assertEqual(run("no-such-program", program=self.NAMESPACE).returncode, 127)

    def test_is_pid_1_and_sealed(self):
        result = run("--workload-score", "700", "sh", "-c",
                     "echo $PPID; readlink /proc/1/exe; cat /proc/1/oom_score_adj "
                     "/proc/$$/oom_score_adj; (echo x >/proc/1/exe) 2>/dev/null || echo refused",
                     program=self.NAMESPACE, preexec_fn=own_score(60))
        self.assertEqual(result.stdout.splitlines(),
                         ["1", "/memfd:oomguard-init (deleted)", "60", "700", "refused"])

    def test_signals_reach_the_workload_through_pid_1(self):
        with started("sh", "-c", "trap 'exit 33' TERM; echo ready; while :; do read x; done",
                     program=self.NAMESPACE) as unshare:
            self.assertEqual(unshare.stdout.readline(), "ready\n")
            [init] = children(unshare.pid)
            self.assertEqual(status_field(proc_text(init, "status"), "Name"), "oomguard-init")
            os.kill(init, signal.SIGTERM)
            self.assertEqual(unshare.wait(20), 33)

    def test_orphans_are_reaped(self):
        with started(*python(ORPHANING), "20", program=self.NAMESPACE) as unshare:
            while unshare.stdout.readline() != "ready\n":
                pass
            [init] = children(unshare.pid)
            self.assertEqual(len(children(init)), 21)
            unshare.stdin.write("go\n")
            unshare.stdin.flush()
            wait_for("no orphan is left", lambda: len(children(init)) == 1)


if __name__ == "__main__":
    main()
