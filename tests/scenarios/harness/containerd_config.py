# SPDX-License-Identifier: Apache-2.0
"""config.toml of a containerd with a private root and state: version 2 and 3."""

from . import image
from .command import call

COMMON = """version = {version}
root = "{dir}/root"
state = "{dir}/state"
# What the tests do not need, and what wants to write elsewhere.
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[grpc]
  address = "{socket}"

[ttrpc]
  address = "{socket}.ttrpc"
"""

# Containers have no lower oom_score_adj than containerd where the machine forbids that, pods are on
# the node's network, and their sandbox is of an image that was imported.
CRI = {
    2: """
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
""",
    3: """
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{pause}"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  enable_unprivileged_ports = false
  enable_unprivileged_icmp = false

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{dir}/cni/bin"]
    conf_dir = "{dir}/cni/conf"
""",
}
PLUGIN = {2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}

HANDLER = """
    [plugins."{plugin}".containerd.runtimes.{name}]
      runtime_type = "io.containerd.runc.v2"
      pod_annotations = ["oomguard.io/*"]
      container_annotations = ["oomguard.io/*"]
      base_runtime_spec = "{path}"
"""


def version(programs):
    """containerd 2 writes version 3."""
    said = call(programs.argv("containerd", "--version")).split()[2]
    return 3 if int(said.lstrip("v").split(".")[0]) >= 2 else 2


def text(config_version, directory, socket):
    return (COMMON + CRI[config_version]).format(version=config_version, dir=directory,
                                                 socket=socket, pause=image.PAUSE)


def handler(config_version, name, base_spec):
    """A runtime handler of the CRI with a base spec."""
    return HANDLER.format(plugin=PLUGIN[config_version], name=name, path=base_spec)
