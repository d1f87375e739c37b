# SPDX-License-Identifier: Apache-2.0
"""podman finds the hook in hooks.d."""

from harness import policy, scenario
from harness.podman import Podman

ALWAYS = {"always": True}
ENABLED = {"annotations": {r"^oomguard\.io/enable$": "^true$"}}


@scenario("podman-report", needs=("host",), limit_s=90)
def podman_report(t):
    """A child of a podman container is killed: podman sees nothing, we have a record."""
    podman = Podman(t)
    podman.hook(ALWAYS)
    t.guard.set_policy(policy({"process": "report"}))
    c = podman.run("init 0 leak")
    incident = c.wait_incident(result="reported")[0]
    t.equal("container", incident["id"], c.id)
    t.equal("manager", incident["manager"], "podman")
    t.true("init still runs", c.running())
    t.equal("podman's word for it", c.state()["OOMKilled"], False)


@scenario("podman-restart", limit_s=90)
def podman_restart(t):
    """restart kills the init, and podman starts the container again by its own policy."""
    podman = Podman(t)
    podman.hook(ALWAYS)
    t.guard.set_policy(policy({"process": "restart"}, {"backoff": {"initial": "50ms"}}))
    c = podman.run("init 0 once /box/mark leak", "--restart", "on-failure:5")
    incident = c.wait_incident()[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("asked", incident["asked"], "restart")
    c.wait_line("once is over")
    t.true("it runs", c.running())
    t.equal("podman's count of restarts", podman.inspect(c.id)["RestartCount"], 1)


@scenario("podman-annotation", needs=("host",), limit_s=90)
def podman_annotation(t):
    """A hook by annotation: the container that has it is guarded, the other one is untouched."""
    podman = Podman(t)
    podman.hook(ENABLED)
    t.guard.set_policy(policy({"process": "report"}))
    guarded = podman.run("init 0 leak", "--annotation", "oomguard.io/enable=true", name="guarded")
    other = podman.run("init 0 leak", "--annotation", "oomguard.io/enable=no", name="other")
    guarded.wait_incident(result="reported")
    other.wait_line("child 0 killed by 9")
    t.equal("state of the other", t.guard.directory(other.id), None)
    t.equal("records of the other", other.incidents(), [])
    t.true("the other runs", other.running())
