# SPDX-License-Identifier: Apache-2.0
"""Pods through the CRI of containerd, as a kubelet asks for them."""

from harness import policy, scenario
from harness.containerd import Containerd
from harness.cri import Cri, Pod

ASKED = {"annotations": {"allow": ["on-oom-process"],
                         "bounds": {"on-oom-process": ["report", "kill", "restart"]}}}


@scenario("cri-report", needs=("host",), runtimes=("",), limit_s=120)
def cri_report(t):
    """The handler guards the containers of a pod, and not its sandbox."""
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "report"}))
    pod = Pod(t, cri, "oomguard")
    t.equal("state of the sandbox", t.guard.directory(pod.id), None)
    c = pod.run("app", "init 0 leak")
    incident = c.wait_incident(result="reported")[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("manager", incident["manager"], "kubernetes")
    t.true("init still runs", c.running())


@scenario("cri-untouched", needs=("host",), runtimes=("",), limit_s=120)
def cri_untouched(t):
    """A pod without the handler has nothing of ours."""
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "kill"}))
    c = Pod(t, cri, "").run("app", "init 0 leak")
    c.wait_line("child 0 killed by 9")
    t.equal("state", t.guard.directory(c.id), None)
    t.true("init still runs", c.running())


@scenario("cri-two-containers", runtimes=("",), limit_s=120)
def cri_two_containers(t):
    """An annotation for one container of the pod: that one ends as OOMKilled, the other runs."""
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "report"}, **ASKED))
    pod = Pod(t, cri, "oomguard", {"oomguard.io/on-oom-process.worker": "kill"})
    worker = pod.run("worker", "init 0 leak")
    other = pod.run("other", "init 0 leak")
    worker.wait_stopped()
    t.equal("reason", worker.state().reason, "OOMKilled")
    t.equal("exit code", worker.state().exit_code, 137)
    worker.wait_incident(result="killed")
    other.wait_incident(result="reported")
    t.true("the other still runs", other.running())


@scenario("cri-restart", runtimes=("",), limit_s=120)
def cri_restart(t):
    """restart only ends the init: to start it again is the kubelet's, who is told OOMKilled."""
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "restart"}, {"backoff": {"initial": "50ms"}}))
    pod = Pod(t, cri, "oomguard")
    c = pod.run("app", "init 0 leak")
    c.wait_stopped()
    t.equal("reason", c.state().reason, "OOMKilled")
    t.equal("starts", len(c.lines("init is up")), 1)
    t.equal("asked", c.wait_incident()[0]["asked"], "restart")
