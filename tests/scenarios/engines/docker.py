# SPDX-License-Identifier: Apache-2.0
"""Docker offers oomguard as a runtime beside its own."""

from harness import policy, scenario
from harness.docker import Docker
from harness.spec_diff import check_edit

GUARDED = ("--runtime", "oomguard")


@scenario("docker-untouched", once=True, runtimes=("",), limit_s=120)
def docker_untouched(t):
    """A container of Docker's own runtime is not guarded: a child dies, and nobody is told."""
    docker = t.engine(Docker)
    t.guard.set_policy(policy({"process": "kill"}))
    c = docker.run(t, "init 0 leak")
    c.wait_line("child 0 killed by 9")
    t.true("init still runs", c.running())
    t.equal("state of it", t.guard.directory(c.id), None)


@scenario("docker-report", once=True, runtimes=("",), limit_s=120)
def docker_report(t):
    """--runtime oomguard: a record of what Docker tells nobody before the container has ended."""
    docker = t.engine(Docker)
    t.guard.set_policy(policy({"process": "report"}))
    c = docker.run(t, "init 0 leak", *GUARDED)
    incident = c.wait_incident(result="reported")[0]
    t.equal("manager", incident["manager"], "docker")
    t.equal("container", incident["id"], c.id)
    t.true("init still runs", c.running())
    check_edit(t, *docker.specs(c.id), t.machine.hook)


@scenario("docker-kill", once=True, runtimes=("",), limit_s=120)
def docker_kill(t):
    """kill ends the container as one that was OOM-killed."""
    docker = t.engine(Docker)
    t.guard.set_policy(policy({"process": "kill"}))
    c = docker.run(t, "init 0 leak", *GUARDED)
    c.wait_incident(result="killed")
    c.wait_stopped()
    state = c.state()
    t.equal("Docker's words", (state["OOMKilled"], state["ExitCode"]), (True, 137))


@scenario("docker-restart", runtimes=("",), limit_s=120)
def docker_restart(t):
    """restart kills the init, and Docker starts the container again by its restart policy."""
    docker = t.engine(Docker)
    t.guard.set_policy(policy({"process": "restart"}, {"backoff": {"initial": "50ms"}}))
    c = docker.run(t, "init 0 once /box/mark leak", "--restart", "on-failure:5", *GUARDED)
    t.equal("asked", c.wait_incident()[0]["asked"], "restart")
    c.wait_line("once is over")
    c.wait("it runs", c.running)
    t.equal("Docker's count of restarts", docker.inspect(c.id)["RestartCount"], 1)
    c.wait("the new one is guarded", lambda: c.status().get("phase") == "watching")


@scenario("docker-profile", once=True, runtimes=("",), limit_s=120)
def docker_profile(t):
    """A second runtime gives its containers another profile: Docker 20.10 has no annotations."""
    docker = t.engine(Docker)
    document = policy({"process": "report"})
    document["profiles"]["worker"] = {"onOom": {"process": "kill"}}
    t.guard.set_policy(document)
    worker = docker.run(t, "init 0 leak", "--runtime", "oomguard-worker", name="worker")
    other = docker.run(t, "init 0 leak", *GUARDED, name="other")
    t.equal("profile", worker.wait_incident(result="killed")[0]["profile"], "worker")
    t.equal("profile", other.wait_incident(result="reported")[0]["profile"], "default")
    t.true("the other runs", other.running())
