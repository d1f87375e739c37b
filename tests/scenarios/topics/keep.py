# SPDX-License-Identifier: Apache-2.0
"""What was set stays set, nothing stays charged, and a useless restart is not tried."""

import subprocess
import time

from harness import cgroups, policy, scenario
from harness.bundle import MIB

BUDGET = {"max": 3, "within": "10m", "backoff": {"initial": "50ms", "factor": 2, "max": "1s"}}


def memory_file(c, name):
    return cgroups.memory_dir(c.cgroup) / name


def drifts(c, outcome):
    return [e for e in c.events("drift") if e["outcome"] == outcome]


def swap_file(c):
    return memory_file(c, "memory.memsw.limit_in_bytes" if cgroups.is_v1() else "memory.swap.max")


def in_cgroup(t, cgroup, *command):
    """Runs a program of the host in there, and waits for its end."""
    result = subprocess.run(["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"',
                             cgroups.memory_dir(cgroup) / "cgroup.procs", *command],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                            check=False)
    t.equal(f"{command[0]}: {result.stderr}", result.returncode, 0)


@scenario("oom-killer-stays-on", needs=("v1",))
def oom_killer_stays_on(t):
    """Somebody switches the OOM killer off while the container runs: it is on again at once."""
    c = t.container("init 0 await /box/go leak", policy({"process": "report"}))
    c.start()
    c.wait_phase("watching")
    control = memory_file(c, "memory.oom_control")
    control.write_text("1")
    event = c.wait_event("drift")[0]
    t.equal("old, new, outcome", (event["old"], event["new"], event["outcome"]),
            ("1", "0", "applied"))
    t.true("somebody else", "somebody else" in event["reason"])
    t.true("the OOM killer is on", "oom_kill_disable 0" in control.read_text())
    c.go()
    c.wait_incident(result="reported")


@scenario("oom-killer-fight", needs=("v1",))
def oom_killer_fight(t):
    """Who switches it off without end wins after five times, and that is said once."""
    c = t.container("init 0 sleep", policy())
    c.start()
    c.wait_phase("watching")
    control = memory_file(c, "memory.oom_control")
    for count in range(1, 6):
        control.write_text("1")
        c.wait(f"drift {count} is put back", lambda n=count: len(drifts(c, "applied")) == n)
    control.write_text("1")
    c.wait("it gives up", lambda: drifts(c, "refused"))
    control.write_text("0")
    control.write_text("1")
    t.equal("drifts", len(c.events("drift")), 6)


@scenario("update-is-respected")
def update_is_respected(t):
    """The runtime's own update of limit and swap stays; a change by hand does not."""
    c = t.container("init 0 sleep", policy(settings={"swap": "8MiB"}))
    c.start()
    c.wait_phase("watching")
    if not swap_file(c).exists():
        return
    result = c.runtime.call("update", "--memory", str(40 * MIB), "--memory-swap", str(44 * MIB),
                            c.id)
    t.equal(f"update: {result.stdout}", result.returncode, 0)
    updated = swap_file(c).read_text()
    event = c.wait("the update is told", lambda: drifts(c, "unchanged"))[0]
    t.equal("key", event["key"], "settings.swap")
    t.true("an update", "update" in event["reason"])
    t.equal("swap after the update", swap_file(c).read_text(), updated)
    # Two seconds, after which nothing is taken for a part of the update any more.
    over = time.monotonic() + 2.5
    c.wait("the update is over", lambda: time.monotonic() > over)
    # Upwards, which needs no new limit on v1.
    swap_file(c).write_text(str(60 * MIB))
    c.wait("it is put back", lambda: drifts(c, "applied"))
    t.equal("swap at the end", swap_file(c).read_text(), updated)


@scenario("nothing-stays-charged", needs=("v1", "host"))
def nothing_stays_charged(t):
    """Page cache of a container that ended is let go while its cgroup still stands."""
    c = t.container("init 0 sleep", policy())
    c.start()
    c.wait_phase("watching")
    in_cgroup(t, c.cgroup, "dd", "if=/dev/zero", f"of={c.box}/cache", "bs=1M", "count=16",
              "conv=fsync")
    t.true("it is charged", int(memory_file(c, "memory.usage_in_bytes").read_text()) > 16 * MIB)
    c.kill_init()
    event = c.wait_event("emptied")[0]
    t.true("so much", event["freedBytes"] > 12 * MIB)
    t.true("what is left", int(memory_file(c, "memory.usage_in_bytes").read_text()) < 4 * MIB)


