# SPDX-License-Identifier: Apache-2.0
"""A containerd with a private root and state, for ctr and for the CRI."""

import json

from . import containerd_config, image
from .command import attempt, call
from .daemon import Daemon
from .guard import Guard

# The two ways in: a handler with hooks in its base spec, and one with the wrapper as its runtime.
BASE_SPEC = "base-spec"
WRAPPER = "oomguard"


class Containerd(Daemon):
    name = "containerd"

    def __init__(self, machine):
        super().__init__(machine)
        self.socket = self.dir / "sock"
        self.config = self.dir / "config.toml"
        self.base_spec = self.dir / "base-spec.json"
        self.version = containerd_config.version(self.programs)
        self.config.write_text(containerd_config.text(self.version, self.dir, self.socket))
        with open(self.config, "a", encoding="utf-8") as config:
            config.write(containerd_config.handler(self.version, BASE_SPEC, self.base_spec))
        self.base_spec.write_text(json.dumps(self._guarded_spec()))

    def start(self):
        self.register(self.config, "--edit", "--handler", WRAPPER)
        self.launch(self.programs.argv("containerd", "--config", self.config), self.answers)
        archive = image.archive(self.machine)
        for namespace in ("default", "k8s.io"):
            call(self.argv("--namespace", namespace, "images", "import", archive))

    def _guarded_spec(self):
        spec = json.loads(call(self.programs.argv("ctr", "oci", "spec")))
        spec["hooks"] = Guard.default(self.machine).hooks()
        return spec

    def argv(self, *words):
        return self.programs.argv("ctr", "--address", self.socket, *words)

    def specs(self, container_id, namespace="k8s.io"):
        """config.json as containerd made it and as the runtime read it."""
        made = json.loads(call(self.argv("--namespace", namespace, "containers", "info",
                                         container_id)))
        bundle = self.dir / "state/io.containerd.runtime.v2.task" / namespace / container_id
        return made["Spec"], json.loads((bundle / "config.json").read_text())

    def answers(self):
        return self.socket.exists() and attempt(self.argv("version")).returncode == 0
