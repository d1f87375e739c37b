# SPDX-License-Identifier: Apache-2.0
"""Killing a container that does not want to go."""

from harness import cgroups, policy, scenario

GRACE = {"signal": "SIGTERM", "grace": "300ms"}


@scenario("kill-stubborn")
def kill_stubborn(t):
    """A program that ignores SIGTERM has its grace, then SIGKILL."""
    c = t.container("ignore init 0 leak -- sleep", policy({"process": "kill"}, kill=GRACE))
    c.start()
    c.wait_stopped()
    c.wait_incident(result="killed")


@scenario("kill-gentle")
def kill_gentle(t):
    """A program that ends on SIGTERM is never sent SIGKILL."""
    c = t.container("init 0 leak",
                    policy({"process": "kill"}, kill={"signal": "SIGTERM", "grace": "50s"}))
    c.start()
    c.wait_stopped()
    incident = c.wait_incident(result="killed")[0]
    t.equal("slot", incident["slot"], "process")


@scenario("kill-bomb")
def kill_bomb(t):
    """Processes that all the time leave a child and go are caught all the same."""
    # Beside them the leak has to get on, on an emulated machine too.
    bombs = 24 if t.machine.kind == "host" else 6
    # The kernel may go on to the init before we are awake.
    c = t.container(f"init 0 await /box/go leak -- bomb {bombs}",
                    policy({"process": "kill", "init": "kill"}), pids=120)
    c.start()
    c.wait_line("bomb is running")
    c.go()
    c.wait_stopped()
    c.wait_incident(result="killed")
    t.equal("processes left", cgroups.processes(c.cgroup) if cgroups.remaining(c.cgroup) else [],
            [])


@scenario("kill-shared-pids")
def kill_shared_pids(t):
    """Without a pid namespace of its own the children do not die with init: all are found."""
    c = t.container("init 0 await /box/go leak -- ignore sleep -- bomb 8",
                    policy({"process": "kill"}), pid_namespace=False)
    c.start()
    c.wait_line("bomb is running")
    c.go()
    c.wait_incident(result="killed")
    c.wait("no process of the container lives", lambda: not cgroups.remaining(c.cgroup) or
           not cgroups.processes(c.cgroup))


@scenario("kill-paused")
def kill_paused(t):
    """A container that was paused after its OOM is killed and does not stay frozen."""
    c = t.container("ignore init 0 leak -- sleep",
                    policy({"process": "kill"}, kill={"signal": "SIGTERM", "grace": "3s"}))
    c.start()
    c.wait_event("kill")
    t.equal("pause", t.runtime.call("pause", c.id).returncode, 0)
    c.wait_incident(result="killed")
    c.wait_stopped()
