# SPDX-License-Identifier: Apache-2.0
"""The container's init itself is killed for lack of memory, or ends in another way."""

from harness import policy, scenario

BUDGET = {"max": 2, "within": "10m", "backoff": {"initial": "50ms", "factor": 2, "max": "1s"}}


@scenario("init-report")
def init_report(t):
    """The container is over by itself; the record says that init was the victim."""
    c = t.container("await /box/go leak", policy({"init": "report"}))
    c.start()
    c.wait_line("awaiting")
    c.go()
    c.wait_stopped()
    incident = c.wait_incident(result="reported")[0]
    t.equal("slot", incident["slot"], "init")
    t.true("init is the victim", any(victim["init"] for victim in incident["victims"]))


@scenario("init-restart-budget", limit_s=90)
def init_restart_budget(t):
    """Two restarts within the window, then it is over: three starts, no fourth."""
    c = t.container("leak", policy({"init": "restart"}, BUDGET))
    c.start()
    incident = c.wait_incident(result="gave-up")[0]
    t.equal("slot", incident["slot"], "init")
    t.equal("incidents", [i["result"] for i in c.incidents()],
            ["restarted", "restarted", "gave-up"])
    t.equal("numbers", [i["restartNumber"] for i in c.incidents()[:2]], [1, 2])
    t.true("the backoff grows",
           c.incidents()[0]["backoffMs"] < c.incidents()[1]["backoffMs"])
    t.equal("starts", len(c.lines("leaking")), 3)
    c.wait_event("gave-up")
    t.equal("restarts told", len(c.events("restarted")), 2)
    t.true("it does not run", not c.running())


@scenario("give-up-leave", limit_s=90)
def give_up_leave(t):
    """giveUp leave: once the budget is used up, a child's OOM is only reported."""
    restart = dict(BUDGET, max=1, giveUp="leave")
    c = t.container("init 0 leak", policy({"process": "restart"}, restart))
    c.start()
    c.wait_incident(result="gave-up")
    c.wait_line("child 0 killed by 9")
    t.equal("starts", len(c.lines("init is up")), 2)
    t.true("it still runs", c.running())


@scenario("clean-exit")
def clean_exit(t):
    """An init that ends by itself is no incident, and the shim leaves in order."""
    c = t.container("exit 3", policy({"init": "restart", "unknown": "restart"}, BUDGET))
    c.start()
    c.wait_stopped()
    c.wait("the shim is gone", lambda: not t.guard.shims())
    t.equal("incidents", c.incidents(), [])
    c.delete()
    t.equal("incidents after the deletion", c.incidents(), [])


@scenario("killed-by-hand")
def killed_by_hand(t):
    """An init that the user killed is no OOM: nothing is restarted."""
    c = t.container("init 0 sleep", policy({"init": "restart", "unknown": "restart"}, BUDGET))
    c.start()
    c.wait_line("init is up")
    c.kill_init()
    c.wait_stopped()
    c.wait("the shim is gone", lambda: not t.guard.shims())
    t.equal("incidents", c.incidents(), [])
    t.equal("starts", len(c.lines("init is up")), 1)
