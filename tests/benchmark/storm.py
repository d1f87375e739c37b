# SPDX-License-Identifier: Apache-2.0
"""What a shim costs in a storm of kills: its own processor time, over that of the whole host.

Many small processes ask for more than there is, beside a larger init and a larger system process,
and every one of them has its score set. Whatever else the host does counts as busy too, so it is
to be at rest.
"""

import os
import pathlib
import select
import time
from statistics import median

from host import MIB, MeasureError, processes_below, wait_until
from table import table, verdict

TARGET = 2.0
SECONDS = 120
# Processes, MiB each, limit in MiB; the first for which there is room.
STORMS = ((1280, 8, 8192), (320, 2, 512))
ROOM = 1.5
GO = "/go"
TICKS = os.sysconf("SC_CLK_TCK")
POLICY = {
    "version": 1,
    "profiles": {"default": {
        "onOom": {"process": "report"},
        "settings": {"oomScoreAdj": {"init": 0, "workload": 500,
                                     "rules": [{"name": "^sysd$", "value": 100}]}},
    }},
}


def _available_mib():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    raise MeasureError("the kernel does not tell how much memory is available")


def _shim_ms(pid):
    """User and system time."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


def _busy_ms():
    """All processors together: user, nice, system, irq, softirq."""
    fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
    return sum(int(fields[i]) for i in (1, 2, 3, 6, 7)) * 1000 / TICKS


def _scores(pids):
    return sorted(int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in pids)


def _read_until(pipe, word):
    """The line of the container's output in which the word is."""
    end = time.monotonic() + SECONDS
    text = ""
    while time.monotonic() < end:
        if select.select([pipe], [], [], 1)[0]:
            text += os.read(pipe, 4096).decode()
        for line in text.splitlines(keepends=True):
            if word in line and line.endswith("\n"):
                return line
    raise MeasureError(f"the container did not say \"{word}\" in {SECONDS} s")


def _one(host, hooks, count, mib, limit):
    """(shim's time, host's busy time, kills) of one storm."""
    go = host.scratch / "rootfs" / GO.lstrip("/")
    words = (f"hold {mib * 2} init 0 name sysd touch {mib * 3} -- "
             f"await {GO} storm {count} {mib}").split()
    bundle = host.bundle(["/bin/workload", *words], hooks, limit * MIB)
    read_end, write_end = os.pipe()
    try:
        with open(read_end, "rb", buffering=0) as output, open(write_end, "wb") as theirs:
            init = host.start(bundle, theirs)
            shim = host.shim_of(init)
            wait_until(lambda: _scores(processes_below(init)) == [0, 100, 500], SECONDS,
                       "setting the scores")
            before = _shim_ms(shim), _busy_ms()
            go.touch()
            line = _read_until(output.fileno(), "storm over")
            shim_ms, busy_ms = (b - a for a, b in zip(before, (_shim_ms(shim), _busy_ms())))
            return shim_ms, busy_ms, int(line.split()[3])
    finally:
        go.unlink(missing_ok=True)
        host.delete(bundle.name)


def measure(host, storms):
    room = _available_mib()
    count, mib, limit = next((one for one in STORMS if one[2] * ROOM <= room), STORMS[-1])
    hooks = host.our_hooks(POLICY)
    samples = [_one(host, hooks, count, mib, limit) for _ in range(storms)]
    if not all(kills for _, _, kills in samples):
        raise MeasureError("nothing was killed in a storm")
    shim, busy, kills = (median(column) for column in zip(*samples))
    share = median(100 * ours / all_of_it for ours, all_of_it, _ in samples)
    return table(("number (median)", "shim", "host", "share", "target", "kills", "storms", ""),
                 [(f"processor time, storm of {count} x {mib} MiB at {limit} MiB",
                   f"{shim:.0f} ms", f"{busy:.0f} ms", f"{share:.2f} %", f"<= {TARGET:.0f} %",
                   f"{kills:.0f}", str(storms), verdict(share, TARGET))])
