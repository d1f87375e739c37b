# SPDX-License-Identifier: Apache-2.0
"""What our hooks add to `runc run`, against hooks that do nothing."""

from statistics import median

from table import table, verdict

TARGET = 1.10


def measure(host, pairs):
    ours = host.bundle(["/bin/true"], host.our_hooks())
    nothing = host.bundle(["/bin/true"], host.nothing_hooks())
    samples = []
    for number in range(-2, pairs):  # the first two warm the caches
        order = (ours, nothing) if number % 2 else (nothing, ours)
        took = {bundle: host.timed_run(bundle) for bundle in order}
        if number >= 0:
            samples.append((took[ours], took[nothing]))
    ratio = median(a / b for a, b in samples)
    return table(("number", "oomguard", "nothing", "ratio", "target", "pairs", ""),
                 [("runc run with three hooks", f"{median(a for a, _ in samples) / 1e6:.1f} ms",
                   f"{median(b for _, b in samples) / 1e6:.1f} ms", f"{ratio:.3f}",
                   f"<= {TARGET:.2f}", str(len(samples)), verdict(ratio, TARGET))])
