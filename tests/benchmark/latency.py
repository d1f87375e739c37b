# SPDX-License-Identifier: Apache-2.0
"""From the kernel's OOM notification to SIGKILL for the container's init, against a bare program.

A child in the container leaks until the kernel kills it; the init lives. The clock starts when the
notification wakes the watcher and stops when the watcher's signal to the init is made. The
kernel's own work is in both times: it writes its report and kills between the two.
"""

import contextlib
import subprocess
import time
from statistics import median

from host import MeasureError, place, processes_below, wait_exit, wait_until
from table import table, verdict
from tracing import Tracing

TARGET = 1.5
TRIES = 3
SECONDS = 20
# The kernel writes ten reports in five seconds and then none, and writing one takes most of the
# time of a kill: each of ours is to be like the first one on a host at rest.
PAUSE = 0.5
GO = "/go"
WORKLOAD = ["/bin/workload", "init", "0", "await", GO, "leak"]
POLICY = {
    "version": 1,
    "profiles": {"default": {
        "onOom": dict.fromkeys(("init", "process", "group", "ancestor", "global", "unknown"),
                               "kill"),
        "evidence": {"budget": "0s"},
    }},
}


@contextlib.contextmanager
def _bare_watcher(host, bundle, init):
    argv = [host.programs.bare, str(host.cgroup_version), host.memcg_of(bundle), str(init)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as bare:
        if bare.stdout.readline() != "armed\n":
            raise MeasureError("the bare program could not be armed")
        yield bare.pid


@contextlib.contextmanager
def _shim(host, _bundle, init):
    yield host.settled_shim_of(init)


def _one(host, tracing, hooks, watcher):
    """One container, one OOM. None when the kernel took the init by itself."""
    time.sleep(PAUSE)
    go = host.scratch / "rootfs" / GO.lstrip("/")
    bundle = host.bundle(WORKLOAD, hooks)
    init = host.start(bundle)
    try:
        # The init, and the child that is going to leak.
        wait_until(lambda: len(processes_below(init)) == 2, SECONDS, "the start of the child")
        with watcher(host, bundle, init) as pid:
            container = processes_below(init)
            place(container, pid)
            tracing.start(pid, init)
            go.touch()
            wait_exit(init, SECONDS)
            return tracing.stop(container, pid)
    finally:
        go.unlink(missing_ok=True)
        host.delete(bundle.name)


def _sample(host, tracing, hooks, watcher):
    for _ in range(TRIES):
        took = _one(host, tracing, hooks, watcher)
        if took is not None:
            return took
    raise MeasureError("the kernel kills the container's init itself")


def measure(host, pairs):
    kinds = {"oomguard": (host.our_hooks(POLICY), _shim), "bare": (None, _bare_watcher)}
    samples = {name: [] for name in kinds}
    with Tracing(host.scratch) as tracing:
        for number in range(-1, pairs):  # the first warms the caches
            order = ("oomguard", "bare") if number % 2 else ("bare", "oomguard")
            for name in order:
                took = _sample(host, tracing, *kinds[name])
                if number >= 0:
                    samples[name].append(took)
    ours, bare = median(samples["oomguard"]), median(samples["bare"])
    return table(("number (median)", "oomguard", "bare", "ratio", "target", "pairs", ""),
                 [("OOM notification to the init's SIGKILL", f"{ours:.0f} us", f"{bare:.0f} us",
                   f"{ours / bare:.2f}", f"<= {TARGET:.1f}", str(pairs),
                   verdict(ours / bare, TARGET))])
