# SPDX-License-Identifier: Apache-2.0
"""Plain tables: what was measured, against what, and what was to be reached."""

import os
import subprocess


def heading(measure, host):
    runtime = subprocess.run([host.runc, "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.splitlines()[0]
    return (f"\n{measure}: Linux {os.uname().release}, {os.cpu_count()} processors, {runtime}, "
            f"cgroup v{host.cgroup_version}")


def verdict(value, target):
    return "reached" if value <= target else "missed"


def table(columns, rows):
    """Columns of text; all but the first are set to the right."""
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    text = []
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
        text.append("  ".join(cells).rstrip())
    text.insert(1, "-" * max(len(line) for line in text))
    return "\n".join(text)
