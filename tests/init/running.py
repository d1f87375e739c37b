# SPDX-License-Identifier: Apache-2.0
"""Starts oomguard-init and looks at it from outside."""
import contextlib
import os
import re
import subprocess
import sys
import time
import unittest

INIT = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
DEADLINE = 20
IS_ROOT = os.geteuid() == 0


def run(*words, program=None, **options):
    """Runs the init with `words` to its end."""
    return subprocess.run([*(program or [INIT]), *words], capture_output=True, text=True,
                          timeout=DEADLINE, check=False, **options)


@contextlib.contextmanager
def started(*words, program=None, **options):
    """The init with a workload that talks through pipes; ended when the block is left."""
    process = subprocess.Popen([*(program or [INIT]), *words], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()


def python(source):
    """A workload in Python."""
    return [sys.executable, "-I", "-c", source]


def wait_for(what, condition):
    """Returns the first value of condition() that is true."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {DEADLINE} s in vain: {what}")


def proc_text(pid, name):
    """A file of /proc/PID; empty when the process is gone."""
    try:
        with open(f"/proc/{pid}/{name}", encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def status_field(text, name):
    """A field of a status file."""
    return re.search(rf"^{name}:\s*(\S+)", text, re.M).group(1)


def children(pid):
    """The pids of a process's children."""
    return [int(word) for word in proc_text(pid, f"task/{pid}/children").split()]


def score_of(pid):
    """A process's oom_score_adj."""
    return int(proc_text(pid, "oom_score_adj"))


def main():
    """Runs the tests of the program that was started."""
    unittest.main(argv=[sys.argv[0]], verbosity=2)
