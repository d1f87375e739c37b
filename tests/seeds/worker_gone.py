# SPDX-License-Identifier: Apache-2.0
"""Failure 4: the worker is killed, PID 1 lives, and the platform says "running"."""

from harness import policy, scenario
from harness.facts import check_answers

ARGS = "init 0 serve /box/beat /box/go"
FAST = {"backoff": {"initial": "50ms", "factor": 1, "max": "50ms"}}


def beats(c):
    beat = c.box / "beat"
    return beat.stat().st_size if beat.exists() else 0


def kill_the_worker(c):
    c.start()
    c.wait_line("serving")
    c.wait("the service beats", lambda: beats(c) > 3)
    c.go()
    c.wait_line("leaking")


@scenario("seed4-worker-gone-control", runtimes=("runc",))
def control(t):
    """The service is gone for good, and the runtime sees nothing wrong."""
    c = t.bare(ARGS)
    kill_the_worker(c)
    c.wait_line("child 0 killed by 9")
    last = beats(c)
    t.stays("running, and no service", lambda: c.running() and beats(c) == last, 2)
    t.note("the service is gone, the runtime says running")


@scenario("seed4-worker-gone-cure")
def cure(t):
    """onOom.process restart: the service beats again."""
    c = t.container(ARGS, policy({"process": "restart"}, FAST))
    kill_the_worker(c)
    incident = c.wait_incident(result="restarted")[0]
    t.equal("slot", incident["slot"], "process")
    check_answers(t, c, incident, verdicts=["one-process-too-large", "child-killed-init-alive"],
                  whose="own", killed="load (pid", should="and it was",
                  done="the container was killed and started again", change="Bound that process")
    last = beats(c)
    c.wait("the service is back", lambda: beats(c) > last + 3)
    c.wait_line("serving", count=2)
    t.note(f"all was over {incident['times']['emptyMs']} ms after the kill, and started again")
