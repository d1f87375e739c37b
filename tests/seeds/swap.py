# SPDX-License-Identifier: Apache-2.0
"""Failure 7: swap without a limit. The container goes to swap instead of running out of memory."""

from harness import cgroups, policy, scenario
from harness.bundle import MIB
from harness.facts import check_answers

LIMIT = 48 * MIB
THRASH = {"pressure": {"share": "20%", "for": "2s"}, "ladder": ["kill-largest", "kill"]}


@scenario("seed7-swap-control", needs=("swap",), runtimes=("runc",))
def control(t):
    """Twice the limit, no OOM, and no word of it."""
    c = t.bare("init 0 leak 96", limit=LIMIT, swap=None)
    c.start()
    c.wait_line("leaked all")
    t.true("half of it is in swap", cgroups.swap_usage(c.cgroup) > LIMIT * 9 // 10)
    t.equal("kills", cgroups.oom_kills(c.cgroup), 0)
    t.note(f"{cgroups.swap_usage(c.cgroup) // MIB} MiB in swap at a limit of 48 MiB, no OOM")


@scenario("seed7-swap-cure", needs=("swap",), runtimes=("runc",))
def cure(t):
    """settings.swap 0: an OOM, seen and told."""
    c = t.container("init 0 leak 96", policy({"process": "report"}, settings={"swap": 0}),
                    limit=LIMIT, swap=None)
    c.start()
    c.wait_line("child 0 killed by 9")
    t.equal("slot", c.wait_incident(result="reported")[0]["slot"], "process")
    t.equal("in swap", cgroups.swap_usage(c.cgroup), 0)


@scenario("seed7-thrash-control", needs=("swap",), runtimes=("runc",))
def thrash_control(t):
    """It works on twice its limit: pages go out and come back, for ever."""
    c = t.bare("init 0 churn 96", limit=LIMIT, swap=None)
    c.start()
    c.wait_line("round")
    t.stays("no kill", lambda: cgroups.oom_kills(c.cgroup) == 0 and c.running(), 5)


@scenario("seed7-thrash-cure", needs=("swap",), runtimes=("runc",), limit_s=120)
def thrash_cure(t):
    """Where swap is left free, that nobody gets on is a stall, and the ladder ends it."""
    c = t.container("init 0 churn 96", policy(profile={"onStall": THRASH}), limit=LIMIT,
                    swap=None)
    c.start()
    incident = c.wait("the stall is ended", lambda: c.wait_incident(result="freed"), 60)[0]
    t.equal("stall", incident["stall"], "pressure")
    t.equal("rungs", [rung["rung"] for rung in incident["rungs"]], ["kill-largest"])
    check_answers(t, c, incident, verdicts=["swap-without-limit", "thrashing"],
                  done="kill-largest helped", change="Set a swap limit")
    c.wait_line("child 0 killed by 9")
    t.true("init still runs", c.running())
