# SPDX-License-Identifier: Apache-2.0
"""Pods through the CRI of containerd, as a kubelet asks for them."""

from harness import policy, scenario
from harness.containerd import BASE_SPEC, WRAPPER, Containerd
from harness.cri import Cri, Pod
from harness.spec_diff import check_edit

ASKED = {"annotations": {"allow": ["on-oom-process"],
                         "bounds": {"on-oom-process": ["report", "kill", "restart"]}}}


@scenario("cri-untouched", once=True, runtimes=("",), limit_s=120)
def cri_untouched(t):
    """A pod without the handler has nothing of ours."""
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "kill"}))
    c = Pod(t, cri, "").run("app", "init 0 leak")
    c.wait_line("child 0 killed by 9")
    t.equal("state", t.guard.directory(c.id), None)
    t.true("init still runs", c.running())


def check_report(t, handler):
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "report"}))
    pod = Pod(t, cri, handler)
    t.equal("state of the sandbox", t.guard.directory(pod.id), None)
    c = pod.run("app", "init 0 leak")
    incident = c.wait_incident(result="reported")[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("who and where", [incident[key] for key in ("manager", "namespace", "pod", "container")],
            ["kubernetes", "default", pod.name, "app"])
    t.true("init still runs", c.running())
    return cri, pod, c


@scenario("cri-base-spec-report", once=True, runtimes=("",), limit_s=120)
def cri_base_spec_report(t):
    """The handler guards the containers of a pod, and not its sandbox."""
    check_report(t, BASE_SPEC)


@scenario("cri-wrapper-report", once=True, runtimes=("",), limit_s=120)
def cri_wrapper_report(t):
    """The same by the wrapper, which changes nothing else in config.json."""
    cri, pod, c = check_report(t, WRAPPER)
    check_edit(t, *cri.containerd.specs(c.id), t.machine.hook)
    made, read = cri.containerd.specs(pod.id)
    t.equal("the sandbox's config.json", read, made)


def check_two_containers(t, handler):
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "report"}, **ASKED))
    pod = Pod(t, cri, handler, {"oomguard.io/on-oom-process.worker": "kill"})
    worker = pod.run("worker", "init 0 leak")
    other = pod.run("other", "init 0 leak")
    worker.wait_stopped()
    t.equal("reason", worker.state().reason, "OOMKilled")
    t.equal("exit code", worker.state().exit_code, 137)
    worker.wait_incident(result="killed")
    other.wait_incident(result="reported")
    t.true("the other still runs", other.running())


@scenario("cri-base-spec-two-containers", runtimes=("",), limit_s=120)
def cri_base_spec_two_containers(t):
    """An annotation for one container of the pod: that one ends as OOMKilled, the other runs."""
    check_two_containers(t, BASE_SPEC)


@scenario("cri-wrapper-two-containers", runtimes=("",), limit_s=120)
def cri_wrapper_two_containers(t):
    """The same by the wrapper."""
    check_two_containers(t, WRAPPER)


@scenario("cri-restart", once=True, runtimes=("",), limit_s=120)
def cri_restart(t):
    """restart only ends the init: to start it again is the kubelet's, who is told OOMKilled."""
    cri = Cri(t.engine(Containerd))
    t.guard.set_policy(policy({"process": "restart"}, {"backoff": {"initial": "50ms"}}))
    pod = Pod(t, cri, BASE_SPEC)
    c = pod.run("app", "init 0 leak")
    c.wait_stopped()
    t.equal("reason", c.state().reason, "OOMKilled")
    t.equal("starts", len(c.lines("init is up")), 1)
    t.equal("asked", c.wait_incident()[0]["asked"], "restart")
