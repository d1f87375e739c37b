# SPDX-License-Identifier: Apache-2.0
"""Failure 5: zombies that nobody reaps, processes that SIGKILL does not end, and containers that
are started again all at once."""

import shutil
import subprocess

from harness import Failure, policy, processes, scenario
from harness.facts import check_answers

FAST = {"max": 3, "backoff": {"initial": "50ms", "factor": 1, "max": "50ms"}}
SPAWNER = "init 0 name spawner zombies"
PIDS = 200


def spawner(c):
    return next(iter(c.pids("spawner")), None)


@scenario("seed5-zombies-control", runtimes=("runc",))
def zombies_control(t):
    """They pile up until no process can be started any more, and stay."""
    c = t.bare(SPAWNER, pids=PIDS)
    c.start()
    c.wait_line("zombies")
    parent = spawner(c)
    count = c.wait("the pids are used up",
                   lambda: len(processes.zombies_of(parent)) >= PIDS - 2 and
                   len(processes.zombies_of(parent)))
    t.stays("they stay", lambda: len(processes.zombies_of(parent)) == count, 1)
    t.true("the runtime says that it runs", c.running())
    t.note(f"{count} zombies of {PIDS} pids, no fork succeeds")


# v2 has no threshold that would tell in time.
@scenario("seed5-zombies-cure", needs=("v1",), runtimes=("runc",))
def zombies_cure(t):
    """What they keep charged nears the limit: an event that names the parent, and the end."""
    # An emulated machine fills the last tenth while the shim counts, and reads slowly.
    c = t.container(SPAWNER, policy(profile={"onZombies": {"above": 100, "action": "kill"},
                                             "onNearLimit": {"at": "50%"},
                                             "evidence": {"budget": "2s"}}), limit=12 << 20)
    c.start()
    parent = c.wait("the spawner runs", lambda: spawner(c))
    event = c.wait_event("zombies")[0]
    t.equal("the parent", (event["pid"], event["comm"]), (parent, "spawner"))
    t.true("they are counted", event["zombies"] > 100)
    incident = c.wait_incident(result="killed")[0]
    t.equal("stall", incident["stall"], "zombies")
    pile = incident["processes"]["zombies"][0]
    t.equal("the parent on record", (pile["ppid"], pile["comm"]), (parent, "spawner"))
    t.true("counted with the others", incident["processes"]["byState"]["Z"] > 100)
    c.wait_stopped()
    check_answers(t, c, incident, verdicts=["zombies"], killed="nobody by the kernel",
                  done="the container was killed", change="wait() for its children")
    t.note(f"{event['zombies']} zombies of one parent on record, container ended")


# v1 of kernel 6.18 tells nobody that the limit of pids was hit.
@scenario("seed5-zombies-pids", needs=("v2",), runtimes=("runc",))
def zombies_pids(t):
    """A pile that uses up the pids is told of, once."""
    c = t.container(SPAWNER, policy(profile={"onZombies": {"above": 100}}), pids=PIDS)
    c.start()
    c.wait_incident(result="reported")
    t.true("it runs on", c.running())
    t.stays("it is told once", lambda: len(c.events("zombies")) == 1, 1)


class FrozenDisk:
    """A file system of its own that stops all who write to it, in D, until it is thawed."""

    def __init__(self, t):
        for tool in ("mkfs.ext4", "fsfreeze", "losetup"):
            if not shutil.which(tool):
                raise Failure(f"{tool} is not installed")
        self.image, self.path = t.dir / "disk", t.dir / "mounted"
        self.path.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(16 << 20)
        self.call("mkfs.ext4", "-q", self.image)
        self.call("mount", "-o", "loop", self.image, self.path)
        self.frozen = False
        t.on_end(self.close)

    @staticmethod
    def call(*words):
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, timeout=30)

    def freeze(self):
        self.call("fsfreeze", "-f", self.path)
        self.frozen = True

    def thaw(self):
        if self.frozen:
            self.call("fsfreeze", "-u", self.path)
            self.frozen = False

    def close(self):
        self.thaw()
        self.call("umount", "-l", self.path)


