# SPDX-License-Identifier: Apache-2.0
"""A child of the container's init is killed for lack of memory, and init lives on."""

from harness import cgroups, policy, scenario
from harness.bundle import MIB
from harness.facts import check_process_incident

FAST = {"max": 3, "within": "10m", "backoff": {"initial": "50ms", "factor": 1, "max": "50ms"}}


@scenario("child-report")
def child_report(t):
    """report leaves everything as it is, and writes down what happened."""
    c = t.container("init 0 leak", policy({"process": "report"}))
    c.start()
    pid = c.init_pid()
    c.wait_line("child 0 killed by 9")
    incident = c.wait_incident(result="reported")[0]
    check_process_incident(t, c, incident)
    t.equal("decision", incident["decision"], "report")
    t.true("init still runs", c.running() and c.init_pid() == pid)
    t.equal("signals sent by us", c.events("kill"), [])
    t.equal("phase", c.wait_phase("watching")["phase"], "watching")


@scenario("child-kill")
def child_kill(t):
    """kill takes the whole container down, and proves that nothing of it lives."""
    c = t.container("init 0 leak -- sleep -- sleep", policy({"process": "kill"}))
    c.start()
    c.wait_stopped()
    incident = c.wait_incident(result="killed")[0]
    check_process_incident(t, c, incident)
    t.equal("decision", incident["decision"], "kill")
    t.equal("processes left", cgroups.processes(c.cgroup) if cgroups.remaining(c.cgroup) else [],
            [])
    t.equal("OOM-killed children", len(c.lines("leaking")), 1)


@scenario("child-restart")
def child_restart(t):
    """restart brings up a new container with the same id, bundle and output."""
    c = t.container("init 0 await /box/go once /box/mark leak",
                    policy({"process": "restart"}, FAST))
    c.start()
    pid = c.init_pid()
    c.go()
    c.wait_line("init is up", count=2)
    c.wait_line("once is over")
    incident = c.wait_incident(result="restarted")[0]
    check_process_incident(t, c, incident)
    t.equal("number in the budget", incident["restartNumber"], 1)
    c.wait_event("restarted")
    c.wait("the new container is watched",
           lambda: c.status().get("phase") == "watching" and
           c.status()["init"]["pid"] == c.init_pid())
    t.true("another init", c.running() and c.init_pid() != pid)
    t.equal("incarnations", len(c.lines("init is up")), 2)


@scenario("child-healed")
def child_healed(t):
    """Where init replaces the victim within respawnGrace, a kill is only reported."""
    c = t.container("init 1@/box/room once /box/mark leak",
                    policy({"process": "kill", "respawnGrace": "10s"}))
    c.start()
    pid = c.init_pid()
    # What the victim held may be charged for some ms after it was reaped. A fork meanwhile would
    # meet the limit again, with init as the only one left to kill.
    c.wait_line("child 0 killed by 9")
    c.wait("there is room again", lambda: cgroups.usage(c.cgroup) < 24 * MIB)
    c.go("room")
    c.wait_line("once is over")
    incident = c.wait_incident()[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("result", incident["result"], "reported")
    t.true("init still runs", c.running() and c.init_pid() == pid)


@scenario("child-not-healed")
def child_not_healed(t):
    """Where nobody replaces the victim, the action comes when the grace is over."""
    c = t.container("init 0 leak", policy({"process": "kill", "respawnGrace": "300ms"}))
    c.start()
    c.wait_stopped()
    c.wait_incident(result="killed")


@scenario("two-ooms-at-once")
def two_ooms_at_once(t):
    """Two children die close together: both kills are counted, none twice."""
    c = t.container("init 0 await /box/go leak -- await /box/go leak",
                    policy({"process": "report"}))
    c.start()
    c.wait_line("awaiting", count=2)
    c.go()
    c.wait("both children are killed",
           lambda: sum("killed by 9" in line for line in c.lines("child")) == 2)
    t.equal("kernel's count", cgroups.oom_kills(c.cgroup), 2)
    c.wait("both kills are on record", lambda: sum(i["kills"] for i in c.incidents()) == 2)
    c.wait("both kills are in the status", lambda: c.status()["oomKills"] == 2)
    t.true("init still runs", c.running())


@scenario("two-containers-at-once")
def two_containers_at_once(t):
    """Two containers run out of memory together: each has its own incident and its own action."""
    a = t.container("init 0 await /box/go leak", policy({"process": "report"}), name="a")
    b = t.container("init 0 await /box/go leak", policy({"process": "kill"}), name="b")
    for c in (a, b):
        c.start()
        c.wait_line("awaiting")
    a.go()
    b.go()
    t.equal("kills in a", a.wait_incident(result="reported")[0]["kills"], 1)
    t.equal("kills in b", b.wait_incident(result="killed")[0]["kills"], 1)
    b.wait_stopped()
    t.true("a still runs", a.running())


@scenario("child-cgroup")
def child_cgroup(t):
    """A kill in a cgroup below the container's own counts as the container's."""
    c = t.container("init 0 await /box/go leak -- sleep", policy({"process": "kill"}))
    c.start()
    c.wait_line("awaiting")
    init = c.init_pid()
    others = cgroups.processes(c.cgroup)
    for name in ("main", "job"):
        cgroups.memory_dir(f"{c.cgroup}/{name}").mkdir()
    for pid in others:
        cgroups.move(f"{c.cgroup}/main", pid)
    cgroups.delegate(c.cgroup)
    for pid in others:
        if pid != init:
            cgroups.move(f"{c.cgroup}/job", pid)
    cgroups.set_limit(f"{c.cgroup}/job", 16 * MIB)
    c.go()
    c.wait_stopped()
    incident = c.wait_incident(result="killed")[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("kills", incident["kills"], 1)


@scenario("ancestor-limit")
def ancestor_limit(t):
    """The limit that ran out belongs to a cgroup above the container: its own slot."""
    pod = f"{cgroups.TOP}/{t.name('pod')}"
    cgroups.make(pod)
    cgroups.delegate(pod)
    cgroups.set_limit(pod, 32 * MIB)
    c = t.container("init 0 await /box/go leak", policy({"process": "report", "ancestor": "kill"}),
                    cgroup=f"{pod}/container", limit=256 * MIB)
    # Registered first, run last: the container has to be out of it by then.
    t.on_end(lambda: (c.delete(), cgroups.kill_and_remove(pod)))
    c.start()
    c.wait_line("awaiting")
    c.go()
    c.wait_stopped()
    incident = c.wait_incident(result="killed")[0]
    t.equal("slot", incident["slot"], "ancestor")
    t.true("the ancestor is named", pod in incident["limitCgroup"] or not incident["limitCgroup"])
