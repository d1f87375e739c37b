# SPDX-License-Identifier: Apache-2.0
"""What happens while no shim watches, up to the poststart hook that starts one again.

Where the user's program has to do something before that, the runtime is crun: runc runs the
poststart hooks before it.
"""

import json
import subprocess

from harness import cgroups, policy, scenario
from harness.container import ended
from topics.failures import kill_shim


class Held:
    """A container that runs, while the runtime still waits for a hook before our poststart."""

    def __init__(self, t, args, document):
        self.t = t
        self.c = t.container(args, document)
        self.gate = self.c.dir / "gate"
        t.on_end(self.gate.touch)
        self.c.config["hooks"]["poststart"].insert(0, {
            "path": "/bin/sh", "env": ["PATH=/usr/bin:/bin"],
            "args": ["sh", "-c", 'until [ -e "$0" ]; do sleep 0.05; done', str(self.gate)]})
        (self.c.dir / "config.json").write_text(json.dumps(self.c.config))
        with open(self.c.output, "ab") as out, open(self.c.errors, "ab") as errors:
            self.run = subprocess.Popen(
                t.runtime.argv("run", "-d", "-b", self.c.dir, self.c.id),
                stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        t.on_end(self.run.kill)

    def let_go(self):
        self.gate.touch()
        self.t.equal("the runtime's exit", self.c.wait("run -d returns", lambda: ended(self.run)),
                     "0")


@scenario("oom-before-armed", runtimes=("crun",))
def oom_before_armed(t):
    """A kill between the hook and the arming of a shim is told by the first one that arms."""
    held = Held(t, "init 0 await /box/go leak", policy({"process": "report"}))
    c = held.c
    c.wait_line("awaiting")
    c.wait_phase("watching")
    kill_shim(t, c)
    # As one that died before it had a status.
    (t.guard.directory(c.id) / "status.json").unlink()
    c.go()
    c.wait_line("child 0 killed by 9")
    t.equal("kernel's count", cgroups.oom_kills(c.cgroup), 1)
    t.equal("incidents of nobody", c.incidents(), [])
    held.let_go()
    incident = c.wait_incident(result="reported")[0]
    t.equal("kills", incident["kills"], 1)
    t.equal("counted before", incident["counters"]["before"]["oomKill"], 0)
    c.wait("the kill is in the status", lambda: c.status().get("oomKills") == 1)


@scenario("oom-between-shims", runtimes=("crun",))
def oom_between_shims(t):
    """A shim that takes a dead one's place tells what came since, and nothing twice."""
    held = Held(t, "init 0 await /box/one leak -- await /box/two leak",
                policy({"process": "report"}))
    c = held.c
    c.wait_line("awaiting", count=2)
    c.wait_phase("watching")
    c.go("one")
    c.wait_incident(result="reported")
    c.wait("the kill is accounted for", lambda: c.status()["seen"]["oomKill"] == 1)
    kill_shim(t, c)
    c.go("two")
    c.wait("both are killed", lambda: cgroups.oom_kills(c.cgroup) == 2)
    held.let_go()
    c.wait_incident(count=2, result="reported")
    t.true("the plan tells of it",
           any("gone at poststart" in text for text in t.guard.plan(c.id)["problems"]))
    t.equal("kills of each", [i["kills"] for i in c.incidents()], [1, 1])


@scenario("init-in-child-cgroup")
def init_in_child_cgroup(t):
    """Settings are corrected in the container's own cgroup, wherever its init has gone."""
    held = Held(t, "init 0 sleep", policy(settings={"oomKiller": "on", "oomGroup": "on"}))
    c = held.c
    c.wait_phase("watching")
    file, ours, other = ("memory.oom_control", "0", "1") if cgroups.is_v1() else (
        "memory.oom.group", "1", "0")
    directory = cgroups.memory_dir(c.cgroup)
    (directory / file).write_text(other)
    (directory / "own").mkdir()
    for pid in cgroups.processes(c.cgroup):
        cgroups.move(f"{c.cgroup}/own", pid)
    held.let_go()
    text = (directory / file).read_text()
    t.true(f"{file} of the container is corrected, found {text!r}",
           text.strip() == ours or f"oom_kill_disable {ours}\n" in text)
    t.equal("drift is told", len(c.events("drift")), 1)
