# SPDX-License-Identifier: Apache-2.0
"""Commands of the engines, run to their end."""

import subprocess

from .errors import Failure

# Only Debian's own programs, whatever else the machine has.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def attempt(argv, limit_s=120, cwd=None):
    """The finished command, whatever its exit code."""
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit_s,
                          check=False, cwd=cwd)


def call(argv, limit_s=120, cwd=None):
    """Standard output of a command that must succeed."""
    result = attempt(argv, limit_s, cwd)
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, argv))[-160:]}: {result.stderr[-400:]}")
    return result.stdout.strip()
