# SPDX-License-Identifier: Apache-2.0
"""A containerd with a private root and state, for ctr and for the CRI."""

import json

from . import image
from .command import attempt, call
from .daemon import Daemon, program
from .guard import Guard

# Snapshotters and stores that the tests do not need, and that want to write elsewhere.
DISABLED = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
            "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
            "io.containerd.internal.v1.opt"]

CONFIG = """version = 2
root = "{dir}/root"
state = "{dir}/state"
disabled_plugins = {disabled}

[grpc]
  address = "{socket}"

[ttrpc]
  address = "{socket}.ttrpc"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  disable_tcp_service = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{dir}/cni/bin"
    conf_dir = "{dir}/cni/conf"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""

HANDLER = """
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}]
      runtime_type = "io.containerd.runc.v2"
      base_runtime_spec = "{spec}"
      pod_annotations = ["oomguard.io/*"]
      container_annotations = ["oomguard.io/*"]
"""


class Containerd(Daemon):
    name = "containerd"

    def __init__(self, machine):
        super().__init__(machine)
        self.program = program("ctr")
        self.socket = self.dir / "sock"
        self.config = self.dir / "config.toml"
        self.base_spec = self.dir / "base-spec.json"
        self.config.write_text(CONFIG.format(dir=self.dir, socket=self.socket, pause=image.PAUSE,
                                             disabled=json.dumps(DISABLED))
                               + HANDLER.format(name="oomguard", spec=self.base_spec))
        self.base_spec.write_text(json.dumps(self._guarded_spec()))

    def start(self):
        self.launch([program("containerd"), "--config", self.config], self.answers)
        archive = image.archive(self.machine)
        for namespace in ("default", "k8s.io"):
            call(self.argv("--namespace", namespace, "images", "import", archive))

    def _guarded_spec(self):
        spec = json.loads(call([self.program, "oci", "spec"]))
        spec["hooks"] = Guard.default(self.machine).hooks()
        return spec

    def argv(self, *words):
        return [self.program, "--address", self.socket, *words]

    def answers(self):
        return self.socket.exists() and attempt(self.argv("version")).returncode == 0
