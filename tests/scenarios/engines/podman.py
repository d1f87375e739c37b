# SPDX-License-Identifier: Apache-2.0
"""podman finds the hook in hooks.d."""

import json

from harness import policy, scenario
from harness.podman import Podman
from harness.spec_diff import check_edit


@scenario("podman-report", once=True, limit_s=90)
def podman_report(t):
    """A child of a podman container is killed: podman sees nothing, we have a record."""
    podman = Podman(t)
    t.configure("podman", "--always")
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
    t.configure("podman", "--always")
    t.guard.set_policy(policy({"process": "restart"}, {"backoff": {"initial": "50ms"}}))
    c = podman.run("init 0 once /box/mark leak", "--restart", "on-failure:5")
    incident = c.wait_incident()[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("asked", incident["asked"], "restart")
    c.wait_line("once is over")
    t.true("it runs", c.running())
    t.equal("podman's count of restarts", podman.inspect(c.id)["RestartCount"], 1)


@scenario("podman-annotation", once=True, limit_s=90)
def podman_annotation(t):
    """A hook by annotation: the container that has it is guarded, the other one is untouched."""
    podman = Podman(t)
    t.configure("podman")
    t.guard.set_policy(policy({"process": "report"}))
    guarded = podman.run("init 0 leak", "--annotation", "oomguard.io/enable=true", name="guarded")
    other = podman.run("init 0 leak", "--annotation", "oomguard.io/enable=no", name="other")
    guarded.wait_incident(result="reported")
    t.equal("nothing is said against the annotation", guarded.events("problem"), [])
    other.wait_line("child 0 killed by 9")
    t.equal("state of the other", t.guard.directory(other.id), None)
    t.equal("records of the other", other.incidents(), [])
    t.true("the other runs", other.running())


@scenario("podman-precreate", once=True, limit_s=90)
def podman_precreate(t):
    """One hook edits what podman made: the three hooks are in it, and all else stays."""
    podman = Podman(t)
    before, after = t.dir / "before.json", t.dir / "after.json"
    for name, file in (("00-before", before), ("zz-after", after)):
        podman.register(name, {"path": f"{t.rootfs}/bin/busybox", "args": ["tee", str(file)]},
                        "precreate")
    podman.register("oomguard", t.guard.hooks(stages=("precreate",))["precreate"][0],
                    "precreate")
    t.guard.set_policy(policy({"process": "kill"}))
    c = podman.run("init 0 await /box/go leak")
    check_edit(t, json.loads(before.read_text()), json.loads(after.read_text()), t.machine.hook)
    c.go()
    c.wait_incident(result="killed")
    c.wait_stopped()
    t.equal("podman's exit code", c.state()["ExitCode"], 137)


@scenario("podman-wrapper", once=True, runtimes=("runc",), limit_s=90)
def podman_wrapper(t):
    """A runtime of its own for podman: what it starts is guarded, by no hook of hooks.d."""
    t.configure("podman", "--mode", "wrapper")
    podman = Podman(t, runtime="oomguard")
    t.guard.set_policy(policy({"process": "report"}))
    c = podman.run("init 0 leak")
    t.equal("container", c.wait_incident(result="reported")[0]["id"], c.id)
    t.true("init still runs", c.running())