@scenario("nothing-stays-charged-off", needs=("v1", "host"))
def nothing_stays_charged_off(t):
    """With emptyOnExit off the control: the cache stays."""
    c = t.container("init 0 sleep", policy(settings={"emptyOnExit": False}))
    c.start()
    c.wait_phase("watching")
    in_cgroup(t, c.cgroup, "dd", "if=/dev/zero", f"of={c.box}/cache", "bs=1M", "count=16",
              "conv=fsync")
    c.kill_init()
    c.wait("the shim is gone", lambda: not t.guard.shims())
    t.true("it is charged", int(memory_file(c, "memory.usage_in_bytes").read_text()) > 16 * MIB)


def tmpfs(t, name):
    """What lies in it stays charged to the cgroup whose process wrote it, whoever ends."""
    volume = t.dir / name
    volume.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", volume], check=True)
    t.on_end(subprocess.run, ["umount", volume])
    return volume


@scenario("useless-restart-tmpfs")
def useless_restart_tmpfs(t):
    """What filled the container lies in a tmpfs that outlives it: no restart, and it says why."""
    c = t.container("init 0 await /box/go leak", policy({"process": "restart"}, BUDGET))
    volume = tmpfs(t, "volume")
    c.start()
    c.wait_line("awaiting")
    in_cgroup(t, c.cgroup, "dd", "if=/dev/zero", f"of={volume}/data", "bs=1M", "count=44")
    c.go()
    incident = c.wait_incident(result="gave-up")[0]
    t.true(incident["reason"], "outlived it" in incident["reason"])
    t.true("told", "outlived it" in c.wait_event("gave-up")[0]["message"])
    t.equal("restarts", c.events("restarted"), [])
    c.wait_stopped()
    t.equal("starts", len(c.lines("init is up")), 1)


# crun needs so little that no limit lies between what it needs and what runs already.
@scenario("useless-restart-parent", runtimes=("runc",))
def useless_restart_parent(t):
    """The cgroup above is full without the container: no restart, and it says why."""
    pod = f"{cgroups.TOP}/{t.name('pod')}"
    cgroups.make(f"{pod}/other")
    t.on_end(cgroups.kill_and_remove, pod)
    cgroups.delegate(pod)
    # A neighbour's memory that no kill of the kernel's sets free.
    in_cgroup(t, f"{pod}/other", "dd", "if=/dev/zero", f"of={tmpfs(t, 'neighbour')}/data",
              "bs=1M", "count=64")
    cgroups.set_limit(pod, 80 * MIB)
    c = t.container("init 0 await /box/go leak",
                    policy({"ancestor": "restart", "process": "restart"}, BUDGET),
                    cgroup=f"{pod}/c")
    c.start()
    c.wait_line("awaiting")
    # Enough for what runs, and less than 2 MiB beside the neighbour.
    cgroups.set_limit(pod, 66 * MIB - 128 * 1024)
    c.go()
    incident = c.wait_incident(result="gave-up")[0]
    t.equal("slot", incident["slot"], "ancestor")
    t.true(incident["reason"], "level above" in incident["reason"])
    t.equal("restarts", c.events("restarted"), [])


@scenario("limit-by-hand", needs=("v1",), runtimes=("runc",))
def limit_by_hand(t):
    """A limit of ours and its swap, both changed by hand, come back in the order v1 asks for."""
    c = t.container("init 0 sleep",
                    policy(settings={"limit": {"default": "40MiB"}, "swap": "8MiB"}), limit=None)
    c.start()
    c.wait_phase("watching")
    limit = memory_file(c, "memory.limit_in_bytes")
    if not swap_file(c).exists():
        return
    # runc's own writing of its state must be over, or this looks like an update.
    over = time.monotonic() + 2.5
    c.wait("the start is over", lambda: time.monotonic() > over)
    for size, first, second in ((20 * MIB, limit, swap_file(c)), (90 * MIB, swap_file(c), limit)):
        before = len(drifts(c, "applied"))
        first.write_text(str(size))
        second.write_text(str(size))
        c.wait("both are put back", lambda n=before: len(drifts(c, "applied")) == n + 2)
        t.equal("limit", int(limit.read_text()), 40 * MIB)
        t.equal("swap", int(swap_file(c).read_text()), 48 * MIB)
