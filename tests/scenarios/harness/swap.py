# SPDX-License-Identifier: Apache-2.0
"""Swap of the scenarios' own, on a machine that has none: a file, on only while it is needed."""

import os
import pathlib

from .command import call
from .errors import Failure

SIZE = 512 << 20


def is_there():
    return len(pathlib.Path("/proc/swaps").read_text().splitlines()) > 1


class SwapFile:
    def __init__(self, directory):
        self.file = directory / "swap"
        self.on = False

    def switch_on(self):
        # One that could not be switched off serves the next scenario as well.
        if self.on:
            return
        fd = os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, SIZE)
        finally:
            os.close(fd)
        call(["/sbin/mkswap", str(self.file)])
        call(["/sbin/swapon", str(self.file)])
        self.on = True

    def switch_off(self):
        """When its users are gone. Returns what went wrong."""
        try:
            if self.on:
                call(["/sbin/swapoff", str(self.file)])
                self.on = False
            self.file.unlink(missing_ok=True)
        except (Failure, OSError) as error:
            return [f"swap: {error}"]
        return []
