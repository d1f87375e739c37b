# SPDX-License-Identifier: Apache-2.0
"""Users and our hooks meet: delete, cancel, many containers one after the other."""

import json
import shutil

from harness import policy, processes, scenario
from harness.guard import Guard

SLOW = {"max": 3, "within": "10m", "backoff": {"initial": "5m", "factor": 1, "max": "5m"}}


@scenario("delete-in-backoff")
def delete_in_backoff(t):
    """The user's delete while we wait to restart ends it: no restart, nothing left."""
    c = t.container("init 0 leak", policy({"process": "restart"}, SLOW))
    c.start()
    c.wait_phase("backoff")
    t.true("the container stands stopped", c.stopped())
    result = t.runtime.call("delete", c.id)
    t.equal("delete", (result.returncode, result.stdout.strip()), (0, ""))
    t.equal("the runtime knows it no more", c.state(), None)
    t.equal("starts", len(c.lines("init is up")), 1)


@scenario("cancel-in-backoff")
def cancel_in_backoff(t):
    """`oomguard cancel` keeps the container stopped, and the record says why."""
    c = t.container("init 0 leak", policy({"process": "restart"}, SLOW))
    c.start()
    c.wait_phase("backoff")
    t.equal("cancel", t.guard.cli("cancel", c.id)[0], 0)
    c.wait_incident(result="cancelled")
    c.wait_event("cancelled")
    t.true("the container stands stopped", c.stopped())


@scenario("cancel-unknown", runtimes=("",))
def cancel_unknown(t):
    """A container that nobody knows has an exit code of its own."""
    t.guard.root.mkdir(mode=0o700)
    t.equal("cancel", t.guard.cli("cancel", "no-such-container")[0], 3)


@scenario("list-and-prefix")
def list_and_prefix(t):
    """The CLI lists what is guarded and takes a unique beginning of an id."""
    a = t.container("init 0 sleep", policy(), name="left")
    b = t.container("init 0 leak", policy(), name="right")
    a.start()
    b.start()
    b.wait_incident(result="reported")
    code, _, said = t.guard.cli("list")
    t.true("both are listed", code == 0 and a.id in said and b.id in said)
    t.equal("status by a prefix", t.guard.cli("status", a.id[:-2])[0], 0)
    t.equal("status by a prefix of two", t.guard.cli("status", t.name(""))[0], 2)
    code, _, said = t.guard.cli("incidents", b.id)
    t.true("the incident is told", code == 0 and b.id in said)
    t.true("and not as another's", b.id not in t.guard.cli("incidents", a.id)[2])
    t.true("events are told", "armed" in t.guard.cli("events", a.id)[2])


@scenario("create-then-start")
def create_then_start(t):
    """A container made by create and start is guarded, but not restartable by us."""
    c = t.container("init 0 leak", policy({"process": "restart"}))
    with open(c.output, "ab") as out:
        t.equal("create", t.runtime.call("create", "-b", c.dir, c.id, stdout=out).returncode, 0)
        t.equal("start", t.runtime.call("start", c.id, stdout=out).returncode, 0)
    incident = c.wait_incident(result="killed")[0]
    t.equal("asked", incident["asked"], "restart")
    c.wait_stopped()
    t.equal("starts", len(c.lines("init is up")), 1)


@scenario("many", limit_s=300)
def many(t):
    """100 containers come and go; a shim that lives through it holds not one fd more."""
    neighbour = t.container("init 0 sleep", policy(), name="neighbour")
    neighbour.start()
    shim = neighbour.wait_phase("watching")["shim"]["pid"]
    if t.machine.cgroup_version() == "v1":
        # Open while one is registered.
        passing = ("cgroup.event_control", "memory.usage_in_bytes")
        t.wait("its thresholds are set", lambda: processes.eventfds(shim) == 3 and
               not any(fd.endswith(passing) for fd in processes.fds(shim)))
    before = sorted(processes.fds(shim))
    for number in range(100 if t.machine.kind == "host" else 12):
        c = t.container("init 0 sleep", policy(), name=f"n{number}")
        c.start()
        c.delete()
        t.equal("state directories", t.guard.directories(), [t.guard.directory(neighbour.id).name])
    t.equal("the neighbour's fds", sorted(processes.fds(shim)), before)
    t.wait("one shim lives", lambda: t.guard.shims() == [shim])


@scenario("default-root", needs=("host",))
def default_root(t):
    """Without --root incidents are where the command line tool looks, and outlive the state."""
    t.guard = Guard.default(t.machine)
    c = t.container("init 0 leak", policy({"process": "report"}))
    c.start()
    t.on_end(lambda: [file.unlink() for file in t.guard.incidents_dir.glob(f"*{c.id}*")])
    c.wait_incident(result="reported")
    t.true("no incident goes with the state", not (t.guard.root / "incidents").exists())
    t.true("it is told", c.id in t.guard.cli("incidents", c.id)[2])
    c.delete()
    t.true("it is told after poststop", c.id in t.guard.cli("incidents", c.id)[2])
    t.wait("no shim is left", lambda: not t.guard.shims())
    # As at boot.
    shutil.rmtree(t.guard.root)
    t.true("it is told without the state", c.id in t.guard.cli("incidents", c.id)[2])


@scenario("prune-behind-kept")
def prune_behind_kept(t):
    """Directories that have to stay do not keep the hook from removing others."""
    c = t.container("init 0 sleep", policy(), name="model")
    c.start()
    plan = t.guard.plan(c.id)
    c.delete()
    # An init that is gone: no process has that start time.
    plan["init"]["startTicks"] = 1
    plan["restart"] = {"way": "none", "why": "", "argv": [], "deleteArgv": [], "stateDir": ""}
    for number in range(30):
        poststop_comes = number >= 6
        directory = t.guard.root / "containers" / f"dead{number}-0123456789abcdef"
        directory.mkdir(mode=0o700)
        plan["container"]["id"] = f"dead{number}"
        plan["cleanupByPoststop"] = poststop_comes
        (directory / "plan.json").write_text(json.dumps(plan))
    t.container("init 0 sleep", policy(), name="next").start()
    left = [name for name in t.guard.directories() if name.startswith("dead")]
    t.equal("those that stay", len(left), 24)
    t.true("and no other", not any(t.guard.directory(f"dead{number}") for number in range(6)))
    for name in left:
        shutil.rmtree(t.guard.root / "containers" / name)


@scenario("switched-off")
def switched_off(t):
    """The kill switch: a shim lets an OOM be, comes back when it goes, and new ones pass by."""
    t.guard.root.mkdir(mode=0o700)
    switch = t.guard.root / "disabled"
    c = t.container("init 0 await /box/one leak -- await /box/two leak", policy({"process": "kill"}), name="watched")
    c.start()
    c.wait_line("awaiting", count=2)
    c.wait_phase("watching")
    switch.touch()
    c.wait_phase("switched-off")
    c.go("one")
    c.wait_line("child 0 killed by 9")
    t.equal("status tells", t.guard.cli("status", c.id)[1]["switchedOff"], str(switch))
    other = t.container("init 0 sleep", policy(), name="other", failure="closed")
    other.start()
    t.true("nobody guards what starts now", t.guard.directories() == [t.guard.directory(c.id).name])
    t.true("it runs", other.running())
    switch.unlink()
    c.wait_event("switched-on")
    c.wait_phase("watching")
    t.equal("incidents of the time between", c.incidents(), [])
    t.true("the first one runs", c.running())
    c.go("two")
    c.wait_incident(result="killed")
    c.wait_stopped()
