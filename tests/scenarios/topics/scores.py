# SPDX-License-Identifier: Apache-2.0
"""Scores of processes that come later: forked by the init, or by the runtime's exec."""

import os
import pathlib
import signal
import subprocess

from harness import cgroups, policy, scenario

SCORES = {"init": 300, "workload": 600}


def score(pid):
    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())


def children(c):
    return [pid for pid in cgroups.processes(c.cgroup) if pid != c.init_pid()]


@scenario("scores-of-a-later-fork")
def of_a_later_fork(t):
    """A child that the init forks when it has its own score inherits that, and is corrected."""
    c = t.container("init 1 sleep", policy(settings={"oomScoreAdj": SCORES}), score=100)
    c.start()
    c.wait("init has its score", lambda: score(c.init_pid()) == 300)
    t.equal("the way", c.status()["scores"], "fork events")
    first = children(c)
    t.equal("one child", len(first), 1)
    os.kill(first[0], signal.SIGKILL)
    c.wait("another child", lambda: children(c) not in ([], first))
    second = children(c)[0]
    c.wait("it has the workload's score", lambda: score(second) == 600)
    t.true("status shows the way", "fork events" in c.guard.cli("status", c.id)[2])


def scored(*actions):
    """Init and workload apart, and what is done at half the limit."""
    return policy(settings={"oomScoreAdj": SCORES},
                  profile={"onNearLimit": {"at": "50%", "actions": list(actions)}})


def exec_before_the_limit(t, c):
    """What the runtime's exec brings has the runtime's score until usage comes near the limit."""
    before = c.pids()
    # What runs there keeps what it was given.
    said = c.runtime.call("exec", "-d", c.id, "/bin/load", "sleep", stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    t.equal("exec", said.returncode, 0)
    # By its name: a process of the runtime's own may be there for a moment.
    new = c.wait("its process", lambda: [pid for pid in c.pids("load") if pid not in before])[0]
    t.true("it has some score of the runtime's", score(new) != 600)
    c.go()
    c.wait_line("touched 36")
    with cgroups.above_high(c.cgroup):
        c.go("more")
        c.wait("it has the workload's score", lambda: score(new) == 600)


@scenario("scores-of-an-exec")
def of_an_exec(t):
    """Where the kernel tells of forks, an action reaches what came otherwise."""
    c = t.container("init 0 await /box/go touch 36 -- await /box/more touch 1", scored("rescore"),
                    score=100)
    c.start()
    c.wait("init has its score", lambda: score(c.init_pid()) == 300)
    c.wait_line("started 1")
    exec_before_the_limit(t, c)


# A thousand forks in ten seconds are too many for an emulated machine.
@scenario("scores-near-limit", needs=("host",))
def near_limit(t):
    """An init that forks too often to be followed: without an action, too."""
    c = t.container("init 1500 exit 0 -- await /box/go touch 36 -- await /box/more touch 1",
                    scored("report"), score=100)
    c.start()
    c.wait("the way", lambda: c.status()["scores"].startswith("near the limit"))
    c.wait("init has its score", lambda: score(c.init_pid()) == 300)
    exec_before_the_limit(t, c)


@scenario("scores-stay")
def stay(t):
    """Somebody rewrites the init's score: it is put back when something wakes the shim, and told."""
    c = t.container("init 1 await /box/go touch 36 -- await /box/more touch 1", scored("report"),
                    score=100)
    c.start()
    c.wait("init has its score", lambda: score(c.init_pid()) == 300)
    c.wait("that is told", lambda: [e for e in c.events("setting") if e["outcome"] == "applied"
                                    and e["key"] == "settings.oomScoreAdj.init"])
    pathlib.Path(f"/proc/{c.init_pid()}/oom_score_adj").write_text("900")
    c.go()
    c.wait_line("touched 36")
    with cgroups.above_high(c.cgroup):
        c.go("more")
        event = c.wait_event("drift")[0]
    t.equal("key, old, new, outcome", (event["key"], event["old"], event["new"], event["outcome"]),
            ("settings.oomScoreAdj.init", "900", "300", "applied"))
    t.true("somebody else", "somebody else" in event["reason"])
    t.equal("it is put back", score(c.init_pid()), 300)


@scenario("scores-not-wanted")
def not_wanted(t):
    """A policy that says nothing of scores makes no listener."""
    c = t.container("init 0 sleep", policy(), score=100)
    c.start()
    t.equal("the way", c.status()["scores"], "not wanted")


@scenario("scores-inherited", needs=("negative-scores",))
def inherited(t):
    """A manager's -1000 that leaked into the container is raised and reported."""
    c = t.container("init 0 sleep", policy(), score=None)
    own = pathlib.Path("/proc/self/oom_score_adj")
    before = own.read_text()
    own.write_text("-1000")
    try:
        c.start()
    finally:
        own.write_text(before)
    t.equal("the init's score", score(c.init_pid()), 0)
    c.wait("a child", lambda: children(c))
    t.equal("its children's", [score(pid) for pid in children(c)], [0])
    told = [s for s in c.guard.plan(c.id)["settings"] if s["key"] == "settings.oomScoreAdj"]
    t.equal("told", [(s["outcome"], s["old"], s["new"]) for s in told],
            [("applied", "-1000", "0")])
    t.true("and why", "inherited from its manager" in told[0]["reason"])
