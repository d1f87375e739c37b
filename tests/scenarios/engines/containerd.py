# SPDX-License-Identifier: Apache-2.0
"""containerd by ctr: what it sees of an OOM, and of our kill."""

import subprocess

from harness import policy, scenario
from harness.command import attempt, call
from harness.containerd import Containerd


class Task:
    """A bundle of ours that containerd runs."""

    def __init__(self, t, containerd, c, runtime):
        self.containerd = containerd
        self.c = c
        t.on_end(self.remove)
        call(containerd.argv("run", "-d", "--log-uri", f"file://{c.output}", "--runc-root",
                             t.runtime.root, "--runc-binary", runtime, "--config",
                             c.dir / "config.json", c.id))

    def state(self):
        """RUNNING, STOPPED, or empty when it is gone."""
        for line in call(self.containerd.argv("task", "ls")).splitlines():
            if line.split()[0] == self.c.id:
                return line.split()[-1]
        return ""

    def remove(self):
        for words in (("task", "rm", "-f", self.c.id), ("container", "rm", self.c.id)):
            attempt(self.containerd.argv(*words))


class Events:
    """What containerd publishes from now on."""

    def __init__(self, t, containerd):
        self.file = t.dir / "events"
        with open(self.file, "wb") as out:
            self.process = subprocess.Popen(list(map(str, containerd.argv("events"))),
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        t.on_end(self.stop)

    def of(self, topic, container_id):
        return [line for line in self.file.read_text().splitlines()
                if f" {topic} " in line and container_id in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


def check_kill(t, hooks, runtime):
    containerd = t.engine(Containerd)
    events = Events(t, containerd)
    t.guard.set_policy(policy({"process": "kill"}))
    c = t.container("init 0 await /box/go leak", policy(), hooks=hooks)
    task = Task(t, containerd, c, runtime)
    c.wait("events are told", lambda: events.of("/tasks/start", c.id))
    c.go()
    incident = c.wait_incident(result="killed")[0]
    t.equal("slot", incident["slot"], "process")
    c.wait("the task is stopped", lambda: task.state() == "STOPPED")
    c.wait("/tasks/oom", lambda: events.of("/tasks/oom", c.id))
    exits = c.wait("/tasks/exit", lambda: events.of("/tasks/exit", c.id))
    t.true("the exit code", '"exit_status":137' in exits[-1])
    task.remove()


@scenario("containerd-kill", once=True, runtimes=("runc",), limit_s=120)
def containerd_kill(t):
    """A child of a task is killed, and kill brings the task down; containerd tells of the OOM."""
    t.engine(Containerd)
    check_kill(t, t.guard.hooks(), t.runtime.path)


@scenario("containerd-wrapper", once=True, runtimes=("runc",), limit_s=120)
def containerd_wrapper(t):
    """The same by the wrapper, with a config.json that has no hooks."""
    check_kill(t, {}, t.machine.runtimes / "oomguard-runc")
