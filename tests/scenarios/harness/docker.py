# SPDX-License-Identifier: Apache-2.0
"""A Docker daemon with a private root and socket, for all scenarios of a run."""

import json

from . import image
from .command import attempt, call
from .daemon import Daemon
from .engine_container import LIMIT, EngineContainer, make_box
from .errors import Failure
from .guard import Guard, policy
from .inspected import Inspected


class Docker(Inspected, Daemon):
    name = "docker"

    def __init__(self, machine):
        super().__init__(machine)
        self.socket = self.dir / "sock"
        self.config = self.dir / "daemon.json"
        # The machine is left alone: no bridge, no firewall rules.
        self.config.write_text(json.dumps({
            "data-root": f"{self.dir}/root", "exec-root": f"{self.dir}/exec",
            "pidfile": f"{self.dir}/pid", "hosts": [f"unix://{self.socket}"], "group": "root",
            "iptables": False, "ip6tables": False, "ip-forward": False, "ip-masq": False,
            "bridge": "none", "storage-driver": "overlay2", "cgroup-parent": self.cgroup,
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}},
        }, indent=2))

    def start(self):
        # One for the policy's rules, and one for its profile "worker", which has to be there.
        Guard.default(self.machine).set_policy(policy(profiles={"worker": {}}))
        self.register(self.config)
        self.register(self.config, "--handler", "oomguard-worker", "--profile", "worker")
        self.launch(self.programs.argv("dockerd", "--config-file", self.config), self.answers)
        call(self.argv("load", "-i", image.archive(self.machine)))

    def argv(self, *words):
        return self.programs.argv("docker", "--host", f"unix://{self.socket}", *words)

    def answers(self):
        return attempt(self.argv("version")).returncode == 0

    def run(self, t, args, *options, name="c"):
        name = t.name(name)
        box = make_box(t, name)
        full_id = call(self.argv(
            "run", "-d", "--name", name, "--network", "none", "--memory", LIMIT,
            "--memory-swap", LIMIT, "-v", f"{box}:/box", *options, image.LOAD, "/bin/load",
            *args.split()))
        return EngineContainer(t, self, full_id, f"{self.cgroup}/{full_id}", box)

    def specs(self, container_id):
        """config.json as Docker made it and as the runtime read it."""
        state = self.dir / "exec/containerd"
        made = json.loads(call(self.programs.argv(
            "ctr", "--address", state / "containerd.sock", "--namespace", "moby", "containers",
            "info", container_id)))
        bundle = state / "daemon/io.containerd.runtime.v2.task/moby" / container_id
        return made["Spec"], json.loads((bundle / "config.json").read_text())

    def remove(self, container_id):
        result = attempt(self.argv("rm", "-f", container_id))
        if result.returncode and "No such container" not in result.stderr:
            raise Failure(f"docker rm: {result.stderr[-400:]}")

    def stop(self):
        if self.process and self.process.poll() is None:
            for container in attempt(self.argv("ps", "-aq")).stdout.split():
                attempt(self.argv("rm", "-f", container))
        return super().stop()
