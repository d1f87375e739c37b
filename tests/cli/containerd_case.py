# SPDX-License-Identifier: Apache-2.0
"""A test of `oomguard configure containerd`, with what containerd itself makes of the files."""
import subprocess

from configure_case import Case, PATIENCE, need


class ContainerdCase(Case):
    """A tree that may have a configuration of containerd."""

    ENGINE = "containerd"
    MAIN = "etc/containerd/config.toml"
    CRI = 'plugins."io.containerd.grpc.v1.cri"'
    DEBIAN = ('version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n'
              '    [plugins."io.containerd.grpc.v1.cri".cni]\n      bin_dir = "/usr/lib/cni"\n')

    def dump(self):
        """What containerd makes of the file."""
        containerd = need("containerd")
        done = subprocess.run([containerd, "--config", self.base / self.MAIN, "config", "dump"],
                              capture_output=True, text=True, timeout=PATIENCE, check=True)
        return done.stdout
