# SPDX-License-Identifier: Apache-2.0
"""Verdicts about what is not the container's own limit: swap, memory.high, the memory nodes, the
whole machine. Each is made for real, most in the virtual machine alone; beside it what looks alike.
"""

import pathlib
import subprocess

from harness import policy, scenario
from harness.bundle import MIB
from topics.verdicts import REPORT, first, judge

HUGE_PAGE = 2 * MIB
HUGE_PAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")
# Documentation/admin-guide/mm/multigen_lru.rst
LRU_GEN = pathlib.Path("/sys/kernel/mm/lru_gen")
# What the machine's own programs need beside the container that takes all the rest.
LEFT_FREE = 160 * MIB


def meminfo(key):
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    return 0


def without_swap(t):
    """Takes the machine's swap away until the scenario is over."""
    for line in pathlib.Path("/proc/swaps").read_text().splitlines()[1:]:
        device = line.split()[0]
        t.on_end(lambda device=device: subprocess.run(["swapon", device], check=True, timeout=60))
        subprocess.run(["swapoff", device], check=True, timeout=60)


def set_for_now(t, file, value):
    before = file.read_text()
    t.on_end(lambda: file.write_text(before))
    file.write_text(value)


def scarce_memory(t):
    """Little memory is left: the rest is set aside as huge pages, which nothing takes back."""
    without_swap(t)
    set_for_now(t, LRU_GEN / "enabled", "y")
    set_for_now(t, HUGE_PAGES, str((meminfo("MemFree") - LEFT_FREE) // HUGE_PAGE))


# Filling a machine, a memory node or its swap takes minutes where another machine is emulated beside
# it, and 6.12 may be busy with reclaim alone until its watchdog complains.
@scenario("verdict-host", needs=("vm", "v2"), runtimes=("runc",), full=True)
def host(t):
    """The machine itself is full; and a container at its own limit on a machine that nearly is."""
    scarce_memory(t)
    own = t.container("init 0 leak", policy(REPORT), name="own", score=1000)
    own.start()
    own.wait_line("child 0 killed by 9")
    incident, answers = first(t, own)
    t.true("the machine has next to nothing left", incident["host"]["memAvailable"] < 400 * MIB)
    judge(t, own, incident, has=("one-process-too-large",), lacks=("host-out-of-memory",))
    t.equal("whose limit", answers["limit"]["whose"], "own")
    greedy = t.container("init 0 await /box/go leak", policy(REPORT), name="greedy", score=1000,
                         limit=None)
    greedy.start()
    greedy.wait_line("awaiting")
    # Before it is all gone, the kernel would drop the programs' own pages and read them again for
    # minutes: with a least time that pages in use stay, it calls that out of memory at once.
    set_for_now(t, LRU_GEN / "min_ttl_ms", "1000")
    greedy.go()
    greedy.wait_line("child 0 killed by 9")
    incident, answers = first(t, greedy)
    t.equal("slot", incident["slot"], "global")
    judge(t, greedy, incident, has=("host-out-of-memory",),
          lacks=("memory-nodes-full", "ancestor-limit", "swap-full"))
    t.equal("whose limit", (answers["limit"]["whose"], answers["limit"]["bytes"]),
            ("host", incident["host"]["memTotal"]))


@scenario("verdict-nodes", needs=("vm", "v2"), runtimes=("runc",), full=True)
def nodes(t):
    """The one memory node of its cpuset is full, while the machine has room; and its own limit."""
    pinned = t.container("init 0 leak", policy(REPORT), name="pinned", score=1000, nodes="1",
                         limit=512 * MIB)
    pinned.start()
    pinned.wait_line("child 0 killed by 9")
    incident, answers = first(t, pinned)
    t.true("the machine has room", incident["host"]["memAvailable"] > 512 * MIB)
    judge(t, pinned, incident, has=("memory-nodes-full",),
          lacks=("host-out-of-memory", "ancestor-limit"))
    t.equal("whose limit", answers["limit"]["whose"], "nodes")
    small = t.container("init 0 leak", policy(REPORT), name="small", score=1000, nodes="1")
    small.start()
    small.wait_line("child 0 killed by 9")
    incident, answers = first(t, small)
    judge(t, small, incident, has=("one-process-too-large",), lacks=("memory-nodes-full",))
    t.equal("whose limit", answers["limit"]["whose"], "own")


@scenario("verdict-swap-full", needs=("swap",), runtimes=("runc",), full=True)
def swap_full(t):
    """Its share of swap is used up; and memory that cannot go to swap, with room there."""
    full = t.container("init 0 leak", policy(REPORT), name="full", swap=72 * MIB)
    full.start()
    full.wait_line("child 0 killed by 9")
    incident, _ = first(t, full)
    judge(t, full, incident, has=("swap-full",), lacks=("swap-without-limit", "thrashing"))
    room = t.container("init 0 pipes 500 -- pipes 500", policy(REPORT), name="room", swap=144 * MIB)
    room.start()
    # All are as small as each other but for what the kernel holds for them: any of them may die.
    incident, _ = first(t, room)
    judge(t, room, incident, has=("kernel-memory",), lacks=("swap-full", "thrashing"))


def pressed(t, args, name, ladder, high, **config):
    return t.container(args, policy(profile={"onStall": {
        "pressure": {"share": "20%", "for": "2s"}, "ladder": ladder}}), name=name,
        unified={"memory.high": str(high * MIB), **config.pop("unified", {})}, **config)


@scenario("verdict-high", needs=("v2",), runtimes=("runc",))
def high(t):
    """Held at memory.high, where no limit is and nothing is in swap; one death lets it get on."""
    c = pressed(t, "init 0 leak", "held", ["kill-largest", "kill"], 40, limit=None,
                unified={"memory.swap.max": "0"})
    c.start()
    incident = c.wait_incident(result="freed")[0]
    t.equal("stall", incident["stall"], "pressure")
    t.equal("rungs", [rung["rung"] for rung in incident["rungs"]], ["kill-largest"])
    t.true("init still runs", c.running())
    judge(t, c, incident, has=("throttled-by-high",),
          lacks=("thrashing", "limit-below-start", "swap-full", "swap-without-limit"))


@scenario("verdict-thrashing", needs=("v2", "swap"), runtimes=("runc",))
def thrashing(t):
    """At its limit, far below memory.high: its own pages go out and come back."""
    c = pressed(t, "init 0 churn 96", "churns", ["report"], 192, swap=256 * MIB)
    c.start()
    incident = c.wait_incident(result="stalled")[0]
    t.equal("stall", incident["stall"], "pressure")
    judge(t, c, incident, has=("thrashing",), lacks=("throttled-by-high", "swap-full"))
