# SPDX-License-Identifier: Apache-2.0
"""A shim dies under a container that lives: `doctor` says so, `recover` mends it."""

import contextlib
import json
import os
import signal
import subprocess

from harness import cgroups, policy, scenario
from topics.failures import kill_shim


def findings(t, check):
    """What `doctor` says under one name, and its exit code."""
    code, document, said = t.guard.cli("doctor")
    t.true(f"doctor printed a document, not {said[-300:]!r}", document)
    return code, [f for f in document["findings"] if f["check"] == check]


def states(t):
    """STATE by container id, as `list` has it."""
    _, document, _ = t.guard.cli("list")
    return {c["id"]: c["state"] for c in document["containers"]}


def results(t):
    """Result by container id. In the runtime's mount namespace, where a restart has to be done."""
    done = subprocess.run(
        t.runtime.wrap(t.machine.cli, *t.guard.root_words, "--json", "recover"), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, check=False)
    t.equal("exit of recover", done.returncode, 0)
    return {c["id"]: c["result"] for c in json.loads(done.stdout)["containers"]}


@scenario("recover-lost-shim")
def recover_lost_shim(t):
    """doctor names the container and the remedy; the remedy works; an OOM after it is acted on."""
    c = t.container("init 0 await /box/go leak", policy({"process": "kill"}))
    c.start()
    c.wait_line("awaiting")
    c.wait_phase("watching")
    code, found = findings(t, "shims")
    t.equal("levels while it is watched", [f["level"] for f in found], ["ok"])
    t.equal("nothing to recover", results(t), {c.id: "watched"})

    lost = c.status()["shim"]["pid"]
    kill_shim(t, c)
    t.equal("state without a shim", states(t), {c.id: "shim-dead"})
    code, found = findings(t, "shims")
    t.equal("exit of doctor", code, 1)
    t.equal("levels", [f["level"] for f in found], ["fail"])
    t.true(f"the container is named in {found[0]['text']!r}", c.id in found[0]["text"])
    t.equal("remedy", found[0]["remedy"], "oomguard recover")

    t.equal("recovered", results(t), {c.id: "recovered"})
    t.equal("levels after it", [f["level"] for f in findings(t, "shims")[1]], ["ok"])
    pid = c.status()["shim"]["pid"]
    t.true(f"another shim, pid {pid}", pid != lost and pid in t.guard.shims())
    t.true("the shim is not among the container's processes", pid not in c.pids())
    t.equal("once more: nothing to do", results(t), {c.id: "watched"})
    t.equal("the same shim", c.status()["shim"]["pid"], pid)
    t.equal("told", len(c.events("recovered")), 1)
    t.equal("nothing was missed", c.events("missed"), [])

    c.go()
    c.wait_incident(result="killed")
    c.wait("the container was killed", c.stopped)
    t.equal("incidents", [i["kills"] for i in c.incidents()], [1])


@scenario("recover-missed-oom")
def recover_missed_oom(t):
    """A kill that came while nobody watched is told and acted on by the next shim."""
    c = t.container("init 0 await /box/go leak", policy({"process": "kill"}))
    c.start()
    c.wait_line("awaiting")
    c.wait_phase("watching")
    kill_shim(t, c)
    c.go()
    c.wait_line("child 0 killed by 9")
    t.equal("kernel's count", cgroups.oom_kills(c.cgroup), 1)
    t.equal("incidents of nobody", c.incidents(), [])
    t.equal("recovered", results(t), {c.id: "recovered"})
    missed = c.wait_event("missed")[0]
    t.equal("kills that are told", missed["kills"], 1)
    t.equal("kills on record", c.wait_incident(result="killed")[0]["kills"], 1)
    c.wait("the container was killed", c.stopped)


@scenario("recover-restarts")
def recover_restarts(t):
    """The shim that recover starts restarts the container as the first one would have."""
    c = t.container("init 0 await /box/go once /box/mark leak",
                    policy({"process": "restart"}, {"max": 3, "backoff": {"initial": "10ms"}}))
    c.start()
    c.wait_line("awaiting")
    c.wait_phase("watching")
    kill_shim(t, c)
    t.equal("recovered", results(t), {c.id: "recovered"})
    c.go()
    c.wait_incident(result="restarted")
    c.wait("the next incarnation is watched", lambda: results(t) == {c.id: "watched"})


