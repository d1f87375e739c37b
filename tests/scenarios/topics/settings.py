# SPDX-License-Identifier: Apache-2.0
"""What the hook sets before the user's program runs."""

import pathlib

from harness import cgroups, policy, scenario
from harness.bundle import MIB


def score(pid):
    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())


def setting(c, key):
    found = [s for s in c.guard.plan(c.id)["settings"] if s["key"] == key]
    return found[0] if found else None


@scenario("oom-killer-on", needs=("v1",))
def oom_killer_on(t):
    """disableOOMKiller in config.json is overruled: the leak is killed and not left hanging."""
    c = t.container("init 0 await /box/go leak", policy({"process": "report"},
                                                        settings={"oomKiller": "on"}),
                    disable_oom_killer=True)
    c.start()
    text = (cgroups.memory_dir(c.cgroup) / "memory.oom_control").read_text()
    t.true("the OOM killer is on", "oom_kill_disable 0" in text)
    t.equal("outcome", setting(c, "settings.oomKiller")["outcome"], "applied")
    c.go()
    c.wait_incident(result="reported")


@scenario("oom-killer-left-off", needs=("v1",))
def oom_killer_left_off(t):
    """With oomKiller leave the container keeps what config.json says."""
    c = t.container("init 0 sleep", policy(settings={"oomKiller": "leave"}),
                    disable_oom_killer=True)
    c.start()
    text = (cgroups.memory_dir(c.cgroup) / "memory.oom_control").read_text()
    t.true("the OOM killer is off", "oom_kill_disable 1" in text)


@scenario("oom-group", needs=("v2",))
def oom_group(t):
    """oomGroup on: the kernel takes all of it, and the record says so."""
    c = t.container("init 0 leak -- sleep",
                    policy({"group": "report"}, settings={"oomGroup": "on"}))
    c.start()
    c.wait_stopped()
    incident = c.wait_incident(result="reported")[0]
    t.equal("slot", incident["slot"], "group")


@scenario("oom-group-off", needs=("v2",))
def oom_group_off(t):
    """oomGroup off: only the victim dies."""
    c = t.container("init 0 leak", policy(settings={"oomGroup": "off"}))
    c.start()
    c.wait_line("child 0 killed by 9")
    t.equal("slot", c.wait_incident(result="reported")[0]["slot"], "process")
    t.true("init still runs", c.running())


@scenario("no-swap", needs=("swap",))
def no_swap(t):
    """swap 0B: what would have gone to swap is an OOM instead."""
    c = t.container("init 0 leak 96", policy(settings={"swap": "0B"}), swap=256 * MIB)
    c.start()
    c.wait_line("child 0 killed by 9")
    c.wait_incident(result="reported")


@scenario("swap-left", needs=("swap",))
def swap_left(t):
    """swap leave: the container goes to swap as its config.json allows."""
    c = t.container("init 0 leak 80", policy(settings={"swap": "leave"}), swap=256 * MIB)
    c.start()
    c.wait_line("leaked all")
    t.true("init still runs", c.running())


@scenario("scores")
def scores(t):
    """The workload inherits its score, init gets its own once the first child exists."""
    wanted = {"init": 300, "workload": 600}
    c = t.container("init 0 sleep", policy(settings={"oomScoreAdj": wanted}), score=100)
    c.start()
    init = c.init_pid()
    c.wait("init has its score", lambda: score(init) == 300)
    children = [pid for pid in cgroups.processes(c.cgroup) if pid != init]
    t.equal("the child's score", [score(pid) for pid in children], [600])


@scenario("scores-negative", needs=("negative-scores",))
def scores_negative(t):
    """Scores below zero, which only a privileged writer can give."""
    wanted = {"init": -700, "workload": -300}
    c = t.container("init 0 leak", policy(settings={"oomScoreAdj": wanted}), score=0)
    c.start()
    init = c.init_pid()
    c.wait("init has its score", lambda: score(init) == -700)
    c.wait_line("child 0 killed by 9")
    t.equal("slot", c.wait_incident(result="reported")[0]["slot"], "process")


@scenario("scores-refused")
def scores_refused(t):
    """A score below the one it started with needs a power; without it the record says so."""
    wanted = {"init": "leave", "workload": -300}
    c = t.container("init 0 sleep", policy(settings={"oomScoreAdj": wanted}), score=100)
    c.start()
    t.true("the container runs", c.running())
    result = setting(c, "settings.oomScoreAdj.workload")
    if t.machine.has("negative-scores"):
        t.equal("outcome", result["outcome"], "applied")
    else:
        t.true("refused or failed, with a reason",
               result["outcome"] in ("refused", "failed") and result["reason"])
        t.equal("score", score(c.init_pid()), 100)


@scenario("limit-default")
def limit_default(t):
    """A container that came without a limit gets the policy's, and keeps to it."""
    c = t.container("init 0 leak 200", policy(settings={"limit": {"default": "32MiB"},
                                                        "swap": "0B"}), limit=None)
    c.start()
    c.wait_line("child 0 killed by 9")
    c.wait_incident(result="reported")


@scenario("limit-require")
def limit_require(t):
    """{"require": true} refuses a container without a limit under failure closed only."""
    document = policy(settings={"limit": {"require": True}})
    t.container("init 0 sleep", document, name="closed", limit=None, failure="closed").start(
        expect=1)
    c = t.container("init 0 sleep", document, name="open", limit=None)
    c.start()
    t.true("open starts it", c.running())
