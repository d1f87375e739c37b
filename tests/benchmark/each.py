# SPDX-License-Identifier: Apache-2.0
"""Going through all processes of a container, against a bare loop over the same files: setting
their scores, reading the scene of an incident.

  each.py NAME PROGRAM

Run by `meson test --benchmark`. A number that is missed is printed as missed and is no failure;
exit 1 is a measurement that could not be finished, 77 a machine on which it cannot be done.
"""

import os
import subprocess
import sys
from statistics import median

from table import table, verdict

# Target, pairs, and what the row is called.
WORKS = {"rescore": (1.3, 40, "scores of"), "scene": (1.5, 8, "the whole record of")}
COUNTS = (1000, 10000)


def _measure(work, program, count):
    """The table's row, or None where so many processes cannot be had."""
    target, pairs, title = WORKS[work]
    done = subprocess.run([program, str(count), str(pairs)], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode == 77:
        return None
    done.check_returncode()
    samples = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    ours, bare = (median(column) for column in zip(*samples))
    ratio = median(a / b for a, b in samples)
    return (f"{title} {count} processes", f"{ours / 1000:.2f} ms", f"{bare / 1000:.2f} ms",
            f"{ratio:.2f}", f"<= {target:.1f}", str(pairs), verdict(ratio, target))


def main():
    work, program = sys.argv[1:]
    rows = [_measure(work, program, count) for count in COUNTS]
    missing = [count for count, row in zip(COUNTS, rows) if row is None]
    if missing:
        print(f"cannot be measured here: a cgroup with {' and '.join(map(str, missing))} processes")
    if len(missing) == len(COUNTS):
        return 77
    print(f"\n{work}: Linux {os.uname().release}, {os.cpu_count()} processors")
    print(table(("number (median)", "oomguard", "bare", "ratio", "target", "pairs", ""),
                [row for row in rows if row]))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        print(f"{sys.argv[1]} could not be measured: {error}", file=sys.stderr)
        sys.exit(1)
