# SPDX-License-Identifier: Apache-2.0
"""What a shim costs while nothing happens: memory, and how often it is woken."""

import pathlib
import re
import time
from statistics import median

from host import MeasureError, processes_below
from table import table, verdict

SHIMS = 50
SECONDS = 10
PRIVATE_DIRTY = {"shim": 110, "shim and helper": 170}
PSS = 150


def _policy(host):
    return {"version": 1, "runtimes": [host.runc],
            "profiles": {"default": {"onOom": {"process": "restart"}}}}


def _memory(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+) kB$", text, re.M)}


def _switches(pids):
    total = 0
    for pid in pids:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", text)))
    return total


def _settle(pids):
    """They still write down that they are armed when the hook has already returned, and look once
    more a second later."""
    for _ in range(10):
        before = _switches(pids)
        time.sleep(1.5)
        if _switches(pids) == before:
            return
    raise MeasureError("the shims do not come to rest")


def _measure_one_kind(host, kind, policy):
    bundles = [host.bundle(["/bin/workload", "sleep"], host.our_hooks(policy))
               for _ in range(SHIMS)]
    inits = [host.start(bundle) for bundle in bundles]
    families = [processes_below(host.shim_of(init)) for init in inits]
    if {len(family) for family in families} != {2 if policy else 1}:
        raise MeasureError("the shims have other processes than they should have")
    pids = [pid for family in families for pid in family]
    _settle(pids)
    before = _switches(pids)
    time.sleep(SECONDS)
    switches = _switches(pids) - before
    memory = [[_memory(pid) for pid in family] for family in families]
    for bundle in bundles:
        host.delete(bundle.name)
    dirty = median(sum(one["Private_Dirty"] for one in family) for family in memory)
    pss = median(sum(one["Pss"] for one in family) for family in memory)
    limit = PRIVATE_DIRTY[kind]
    return [
        (f"{kind}: Private_Dirty", f"{dirty:.0f} KiB", f"<= {limit} KiB", str(SHIMS),
         verdict(dirty, limit)),
        (f"{kind}: PSS", f"{pss:.0f} KiB", "" if policy else f"<= {PSS} KiB", str(SHIMS),
         "" if policy else verdict(pss, PSS)),
        (f"{kind}: context switches in {SECONDS} s, all together", str(switches), "0", str(SHIMS),
         verdict(switches, 0)),
    ]


def measure(host, _pairs):
    rows = _measure_one_kind(host, "shim", None)
    rows += _measure_one_kind(host, "shim and helper", _policy(host))
    return table(("number (median)", "oomguard", "target", "shims", ""), rows)
