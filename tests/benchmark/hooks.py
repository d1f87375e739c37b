# SPDX-License-Identifier: Apache-2.0
"""What our hooks add to `runc run`, against hooks that do nothing."""

import time
from statistics import median

from table import table, verdict

TARGET = 1.10
# Back to back, each run finds the kernel's cgroup locks as the last one left them, which makes
# runc itself three times as fast as it is on a host that starts a container now and then.
PAUSES = {"host at rest (0.1 s between)": 0.1, "back to back": 0.0}


def _samples(host, ours, nothing, pairs, pause):
    samples = []
    for number in range(-2, pairs):  # the first two warm the caches
        took = {}
        for bundle in (ours, nothing) if number % 2 else (nothing, ours):
            time.sleep(pause)
            took[bundle] = host.timed_run(bundle)
        if number >= 0:
            samples.append((took[ours], took[nothing]))
    return samples


def measure(host, pairs):
    ours = host.bundle(["/bin/true"], host.our_hooks())
    nothing = host.bundle(["/bin/true"], host.nothing_hooks())
    rows = []
    for name, pause in PAUSES.items():
        samples = _samples(host, ours, nothing, pairs, pause)
        ratio = median(a / b for a, b in samples)
        rows.append((f"runc run, {name}", f"{median(a for a, _ in samples) / 1e6:.1f} ms",
                     f"{median(b for _, b in samples) / 1e6:.1f} ms", f"{ratio:.3f}",
                     f"<= {TARGET:.2f}", str(len(samples)), verdict(ratio, TARGET)))
    return table(("number", "oomguard", "nothing", "ratio", "target", "pairs", ""), rows)
