# SPDX-License-Identifier: Apache-2.0
"""What it costs to create a container by oomguard-runc, against runc alone.

Both create the same container: runc alone gets the config.json that the wrapper has made of it
before, with our hooks in it. What the wrapper adds is then set against a `create` with hooks that
do nothing, too, which is the stricter number. Deleting is not measured.
"""

import pathlib
import shutil
import tempfile
from statistics import median

from table import table, verdict

TARGET = 1.05


class _Place:
    """A bundle on one file system: as `runc spec` has it, as edited, and with other hooks."""

    def __init__(self, host, directory):
        self.host = host
        self.bundle = directory / "bundle"
        plain = host.bundle(["/bin/true"], None)
        shutil.copytree(plain, self.bundle)
        self.config = self.bundle / "config.json"
        self.plain = self.config.read_bytes()
        self.wrapper = [host.programs.wrapper, "--oomguard-policy", host.policy_file({"version": 1}),
                        "--oomguard-root", host.state]
        self.create(self.wrapper, self.plain)
        self.edited = self.config.read_bytes()
        nothing = host.bundle(["/bin/true"], host.nothing_hooks())
        self.nothing = (nothing / "config.json").read_bytes()

    def create(self, front, config):
        """Nanoseconds that `create` took."""
        # In place: the file is not made anew, and what is on the disk already costs nothing.
        self.config.write_bytes(config)
        return self.host.timed_create(front, self.bundle)

    def samples(self, pairs):
        runc = [self.host.runc]
        ways = [(self.wrapper, self.plain), (runc, self.edited), (runc, self.nothing)]
        samples = []
        for number in range(-2, pairs):  # the first two warm the caches
            order = [(number + i) % 3 for i in range(3)]
            took = {way: self.create(*ways[way]) for way in order}
            if number >= 0:
                samples.append((took[0], took[1], took[2]))
        return samples


def _rows(name, samples):
    ours, alone, nothing = (median(column) / 1e6 for column in zip(*samples))
    ratio = median(a / b for a, b, _ in samples)
    added = median(a - b for a, b, _ in samples) / 1e6
    strict = (nothing + added) / nothing
    return [(f"create, {name}", f"{ours:.1f} ms", f"{alone:.1f} ms", f"{ratio:.3f}",
             f"<= {TARGET:.2f}", str(len(samples)), verdict(ratio, TARGET)),
            (f"what it adds, {name}", f"{added:.2f} ms", f"{nothing:.1f} ms", f"{strict:.3f}",
             f"<= {TARGET:.2f}", str(len(samples)), verdict(strict, TARGET))]


def measure(host, pairs):
    rows = []
    with tempfile.TemporaryDirectory(prefix="oomguard-", dir=host.programs.build) as disk:
        for name, directory in (("tmpfs", host.scratch), ("disk", pathlib.Path(disk))):
            rows += _rows(name, _Place(host, directory).samples(pairs))
    return table(("number", "oomguard", "runc alone", "ratio", "target", "pairs", ""), rows)
