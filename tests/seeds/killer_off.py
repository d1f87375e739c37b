# SPDX-License-Identifier: Apache-2.0
"""Failure 2: the OOM killer is switched off, and who asks for memory at the limit sleeps for ever.
"""

import os
import signal
import time

from harness import cgroups, policy, processes, scenario
from harness.bundle import MIB
from harness.facts import check_answers

SLEEP = "mem_cgroup_oom_synchronize"
THREADS = "init 0 await /box/go ignore threads /box/beat"
GO = "init 0 await /box/go exec /bin/go-sample /box/beat"


def sleepers(c):
    return [thread for pid in c.pids() for thread in processes.asleep_in(pid, SLEEP)]


def begin(c):
    c.start()
    c.wait_line("awaiting")


def stands_still(t, c, cgroup):
    """Neither time nor SIGTERM gets it out of there."""
    c.go()
    c.wait("a thread sleeps for memory", lambda: sleepers(c))
    worker = max(c.pids())
    os.kill(worker, signal.SIGTERM)
    t.stays("it sleeps on", lambda: sleepers(c), 3)
    t.equal("under_oom", cgroups.oom_control(cgroup, "under_oom"), 1)
    t.true("the worker is still there", worker in c.pids())
    t.true("the runtime says that it runs", c.running())
    t.note(f"{len(sleepers(c))} threads in {SLEEP} for 3 s, SIGTERM or not")


def freed(t, c, at_once=False):
    """By the first rung: the kernel kills one, and the rest goes on."""
    incident = c.wait_incident(result="freed")[0]
    t.equal("stall", incident["stall"], "oom-killer-off")
    t.equal("rungs", [(rung["rung"], rung["helped"]) for rung in incident["rungs"]],
            [("enable-oom-killer", True)])
    # At once may be before the first of them sleeps; others are on their way, through reclaim.
    if not at_once:
        t.true("the sleepers are on record",
               SLEEP in {task["wchan"] for task in incident["sleepers"]})
    c.wait_line("child 0 killed by 9")
    t.true("init still runs", c.running())
    c.wait("nobody sleeps any more", lambda: not sleepers(c))
    check_answers(t, c, incident, verdicts=["oom-killer-off"], whose="own",
                  done="the container was freed and runs on: enable-oom-killer helped",
                  change="Remove disableOOMKiller")
    t.note(f"freed by enable-oom-killer in {incident['rungs'][0]['tookUs'] / 1000:.1f} ms")


@scenario("seed2-killer-off-control", needs=("v1",), runtimes=("runc",))
def killer_off_control(t):
    """disableOOMKiller: the container stands still, and nothing tells of it."""
    c = t.bare(THREADS, disable_oom_killer=True)
    begin(c)
    stands_still(t, c, c.cgroup)


@scenario("seed2-killer-off-cure", needs=("v1",))
def killer_off_cure(t):
    """Even where the policy leaves the killer off, the stall is seen and ended."""
    c = t.container(THREADS, policy(settings={"oomKiller": "leave"}), disable_oom_killer=True)
    begin(c)
    t.equal("the killer is off", cgroups.oom_control(c.cgroup, "oom_kill_disable"), 1)
    c.go()
    freed(t, c)


@scenario("seed2-switched-off-later", needs=("v1",), runtimes=("runc",))
def switched_off_later(t):
    """Somebody writes 1 while it runs."""
    c = t.container(THREADS, policy(settings={"oomKiller": "on", "keep": False}))
    begin(c)
    cgroups.switch_oom_killer_off(c.cgroup)
    c.go()
    freed(t, c, at_once=True)


@scenario("seed2-go-control", needs=("v1",), runtimes=("runc",), full=True)
def go_control(t):
    """A Go program stops with all of its goroutines at its next garbage collection."""
    c = t.bare(GO, disable_oom_killer=True)
    begin(c)
    c.go()
    c.wait("a thread sleeps for memory", lambda: sleepers(c))
    beat = c.box / "beat"
    t.wait("the heartbeat stops", lambda: time.time() - beat.stat().st_mtime > 1)
    last = beat.stat().st_size
    t.stays("it never comes back", lambda: beat.stat().st_size == last, 5)
    t.true("the runtime says that it runs", c.running())


@scenario("seed2-go-cure", needs=("v1",), runtimes=("runc",), full=True)
def go_cure(t):
    """The same is seen and ended."""
    c = t.container(GO, policy(settings={"oomKiller": "leave"}), disable_oom_killer=True)
    begin(c)
    c.go()
    freed(t, c)


def under_a_pod(t, make):
    """A container below a cgroup whose limit is the smaller one and whose killer is off."""
    pod = f"{cgroups.TOP}/{t.name('pod')}"
    cgroups.make(pod)
    cgroups.set_limit(pod, 32 * MIB)
    cgroups.switch_oom_killer_off(pod)
    c = make(cgroup=f"{pod}/container", limit=256 * MIB)
    # Registered first, run last: the container has to be out of it by then.
    t.on_end(lambda: (c.delete(), cgroups.kill_and_remove(pod)))
    begin(c)
    # v1 hands the switch down when a cgroup is made; the container's own killer is on.
    (cgroups.memory_dir(c.cgroup) / "memory.oom_control").write_text("0")
    return c, pod


@scenario("seed2-ancestor-control", needs=("v1",), runtimes=("runc",))
def ancestor_control(t):
    """The killer of the pod above is off: ours being on helps nobody."""
    c, pod = under_a_pod(t, lambda **where: t.bare(THREADS, **where))
    stands_still(t, c, pod)


@scenario("seed2-ancestor-cure", needs=("v1",), runtimes=("runc",))
def ancestor_cure(t):
    """The ladder goes on to kill; the pod is never written."""
    document = policy(profile={"onStall": {"ladder": ["enable-oom-killer", "kill"]}})
    c, pod = under_a_pod(t, lambda **where: t.container(THREADS, document, **where))
    c.go()
    incident = c.wait_incident(result="killed")[0]
    t.equal("stall", incident["stall"], "ancestor")
    t.equal("rungs", [(rung["rung"], rung["helped"]) for rung in incident["rungs"]],
            [("kill", True)])
    c.wait_stopped()
    t.equal("the pod's killer", cgroups.oom_control(pod, "oom_kill_disable"), 1)
    t.equal("the pod is free", cgroups.oom_control(pod, "under_oom"), 0)
    t.equal("the pod's limit", cgroups.limit(pod), 32 * MIB)
    report = check_answers(t, c, incident, verdicts=["ancestor-limit", "oom-killer-off"],
                           whose="ancestor", done="the container was killed: kill helped",
                           change="Raise the limit of the pod")
    t.equal("whose limit", report["answers"]["limit"]["cgroup"], pod)
