# SPDX-License-Identifier: Apache-2.0
"""A restart by the runtime: what the next incarnation gets, and users who come in between."""

import json
import os
import pathlib
import select
import signal
import stat
import subprocess

from harness import policy, scenario
from harness.container import ended

FAST = {"max": 3, "within": "10m", "backoff": {"initial": "50ms", "factor": 1, "max": "50ms"}}
# Not longer than the scenario, whose directory goes with it.
HELD = ": >{0}/held; while [ -d {0} ] && [ ! -e {0}/free ]; do sleep 0.05; done"


def held_in_delete(t, c):
    """The shim's own delete hangs in a hook of somebody else's, before ours, until it is let go."""
    c.config["hooks"]["poststop"].insert(0, {
        "path": "/bin/sh", "args": ["sh", "-c", HELD.format(c.box)], "env": ["PATH=/usr/bin:/bin"]})
    (c.dir / "config.json").write_text(json.dumps(c.config))
    t.on_end(c.go, "free")


def wait_restarting(t, c):
    c.start()
    c.go()
    c.wait_phase("restarting")
    c.wait("its own delete is under way", (c.box / "held").exists)


@scenario("delete-while-restarting")
def delete_while_restarting(t):
    """A delete that is not the shim's own ends it, even while its runtime hangs: no new start."""
    c = t.container("init 0 await /box/go once /box/mark leak",
                    policy({"process": "restart"}, FAST))
    held_in_delete(t, c)
    wait_restarting(t, c)
    hook = subprocess.run(t.guard.hook_args("poststop", c.dir / "policy.json", "open", "20s"),
                          executable=t.machine.hook, text=True, env={}, timeout=60, check=False,
                          input=json.dumps({"ociVersion": "1.0.2", "id": c.id, "status": "stopped",
                                            "bundle": str(c.dir), "root": str(t.runtime.root)}))
    t.equal("the hook", hook.returncode, 0)
    t.equal("shims and helpers", t.guard.shims(), [])
    t.equal("state", t.guard.directory(c.id), None)
    t.equal("result", c.incidents()[0]["result"], "cancelled")
    c.go("free")
    t.equal("starts", len(c.lines("init is up")), 1)


@scenario("cancel-while-restarting")
def cancel_while_restarting(t):
    """A cancel while the container is run again reaches the shim, and is the last word."""
    c = t.container("init 0 await /box/go leak", policy({"process": "restart"}, FAST))
    held_in_delete(t, c)
    wait_restarting(t, c)
    shim = os.pidfd_open(c.status()["shim"]["pid"])
    t.on_end(os.close, shim)
    code, document, said = t.guard.cli("cancel", c.id)
    t.equal("cancel", code, 0)
    t.true(f"the shim was told: {said}", document["shimTold"])
    # The run fails: there would be another try.
    (c.dir / "config.json").rename(c.dir / "gone.json")
    c.go("free")
    t.equal("result", c.wait_incident()[0]["result"], "cancelled")
    c.wait("the shim is gone, and its lock with it",
           lambda: select.select([shim], [], [], 0) != ([], [], []))
    t.equal("starts", len(c.lines("init is up")), 1)
    t.equal("tries", len(c.events("restart")), 1)
    # Deleted by the shim and not run: the state goes when the next container starts.
    t.container("init 0 sleep", policy(), name="next").start()
    t.equal("state that is left", t.guard.directory(c.id), None)


@scenario("restart-same-caller")
def restart_same_caller(t):
    """The next incarnation and its pid file are as the first: umask and timer slack of the caller."""
    c = t.container("init 0 await /box/go once /box/mark leak",
                    policy({"process": "restart"}, FAST))
    pid_file = c.dir / "pid"

    def seen():
        slack = pathlib.Path(f"/proc/{c.init_pid()}/timerslack_ns").read_text().strip()
        return stat.S_IMODE(os.stat(pid_file).st_mode), slack

    with open(c.output, "ab") as out:
        argv = t.runtime.argv("run", "-d", "-b", c.dir, "--pid-file", pid_file, c.id)
        run = subprocess.Popen(["sh", "-c", 'umask 026; exec "$@"', "sh", *map(str, argv)],
                               stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    t.equal("run", c.wait("the runtime ends", lambda: ended(run)), "0")
    first, pid = seen(), c.init_pid()
    c.go()
    c.wait_event("restarted")
    c.wait("another init", lambda: c.running() and c.init_pid() != pid)
    t.equal("mode of the pid file, timer slack", seen(), first)


@scenario("helper-killed")
def helper_killed(t):
    """Without its helper the shim goes on at rest, and an OOM ends in a kill that says why."""
    c = t.container("init 0 await /box/go leak", policy({"process": "restart"}, FAST))
    c.start()
    shim = c.wait_phase("watching")["shim"]["pid"]
    helpers = [pid for pid in t.guard.shims() if pid != shim]
    t.equal("helpers", len(helpers), 1)
    os.kill(helpers[0], signal.SIGKILL)
    c.wait_event("problem")
    c.go()
    incident = c.wait_incident()[0]
    t.equal("result", (incident["decision"], incident["result"]), ("kill", "killed"))
    t.true("the reason names it", "helper" in incident["reason"])


@scenario("history-unwritable")
def history_unwritable(t):
    """A restart that cannot be counted is not done: killed, and left stopped."""
    t.guard.root.mkdir(mode=0o700)
    (t.guard.root / "history").touch()
    c = t.container("init 0 leak", policy({"process": "restart"}, FAST))
    c.start()
    incident = c.wait_incident(result="gave-up")[0]
    t.equal("decision", incident["decision"], "give-up")
    t.true("the reason tells", "cannot be counted" in incident["reason"])
    c.wait_stopped()
    c.wait("the shim is gone", lambda: not t.guard.shims())
    t.equal("starts", len(c.lines("init is up")), 1)
