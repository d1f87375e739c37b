# SPDX-License-Identifier: Apache-2.0
"""Many processes ask for memory at once."""

from harness import cgroups, policy, scenario
from harness.bundle import MIB


@scenario("storm", limit_s=120)
def storm(t):
    """300 processes: as many kills on record as the parent of the victims counted."""
    count = 300 if t.machine.kind == "host" else 120
    c = t.container(f"storm {count} 4", policy({"process": "report"}), limit=64 * MIB)
    c.start()
    words = c.wait("the storm is over", lambda: c.lines("storm over"), 90)[0].split()
    killed = int(words[3])
    t.true("processes were killed", killed > count // 3)
    t.equal("kernel's count", cgroups.oom_kills(c.cgroup), killed)
    c.wait("every kill is on record", lambda: sum(i["kills"] for i in c.incidents()) == killed)
    c.wait("every kill is in the status", lambda: c.status()["oomKills"] == killed)
    t.true("init still runs", c.running())
    t.equal("lost incidents", c.status()["lostIncidents"], 0)


@scenario("storm-kill", limit_s=120)
def storm_kill(t):
    """The action ends a storm, and the record's count is the kernel's."""
    c = t.container("await /box/go storm 300 4", policy({"process": "kill"}), limit=64 * MIB)
    c.start()
    c.wait_line("awaiting")
    c.go()
    c.wait_stopped()
    incident = c.wait_incident(result="killed")[0]
    t.true("kills are counted", incident["kills"] >= 1)
    t.equal("slot", incident["slot"], "process")
