# SPDX-License-Identifier: Apache-2.0
"""Failure 1: many small processes ask for more than there is, beside a larger init and a larger
system process. The kernel chooses by size."""

import functools

from harness import cgroups, policy, processes, scenario
from harness.bundle import MIB
from harness.facts import check_answers

SCORES = {"init": 0, "workload": 500, "rules": [{"name": "^sysd$", "value": 100}]}


def arguments(count, mib):
    return (f"hold {mib * 2} init 0 name sysd touch {mib * 3} -- "
            f"await /box/go storm {count} {mib}")


def options(limit, user):
    return {"limit": limit, "swap": limit * 5 // 4, "score": 0, "user": user}


def begin(c):
    c.start()
    c.wait_line("touched")
    c.wait_line("awaiting")
    return c.init_pid(), c.pids("sysd")[0]


def control(t, count, mib, limit, user):
    """Without oomguard the two largest die first, and the container with them."""
    c = t.bare(arguments(count, mib), **options(limit, user))
    begin(c)
    c.go()
    c.wait("the container is over", c.stopped, 120)
    kills = cgroups.oom_kills(c.cgroup)
    # Large processes take a while to die; what is killed meanwhile is next in size.
    t.true(f"it is over with the first kills: {kills}", 1 <= kills <= 4)
    t.note(f"the container is gone after {kills} kills")


def cure(t, count, mib, limit, user):
    """With scores they outlive it, and every kill is counted."""
    # An emulated machine swaps so slowly that for a time nobody gets on: that is another failure.
    patient = {"onStall": {"pressure": {"for": "5m"}}}
    c = t.container(arguments(count, mib),
                    policy({"process": "report"}, settings={"oomScoreAdj": SCORES}, profile=patient),
                    **options(limit, user))
    init, sysd = begin(c)
    c.wait("init has its score", lambda: processes.score(init) == 0)
    c.wait("the system process has its score", lambda: processes.score(sysd) == 100)
    c.go()
    words = c.wait("the storm is over", lambda: c.lines("storm over"), 120)[0].split()
    killed = int(words[3])
    # Where the kernel accounts for swap, limit and swap are as much as the workers ask for: then only
    # those are killed that would go beyond it with all else that is charged.
    t.true(f"workers were killed: {killed}", killed > count // 40)
    t.equal("kernel's count", cgroups.oom_kills(c.cgroup), killed)
    c.wait("every kill is on record", lambda: sum(i["kills"] for i in c.incidents()) == killed)
    incident = c.incidents()[0]
    # With swap it is used up first, and that is told first.
    swap = incident["memory"]["swapLimit"]
    full = ["swap-full"] if swap and incident["memory"]["swapUsage"] >= swap * 0.9 else []
    check_answers(t, c, incident, verdicts=[*full, "many-small-processes"], whose="own",
                  killed="load (pid", should="load (pid", done="nothing but this record",
                  change="Find what grows" if full else "Limit how many run at a time")
    t.equal("scores", [processes.score(init), processes.score(sysd)], [0, 100])
    t.equal("who lives", [c.init_pid(), c.pids("sysd")], [init, [sysd]])
    t.true("no child of init was killed", not c.lines("child"))
    t.note(f"{killed} of {count} workers killed, all on record; usable again {words[-2]} ms after "
           "it began")


def register(name, count, mib, limit, user, **more):
    arguments_of_all = {"count": count, "mib": mib, "limit": limit * MIB, "user": user}
    for part in (control, cure):
        run = functools.partial(part, **arguments_of_all)
        scenario(f"seed1-{name}-{part.__name__}", runtimes=("runc",), limit_s=300, **more)(run)


register("storm", 320, 2, 512, 0)
register("storm-nobody", 320, 2, 512, 65534, needs=("host",))
register("storm-1280", 1280, 8, 8192, 0, needs=("host",), full=True)
register("storm-1280-nobody", 1280, 8, 8192, 65534, needs=("host",), full=True)
register("storm-80", 80, 128, 8192, 0, needs=("host",), full=True)
