# SPDX-License-Identifier: Apache-2.0
"""Commands of the engines, run to their end."""

import pathlib
import subprocess

from .errors import Failure, Skip

# Only Debian's own programs, whatever else the machine has.
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Programs:
    """Where the engines' programs are: on this machine, or in the tree of another Debian."""

    def __init__(self, tree=None):
        self.tree = tree
        self.enter = ["chroot", str(tree)] if tree else []

    def find(self, name):
        """Its path, as it is called in the tree."""
        for directory in PATH.split(":"):
            if pathlib.Path(f"{self.tree or ''}{directory}/{name}").is_file():
                return f"{directory}/{name}"
        raise Skip(f"{name} is not installed")

    def argv(self, name, *words):
        return [*self.enter, self.find(name), *map(str, words)]


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