def a_task_in_d(t, make):
    """A container whose writer cannot be killed for as long as the disk is frozen."""
    disk = FrozenDisk(t)
    c = make("init 0 await /box/go once /box/mark leak -- name writer write /more/file",
             binds=[(disk.path, "/more")])
    c.start()
    c.wait_line("writing")
    c.wait_line("awaiting")
    writer = c.pids("writer")[0]
    disk.freeze()
    # Thawed before the container is deleted, whatever happens.
    t.on_end(disk.thaw)
    c.wait("the writer is in D", lambda: processes.state(writer) == "D")
    return disk, c, writer


@scenario("seed5-d-state-control", needs=("host",), runtimes=("runc",))
def d_state_control(t):
    """SIGKILL does not end it: who starts the container again now has two of it."""
    disk, c, writer = a_task_in_d(t, t.bare)
    t.runtime.call("kill", c.id, "KILL")
    t.stays("SIGKILL does not end it", lambda: processes.state(writer) == "D", 2)
    disk.thaw()
    c.wait("it is gone at last", lambda: not processes.state(writer))


@scenario("seed5-d-state-cure", needs=("host",))
def d_state_cure(t):
    """The task is named with what it waits in, and nothing is started before it is gone."""
    disk, c, writer = a_task_in_d(
        t, lambda *args, **more: t.container(args[0], policy({"process": "restart"}, FAST),
                                             **more))
    c.go()
    left = c.wait_event("killed")[0]
    t.true("some could not be killed", left["remaining"] > 0)
    c.wait_phase("backoff")
    t.stays("no restart while it lives",
            lambda: processes.state(writer) == "D" and not c.events("restart"), 2)
    disk.thaw()
    incident = c.wait_incident(result="restarted")[0]
    named = {task["pid"]: task for task in incident["left"]}
    t.true("the writer is on record", writer in named)
    t.equal("its state", named[writer]["state"], "D")
    t.true("what it waits in", named[writer]["wchan"])
    report = c.report(incident)
    judged = {verdict["name"]: verdict for verdict in report["verdicts"]}
    t.true(f"that it does not go is told in {list(judged)}", "unkillable" in judged)
    t.true("with its name", "writer" in judged["unkillable"]["figures"][0]["text"])
    c.wait_line("once is over")
    t.note(f"no restart while pid {writer} slept in {named[writer]['wchan']}")


COUNT = """
[ -e {0}/failing ] || exit 0
mkdir {0}/running/$$ && ls {0}/running | wc -l >>{0}/counts && sleep 0.2
rmdir {0}/running/$$
"""


def a_dozen(t, at_once):
    """Twelve containers fail together. Their own hook counts how many are started at a time."""
    (t.dir / "running").mkdir()
    hook = {"path": "/bin/sh", "args": ["sh", "-c", COUNT.format(t.dir)],
            "env": ["PATH=/usr/bin:/bin"]}
    document = policy({"process": "restart"}, FAST, host={"maxConcurrentRestarts": at_once})
    dozen = [t.container("init 0 await /box/go once /box/mark leak", document, name=f"n{number}",
                         limit=24 << 20, more_hooks={"createRuntime": [hook]})
             for number in range(12)]
    for c in dozen:
        c.start()
        c.wait_line("awaiting")
    (t.dir / "failing").touch()
    for c in dozen:
        c.go()
    for c in dozen:
        c.wait_incident(result="restarted")
    counts = [int(line) for line in (t.dir / "counts").read_text().split()]
    t.equal("restarts", len(counts), 12)
    t.note(f"at most {max(counts)} of 12 restarts at a time")
    return max(counts)


@scenario("seed5-dozen-control", needs=("host",), runtimes=("runc",), limit_s=120)
def dozen_control(t):
    """Unbounded they all come together."""
    t.true("many at once", a_dozen(t, 64) > 4)


@scenario("seed5-dozen-cure", needs=("host",), runtimes=("runc",), limit_s=120)
def dozen_cure(t):
    """host.maxConcurrentRestarts holds."""
    t.true("at most two at once", a_dozen(t, 2) <= 2)
