# SPDX-License-Identifier: Apache-2.0
"""Runs `oomguard explain --json` over the collected kernel logs and compares every field with what
a careful reader gets out of them: tests/logs/README.md.

Called as check_explain.py OOMGUARD [--logs DIR].
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

# What only a person can tell: where the log was found, and remarks.
NOT_COMPARED = {"source", "prefix_style", "notes"}

# Expectations that the log itself contradicts: (log, incident, field): reason.
KNOWN_DIFFERENCES = {}


def _explain(program, log):
    done = subprocess.run([program, "explain", "--json", log], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"{log}: exit {done.returncode}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _kernel(expected, found):
    """A kernel that a page told and no line of the log does is not to be found."""
    known = {incident["kernel"] for incident in found} - {None}
    wanted = {expected["kernel"]} if expected["kernel_in_log"] else set()
    return None if known == wanted else f"kernel: {known}, not {wanted}"


def _constraint(name, number, expected, found):
    """A strict reader may leave open what only the call trace or what is printed tells."""
    if expected["constraint_basis"] in ("trace", "inferred") and found["constraint"] == "unknown":
        return []
    return [f"{name} [{number}] {key}: {found[key]!r}, not {expected[key]!r}"
            for key in ("constraint", "constraint_basis") if found[key] != expected[key]]


def _compare(name, expected, found):
    problems = []
    wanted = expected["incidents"]
    if len(found) != len(wanted):
        return [f"{name}: {len(found)} incidents, not {len(wanted)}"]
    kernel = _kernel(expected, found)
    if kernel:
        problems.append(f"{name} {kernel}")
    for number, (want, have) in enumerate(zip(wanted, found)):
        problems += _constraint(name, number, want, have)
        for key in want.keys() - NOT_COMPARED - {"constraint", "constraint_basis"}:
            if (name, number, key) in KNOWN_DIFFERENCES:
                if have.get(key) == want[key]:
                    problems.append(f"{name} [{number}] {key}: no longer a known difference")
            elif key not in have or have[key] != want[key]:
                problems.append(f"{name} [{number}] {key}: {have.get(key)!r}, not {want[key]!r}")
    return problems


def _encodings(program, log):
    """UTF-16, as PowerShell saves what a program printed, reads like the log itself; what is
    compressed is refused with a word on what to do."""
    problems = []
    wanted = [{**incident, "source": None} for incident in _explain(program, str(log))]
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "copy"
        for encoding in "utf-16-le", "utf-16-be":
            copy.write_bytes(("\ufeff" + log.read_text()).encode(encoding))
            found = [{**incident, "source": None} for incident in _explain(program, str(copy))]
            if not wanted or found != wanted:
                problems.append(f"{log.stem} in {encoding}: reads otherwise")
        copy.write_bytes(gzip.compress(log.read_bytes()))
        done = subprocess.run([program, "explain", str(copy)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 1 or "is compressed" not in done.stderr:
            problems.append(f"{log.stem} compressed: exit {done.returncode}: {done.stderr}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--logs", type=pathlib.Path,
                        default=pathlib.Path(__file__).parent.parent / "logs")
    arguments = parser.parse_args()
    logs = sorted(arguments.logs.glob("*.log"))
    problems = [] if logs else ["no logs found"]
    for log in logs:
        expected = json.loads(log.with_suffix(".expected.json").read_text())
        problems += _compare(log.stem, expected, _explain(arguments.program, str(log)))
    problems += _encodings(arguments.program, logs[-1]) if logs else []
    print("\n".join(problems) or f"{len(logs)} logs, all fields right")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
