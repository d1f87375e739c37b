# SPDX-License-Identifier: Apache-2.0
"""Failure 3: every process has the score -1000, and the kernel may kill none."""

from harness import cgroups, policy, processes, scenario
from harness.facts import check_answers

ARGS = "init 0 await /box/go leak"


def begin(t, c):
    c.start()
    c.wait_line("awaiting")
    t.equal("scores", {processes.score(pid) for pid in c.pids()}, {-1000})
    worker = max(c.pids())
    c.go()
    c.wait("it meets its limit", lambda: cgroups.failures(c.cgroup) > 0)
    return worker


@scenario("seed3-nothing-killable-control", needs=("negative-scores",), runtimes=("runc",))
def control(t):
    """It spins in its page fault; nobody is killed, and nothing tells."""
    c = t.bare(ARGS, score=-1000)
    worker = begin(t, c)
    failures, ticks = cgroups.failures(c.cgroup), processes.cpu_ticks(worker)
    t.stays("nobody is killed", lambda: cgroups.oom_kills(c.cgroup) == 0, 3)
    t.true("the failures grow", cgroups.failures(c.cgroup) > failures)
    t.true("it burns CPU time", processes.cpu_ticks(worker) > ticks)
    t.true("the runtime says that it runs", c.running() and worker in c.pids())
    t.note(f"{cgroups.failures(c.cgroup) - failures} failed charges and "
           f"{(processes.cpu_ticks(worker) - ticks) * 10} ms of CPU time in 3 s, no kill")


@scenario("seed3-nothing-killable-cure", needs=("negative-scores",))
def cure(t):
    """The stall is seen, and the ladder ends the process that asks."""
    c = t.container(ARGS, policy(), score=-1000)
    begin(t, c)
    incident = c.wait_incident(result="freed")[0]
    t.equal("stall", incident["stall"], "nothing-killable")
    t.equal("rungs", [(rung["rung"], rung["helped"]) for rung in incident["rungs"]],
            [("kill-largest", True)])
    c.wait_line("child 0 killed by 9")
    t.equal("kernel's kills", cgroups.oom_kills(c.cgroup), 0)
    t.true("init still runs", c.running())
    report = check_answers(t, c, incident, verdicts=["all-protected"],
                           killed="nobody by the kernel", done="kill-largest helped",
                           change="a score above -1000")
    t.true("the killer is on", "oom-killer-off" not in [v["name"] for v in report["verdicts"]])
    t.note(f"ended by kill-largest in {incident['rungs'][0]['tookUs'] / 1000:.1f} ms")
