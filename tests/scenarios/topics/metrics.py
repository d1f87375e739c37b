# SPDX-License-Identifier: Apache-2.0
"""Counters: what happened to a container is told after it is gone."""

import subprocess

from harness import cgroups, policy, scenario

FAST = {"max": 3, "within": "10m", "backoff": {"initial": "50ms", "factor": 1, "max": "50ms"}}


def series(t, c):
    """The counters of one container, by its id: it has no other name here."""
    code, document, said = t.guard.cli("metrics")
    t.equal(f"metrics: {said}", code, 0)
    found = [s for s in document["series"] if s["container"] == c.id]
    t.true(f"one series of {c.id}", len(found) <= 1)
    return found[0] if found else None


def actions(found):
    return {(a["action"], a["result"]): a["count"] for a in found["actions"]}


def gone(t, c):
    """Deleted, and its shim too: all is counted."""
    c.delete()
    c.wait("no shim is left", lambda: not t.guard.shims())


def as_text(t):
    return subprocess.run([t.machine.cli, *t.guard.root_words, "metrics"], text=True, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60).stdout


@scenario("metrics-restart")
def metrics_restart(t):
    """A kill, a restart and a refused annotation are counted once, and outlive the container."""
    c = t.container("init 0 await /box/go once /box/mark leak",
                    policy({"process": "restart"}, FAST),
                    annotations={"oomguard.io/on-oom-process": "kill"})
    c.start()
    c.wait_phase("watching")
    quiet = series(t, c)
    t.equal("kills before", quiet["oomKills"], 0)
    t.equal("refused", quiet["refusedAnnotations"], 1)
    c.go()
    c.wait_incident(result="restarted")
    c.wait("its successor watches, and the old shim is gone",
           lambda: c.status().get("phase") == "watching" and len(t.guard.shims()) == 2)
    gone(t, c)
    t.equal("state", t.guard.directory(c.id), None)
    found = series(t, c)
    t.equal("kills, restarts, stalls", (found["oomKills"], found["restarts"], found["stalls"]),
            (1, 1, 0))
    t.equal("actions", actions(found), {("restart", "restarted"): 1})
    # Refused anew at each creation.
    t.equal("refused at the end", found["refusedAnnotations"], 2)
    t.true("as text", f'oomguard_restarts_total{{container="{c.id}",pod="",namespace=""}} 1\n'
           in as_text(t))
    runs = {stage["stage"]: stage["runs"]
            for stage in t.guard.cli("metrics")[1]["hookDurations"]}
    t.equal("runs of the hook", (runs["createRuntime"], runs["poststop"]), (2, 2))
    # The same name again adds to the same counters.
    again = t.container("init 0 leak", policy({"process": "report"}), name="again")
    again.id = c.id
    again.start()
    again.wait_incident(result="reported")
    again.wait("it is counted", lambda: series(t, again)["oomKills"] == 2)
    t.equal("actions at last", actions(series(t, again)),
            {("restart", "restarted"): 1, ("report", "reported"): 1})


@scenario("metrics-stall", needs=("v1",))
def metrics_stall(t):
    """A stall, and the rung that ended it."""
    c = t.container("init 0 await /box/go ignore threads /box/beat",
                    policy(settings={"oomKiller": "leave"}), disable_oom_killer=True)
    c.start()
    c.wait_line("awaiting")
    c.go()
    c.wait_incident(result="freed")
    gone(t, c)
    found = series(t, c)
    t.equal("stalls", found["stalls"], 1)
    t.equal("the rung", actions(found)[("enable-oom-killer", "helped")], 1)


@scenario("metrics-drift", needs=("v1",))
def metrics_drift(t):
    """A setting that was put back."""
    c = t.container("init 0 sleep", policy())
    c.start()
    c.wait_phase("watching")
    cgroups.switch_oom_killer_off(c.cgroup)
    c.wait_event("drift")
    gone(t, c)
    t.equal("repairs", series(t, c)["driftRepairs"], 1)


@scenario("metrics-near", needs=("v1",), runtimes=("runc",))
def metrics_near(t):
    """A kill near the limit is oomguard's own action, and no OOM kill."""
    near = {"at": "80%", "actions": ["kill-largest"]}
    c = t.container("init 0 touch 42", policy(profile={"onNearLimit": near}))
    c.start()
    c.wait_line("child 0 killed by 9")
    c.wait_event("near-limit")
    gone(t, c)
    found = series(t, c)
    t.equal("the action", actions(found), {("kill-largest", "killed"): 1})
    t.equal("OOM kills", found["oomKills"], 0)