@scenario("recover-leaves-alone", runtimes=("runc",))
def recover_leaves_alone(t):
    """Unguarded and ended containers stay as they are, and nothing is started for them."""
    document = policy({"process": "report"})
    document["annotations"] = {"allow": ["disable"]}
    off = t.container("init 0 sleep", document, "off",
                      annotations={"oomguard.io/disable": "true"})
    off.start()
    ended = t.container("init 0 sleep", policy({"process": "report"}), "ended")
    ended.start()
    ended.wait_phase("watching")
    kill_shim(t, ended)
    ended.kill_init()
    ended.wait("its init is gone", ended.stopped)
    t.equal("states", states(t), {off.id: "unguarded", ended.id: "ended"})
    t.equal("results", results(t), {off.id: "unguarded", ended.id: "ended"})
    t.equal("shims", t.guard.shims(), [])
    code, left = findings(t, "leftover")
    t.equal("leftover", [f["level"] for f in left], ["warn"])
    t.true(f"it is named in {left[0]['text']!r}", ended.id in left[0]["text"])


@scenario("recover-switched-off", runtimes=("runc",))
def recover_switched_off(t):
    """While the kill switch is there no shim is started; when it is gone one is."""
    c = t.container("init 0 sleep", policy({"process": "report"}))
    c.start()
    c.wait_phase("watching")
    kill_shim(t, c)
    (t.guard.root / "disabled").touch()
    t.equal("results", results(t), {})
    t.equal("shims", t.guard.shims(), [])
    t.equal("the switch is found", [f["level"] for f in findings(t, "switch")[1]], ["warn"])
    (t.guard.root / "disabled").unlink()
    t.equal("results", results(t), {c.id: "recovered"})


@scenario("doctor-looks-at-containers", runtimes=("runc",))
def doctor_looks_at_containers(t):
    """A stopped shim, a changed setting, a missing limit, too large limits: each is found."""
    keep_not = policy({"process": "report"}, settings={"oomKiller": "on", "keep": False})
    changed = t.container("init 0 sleep", keep_not, "changed", swap=None)
    changed.start()
    changed.wait_phase("watching")
    bare = t.container("init 0 sleep", policy({"process": "report"}), "bare", limit=None)
    bare.start()
    bare.wait_phase("watching")
    t.equal("settings", [f["level"] for f in findings(t, "settings")[1]], ["ok"])
    limits = findings(t, "limits")[1]
    t.equal("levels of limits", [f["level"] for f in limits], ["warn"])
    t.true(f"who has none, {limits[0]['text']!r}",
           bare.id in limits[0]["text"] and changed.id not in limits[0]["text"])
    t.equal("overcommit", [f["level"] for f in findings(t, "overcommit")[1]], ["ok"])

    directory = cgroups.memory_dir(changed.cgroup)
    if cgroups.is_v1():
        (directory / "memory.oom_control").write_text("1")
        found = findings(t, "settings")[1]
        t.equal("levels of settings", [f["level"] for f in found], ["warn"])
        t.true(f"what changed, {found[0]['text']!r}", "settings.oomKiller" in found[0]["text"])
    (directory / ("memory.limit_in_bytes" if cgroups.is_v1() else "memory.max")).write_text(
        str(1 << 50))
    t.equal("overcommit", [f["level"] for f in findings(t, "overcommit")[1]], ["warn"])

    pid = bare.status()["shim"]["pid"]
    stop(t, pid)
    code, found = findings(t, "shims-run")
    t.equal("exit of doctor", code, 1)
    t.equal("stopped", [f["remedy"] for f in found], [f"kill -CONT {pid}"])


def go_on(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def stop(t, pid):
    os.kill(pid, signal.SIGSTOP)
    t.on_end(go_on, pid)
    t.wait("it is stopped", lambda: open(f"/proc/{pid}/stat").read().split()[2] == "T")
