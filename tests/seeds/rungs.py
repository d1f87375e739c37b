# SPDX-License-Identifier: Apache-2.0
"""The other rungs of the ladder, and what is done near the limit."""

import subprocess

from harness import cgroups, policy, processes, scenario
from harness.bundle import MIB

LEFT_OFF = {"oomKiller": "leave"}


def rungs(incident):
    return [(rung["rung"], rung["helped"]) for rung in incident["rungs"]]


def stalled(t, document, **names):
    """Three processes, and a fourth that needs 4 MiB more than there is."""
    c = t.container("init 0 name big touch 18 -- name other touch 12 -- name small touch 6 -- "
                    "await /box/go name late touch 14", document, disable_oom_killer=True,
                    limit=47 * MIB, **names)
    c.start()
    c.wait_line("touched", count=3)
    c.wait_line("awaiting")
    c.go()
    return c


@scenario("rung-kill-largest", needs=("v1",), runtimes=("runc",))
def kill_largest(t):
    """The largest; not those to avoid; those to prefer first."""
    for name, victims, victim in (("size", {}, "big"), ("avoid", {"avoid": ["^big$"]}, "other"),
                                  ("prefer", {"prefer": ["^small$"]}, "small")):
        c = stalled(t, policy(settings=LEFT_OFF, profile={
            "victims": victims, "onStall": {"ladder": ["kill-largest", "report"]}}), name=name)
        incident = c.wait_incident(result="freed")[0]
        t.equal("rungs", rungs(incident), [("kill-largest", True)])
        t.true(f"{victim} is killed", incident["rungs"][0]["detail"].startswith(victim))
        c.wait_line("touched 14")
        c.wait_line("child")
        t.equal("killed", len(c.lines("child")), 1)
        t.true("init still runs", c.running())


@scenario("rung-raise-limit", needs=("v1",), runtimes=("runc",))
def raise_limit(t):
    """A step up lets a process finish, and is taken back."""
    c = t.container("init 0 await /box/go gulp 49", policy(settings=LEFT_OFF, profile={
        "onStall": {"ladder": ["raise-limit", "kill"]}}), disable_oom_killer=True)
    c.start()
    c.wait_line("awaiting")
    c.go()
    incident = c.wait_incident(result="freed")[0]
    t.equal("rungs", rungs(incident), [("raise-limit", True)])
    c.wait_line("child 0 exited 0")
    t.equal("the limit", cgroups.limit(c.cgroup), 48 * MIB)


@scenario("near-limit-signal", needs=("v1",), runtimes=("runc",))
def near_limit_signal(t):
    """Only the process of that name is told, before anything is killed."""
    near = {"at": "80%", "actions": ["report", "signal:SIGUSR1"], "process": "^app$"}
    c = t.container("usr1 init 0 name app usr1 touch 42 -- name aid usr1 sleep",
                    policy(profile={"onNearLimit": near}))
    c.start()
    c.wait_line("got SIGUSR1")
    t.true("it is told why", any("sent to 1 process" in e["message"]
                                 for e in c.wait_event("near-limit", count=2)))
    t.equal("who got it", len(c.lines("got SIGUSR1")), 1)
    t.equal("kills", cgroups.oom_kills(c.cgroup), 0)


@scenario("near-limit-later", needs=("v1",), runtimes=("runc",))
def near_limit_later(t):
    """A mark that is only told of is set when the container has stood for a second."""
    c = t.container("init 0 await /box/go touch 44", policy(), limit=48 * MIB)
    c.start()
    c.wait_line("awaiting")
    shim = c.status()["shim"]["pid"]
    # Of the container's OOM, of its parent's, and of its usage.
    c.wait("the shim listens for usage", lambda: processes.eventfds(shim) == 3)
    c.go()
    c.wait_event("near-limit")
    t.equal("kills", cgroups.oom_kills(c.cgroup), 0)


@scenario("paused-at-limit", needs=("v1",), runtimes=("runc",), limit_s=120)
def paused_at_limit(t):
    """A paused container does not stall; once it goes on, it does."""
    c = t.container("init 0 sleep", policy(settings=LEFT_OFF), disable_oom_killer=True)
    c.start()
    c.wait_line("started")
    c.pause()
    # Somebody who is not paused fills its memory.
    leak = subprocess.Popen([t.machine.load, "await", c.box / "go", "leak"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    t.on_end(leak.kill)
    cgroups.move(c.cgroup, leak.pid)
    c.go()
    c.wait("it is out of memory", lambda: cgroups.oom_control(c.cgroup, "under_oom"))
    t.stays("no stall", lambda: not c.events("stall"), 3)
    c.resume()
    t.equal("stall", c.wait_event("stall")[0]["stall"], "oom-killer-off")
    t.equal("rungs", rungs(c.wait_incident(result="freed")[0]), [("enable-oom-killer", True)])
    t.equal("the leak's end", leak.wait(timeout=30), -9)
