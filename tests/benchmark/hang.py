# SPDX-License-Identifier: Apache-2.0
"""From a hang by oom_kill_disable to the first task that is freed, against a bare program.

Somebody switches the OOM killer off in a container that runs, then a child of it leaks and sleeps
in the kernel. The clock starts when the kernel's OOM notification wakes the watcher and stops when
the watcher's write wakes the child.
"""

import contextlib
import subprocess
from statistics import median

from host import MeasureError, NotHereError, place, processes_below, wait_exit, wait_until
from table import table, verdict
from tracing import Tracing

TARGET = 1.2
SECONDS = 20
GO = "/go"
WORKLOAD = ["/bin/workload", "init", "0", "await", GO, "leak"]
# With `keep` the switch would be put back at once, and nothing would hang.
POLICY = {
    "version": 1,
    "profiles": {"default": {
        "onOom": {"process": "report"},
        "settings": {"oomKiller": "on", "keep": False},
        "evidence": {"budget": "0s"},
    }},
}


@contextlib.contextmanager
def _bare_watcher(host, bundle, _init):
    argv = [host.programs.bare, "hang", host.memcg_of(bundle)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as bare:
        try:
            if bare.stdout.readline() != "armed\n":
                raise MeasureError("the bare program could not be armed")
            yield bare.pid
        finally:
            bare.kill()


@contextlib.contextmanager
def _shim(host, _bundle, init):
    yield host.settled_shim_of(init)


def _one(host, tracing, hooks, watcher):
    """One container, one hang."""
    go = host.scratch / "rootfs" / GO.lstrip("/")
    bundle = host.bundle(WORKLOAD, hooks)
    init = host.start(bundle)
    try:
        # The init, and the child that is going to leak.
        wait_until(lambda: len(processes_below(init)) == 2, SECONDS, "the start of the child")
        child = processes_below(init)[1]
        (host.memcg_of(bundle) / "memory.oom_control").write_text("1")
        with watcher(host, bundle, init) as pid:
            place([init, child], pid)
            tracing.start_hang(pid, child)
            go.touch()
            # Once freed it is what the kernel kills.
            wait_exit(child, SECONDS)
            return tracing.stop_hang(pid, child)
    finally:
        go.unlink(missing_ok=True)
        host.delete(bundle.name)


def measure(host, pairs):
    if host.cgroup_version != 1:
        raise NotHereError("cgroup v2 has no switch for the OOM killer")
    kinds = {"oomguard": (host.our_hooks(POLICY), _shim), "bare": (None, _bare_watcher)}
    samples = {name: [] for name in kinds}
    with Tracing(host.scratch) as tracing:
        for number in range(-1, pairs):  # the first warms the caches
            for name in ("oomguard", "bare") if number % 2 else ("bare", "oomguard"):
                took = _one(host, tracing, *kinds[name])
                if number >= 0:
                    samples[name].append(took)
    ours, bare = median(samples["oomguard"]), median(samples["bare"])
    return table(("number (median)", "oomguard", "bare", "ratio", "target", "pairs", ""),
                 [("hang to the first freed task", f"{ours:.0f} us", f"{bare:.0f} us",
                   f"{ours / bare:.2f}", f"<= {TARGET:.1f}", str(pairs),
                   verdict(ours / bare, TARGET))])
