# SPDX-License-Identifier: Apache-2.0
"""Measures one of the numbers to reach and prints it as a table.

Run by `meson test --benchmark`. A number that is missed is printed as missed and is no failure;
exit 1 is a measurement that could not be finished, 77 a machine on which it cannot be done.
"""

import argparse
import os
import pathlib
import shutil
import signal
import sys

import hang
import hooks
import idle
import latency
import release
import storm
import wrapper
from host import Host, MeasureError, NotHereError
from table import heading

# With how many pairs: what runc takes varies by a third from one run to the next.
MEASURES = {"hooks": (hooks.measure, 200), "idle": (idle.measure, None),
            "latency": (latency.measure, 40), "hang": (hang.measure, 40),
            "storm": (storm.measure, 3), "wrapper": (wrapper.measure, 60)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("--source", required=True, type=pathlib.Path, help="top of the source tree")
    parser.add_argument("--build", required=True, type=pathlib.Path, help="where to build")
    parser.add_argument("--programs", required=True, nargs=3, type=pathlib.Path,
                        metavar=("NOTHING", "BARE", "WORKLOAD"))
    parser.add_argument("--pairs", type=int, help="how often to measure")
    return parser.parse_args()


def why_not_here():
    if os.geteuid() != 0:
        return "it needs root"
    for program in ("runc", "busybox", "meson"):
        if not shutil.which(program):
            return f"it needs {program}"
    return None


def main():
    args = arguments()
    # So that what was made is removed when we are told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    reason = why_not_here()
    if reason:
        print(f"{args.measure} cannot be measured here: {reason}")
        return 77
    try:
        programs = release.build(args.source, args.build, args.programs)
        with Host(programs) as host:
            measure, pairs = MEASURES[args.measure]
            rows = measure(host, args.pairs or pairs)
            print(heading(args.measure, host))
            print(rows)
    except NotHereError as error:
        print(f"{args.measure} cannot be measured here: {error}")
        return 77
    except MeasureError as error:
        print(f"{args.measure} could not be measured: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
