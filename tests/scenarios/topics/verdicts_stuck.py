# SPDX-License-Identifier: Apache-2.0
"""Verdicts about what holds a container up; beside each what looks alike. The stuck ones themselves
are in tests/seeds, too.
"""

import pathlib

from harness import policy, processes, scenario
from topics.verdicts import REPORT, first, judge


@scenario("verdict-killer-off", needs=("v1",), runtimes=("runc",))
def killer_off(t):
    """The killer is off: near the limit that is no cause yet; at the limit it is, and a sleeper
    that dies of SIGKILL is no process that cannot be killed."""
    c = t.container("init 0 hold 42 await /box/go leak", policy(
        settings={"oomKiller": "leave"},
        profile={"onNearLimit": {"at": "80%", "of": "usage", "actions": ["snapshot"]},
                 "onStall": {"after": "200ms", "ladder": ["kill"]}}), disable_oom_killer=True)
    c.start()
    c.wait_line("awaiting")
    near = c.wait("the snapshot",
                  lambda: [i for i in c.incidents() if i["kind"] == "near-limit"])[0]
    judge(t, c, near, lacks=("oom-killer-off", "page-cache-not-the-cause"))
    c.go()
    incident = c.wait_incident(result="killed")[0]
    t.equal("who slept for memory", {task["state"] for task in incident["sleepers"]}, {"D"})
    judge(t, c, incident, has=("oom-killer-off",),
          lacks=("unkillable", "all-protected", "zombies", "ancestor-limit"))


@scenario("verdict-few-zombies", runtimes=("runc",))
def few_zombies(t):
    """A parent that does not reap, but whose zombies are next to nothing beside the leak."""
    c = t.container("init 0 name spawner zombies -- await /box/go leak",
                    policy(REPORT, evidence={"budget": "10s"}), pids=160)
    c.start()
    c.wait_line("awaiting")
    c.wait_line("zombies")
    c.go()
    incident, _ = first(t, c)
    t.true("they are on record", incident["processes"]["zombies"][0]["count"] > 100)
    judge(t, c, incident, has=("one-process-too-large",), lacks=("zombies", "unkillable"))


@scenario("verdict-one-not-protected", needs=("negative-scores",), runtimes=("runc",))
def one_not_protected(t):
    """All but one are at -1000: the kernel finds that one."""
    c = t.container("init 0 await /box/go leak -- sleep",
                    policy(REPORT, evidence={"budget": "10s"}), score=-1000)
    c.start()
    c.wait_line("awaiting")
    c.wait_line("started 1")
    worker = sorted(c.pids())[1]
    pathlib.Path(f"/proc/{worker}/oom_score_adj").write_text("-999")
    c.go()
    c.wait_line("child 0 killed by 9")
    incident, _ = first(t, c)
    t.equal("the others' scores", {processes.score(pid) for pid in c.pids()}, {-1000})
    scores = [process["oomScoreAdj"] for process in incident["processes"]["list"]]
    t.equal("two of them on record", scores.count(-1000), 2)
    judge(t, c, incident, has=("child-killed-init-alive",),
          lacks=("all-protected", "oom-killer-off", "score-misfit"))
