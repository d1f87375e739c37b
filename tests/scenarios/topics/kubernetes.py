# SPDX-License-Identifier: Apache-2.0
"""The DaemonSet's image, built from local files, installs on a host that is a directory here."""

import pathlib
import re
import shutil
import signal
import stat
import subprocess

from harness import Failure, scenario
from harness.container import ended

KUBERNETES = pathlib.Path(__file__).parents[3] / "examples/kubernetes"
CONFIG = """version = 2

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = true
"""
FEATURE = "etc/kubernetes/node-feature-discovery/features.d/oomguard"


class Node:
    """A host below a directory, with all that the installer looks for, and the image's root."""

    def __init__(self, t):
        self.t = t
        self.prefix = t.machine.cli.parents[1]
        self.storage = t.dir / "s"
        t.on_end(self.remove_image)
        self.image = self.build()
        self.host = self.image / "host"
        self.calls = t.dir / "calls"
        self.calls.mkdir()
        for name in ("bin", "usr/bin", "usr/sbin", "proc", "dev", "run", "etc/containerd", "calls"):
            (self.host / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", self.host / "bin/busybox")
        (self.host / "bin/sh").symlink_to("busybox")
        self.program("usr/bin/systemctl", 'echo "$@" >>/calls/systemctl')
        self.program("usr/bin/crictl", "cat /etc/containerd/config.toml | sed 's/.*runtimes[.]/\"/;s/]/\"/'")
        # The real runtimes, as the policy names them.
        for name in ("usr/sbin/runc", "usr/bin/runc"):
            self.program(name, 'echo "runc $@"')
        for name in ("cat", "sed"):
            (self.host / "bin" / name).symlink_to("busybox")
        (self.host / "etc/containerd/config.toml").write_text(CONFIG)
        self.policy = t.dir / "policy.json"
        shutil.copy(KUBERNETES / "policy.json", self.policy)

    def program(self, name, text):
        path = self.host / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def buildah(self, *words):
        done = subprocess.run(
            ["buildah", "--root", self.storage / "root", "--runroot", self.storage / "run",
             "--storage-driver", "vfs", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise Failure(f"buildah {words[0]}: {done.stdout[-600:]}")
        return done.stdout.split()[-1] if done.stdout.strip() else ""

    def build(self):
        context = self.t.dir / "context"
        subprocess.run([KUBERNETES / "image/make-context", "", self.prefix, context], check=True,
                       timeout=60)
        self.buildah("bud", "--isolation", "chroot", "--pull-never", "--build-arg",
                     f"PREFIX={self.prefix}", "-t", "oomguard-node", context)
        container = self.buildah("from", "--pull-never", "oomguard-node")
        self.config = self.buildah("inspect", "--format", "{{.OCIv1.Config}}", container)
        return pathlib.Path(self.buildah("mount", container))

    def remove_image(self):
        self.buildah("rm", "--all")
        self.buildah("rmi", "--all", "--force")

    def argv(self, verb):
        """In the image's root and in a mount namespace, where the host has /proc and /dev."""
        mounts = "".join(f"mkdir -p {self.image}/{at} && mount --rbind {source} {self.image}/{at} && "
                         for source, at in (("/dev", "dev"), ("/proc", "proc"), ("/dev", "host/dev"),
                                            ("/proc", "host/proc"), (self.t.dir, "policy"),
                                            (self.calls, "host/calls")))
        return ["unshare", "-m", "--propagation", "private", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c",
                f'{mounts}exec chroot {self.image} /bin/busybox env PATH=/bin:/usr/bin '
                f'PREFIX={self.prefix} ON_HOST="chroot /host" INTERVAL=1 /bin/oomguard-node {verb}']

    def call(self, verb, expect=0):
        done = subprocess.run(self.argv(verb), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
        if done.returncode != expect:
            raise Failure(f"oomguard-node {verb}: exit {done.returncode}: {done.stdout[-800:]}")
        return done.stdout

    def systemctl(self):
        path = self.calls / "systemctl"
        return path.read_text().splitlines() if path.exists() else []

    def tree(self):
        """All of the host: path, mode and content."""
        found = {}
        for path in sorted(self.host.rglob("*")):
            mode = path.lstat().st_mode
            content = (str(path.readlink()) if stat.S_ISLNK(mode)
                       else path.read_bytes() if stat.S_ISREG(mode) else None)
            found[str(path.relative_to(self.host))] = (mode, content)
        return found

    def at(self, path):
        return self.host / str(path).lstrip("/")


def difference(before, after):
    return sorted(path for path in {*before, *after} if before.get(path) != after.get(path))


@scenario("kubernetes-node", needs=("host",), runtimes=("",), limit_s=240)
def kubernetes_node(t):
    """Install, install again, a pod that still runs, removal: the host is as it was, to the byte."""
    node = Node(t)
    t.true(f"the image runs the installer, {node.config!r}", node.config)
    before = node.tree()
    said = node.call("install")
    t.true(f"the policy is followed, {said!r}", "policy.d/50-kubernetes.json" in said)
    t.equal("the feature file", node.at(FEATURE).read_text(), "oomguard-handler=true\n")
    t.true("the handler is registered", re.search(
        r"runtimes\.oomguard\.options\]\s+BinaryName = \"" + str(node.prefix),
        node.at("etc/containerd/config.toml").read_text()))
    t.equal("restarts", node.systemctl(), ["restart containerd.service"])
    for name in ("bin/oomguard", "libexec/oomguard/oomguard-hook"):
        t.equal(name, node.at(node.prefix / name).read_bytes(), (node.prefix / name).read_bytes())
    installed = node.tree()
    node.call("install")
    t.equal("changed by a second install", difference(installed, node.tree()), [])
    t.equal("restarts after it", node.systemctl(), ["restart containerd.service"])

    task = node.at("run/containerd/io.containerd.runtime.v2.task/k8s.io/pod")
    task.mkdir(parents=True)
    (task / "runtime").write_text(f"{node.prefix}/libexec/oomguard/oomguard-runc")
    said = node.call("remove")
    t.true(f"it says why, {said!r}", "pods of the RuntimeClass still run" in said)
    t.true("no new pod comes", not node.at(FEATURE).exists())
    t.true("its runtime stays", node.at(node.prefix / "libexec/oomguard/oomguard-runc").exists())
    shutil.rmtree(node.at("run/containerd"))

    node.call("remove")
    t.equal("changed on the host", difference(before, node.tree()), [])
    t.equal("restarts in all", node.systemctl(), ["restart containerd.service"] * 2)
    t.true("once more is no mistake", "nothing is installed" in node.call("remove"))

    # What the kubelet does: run, a policy that changes, SIGTERM.
    run = subprocess.Popen(node.argv("run"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    t.on_end(run.kill)
    t.wait("it is installed", node.at(FEATURE).exists, 60)
    drop_in = next(node.host.rglob("50-kubernetes.json"))
    text = node.policy.read_text().replace('"max": 3', '"max": 4')
    node.policy.write_text(text)
    t.wait("the new policy is there", lambda: drop_in.read_text() == text, 60)
    node.at(FEATURE).unlink()
    t.wait("what was taken away is put back", node.at(FEATURE).exists, 60)
    run.send_signal(signal.SIGTERM)
    t.equal("exit", t.wait("it ends", lambda: ended(run), 60), "0")
    t.equal("changed after all", difference(before, node.tree()), [])


@scenario("kubernetes-node-refused", needs=("host",), runtimes=("",), limit_s=240)
def kubernetes_node_refused(t):
    """A policy that is wrong, a containerd that is not understood: no label, and it can be removed."""
    node = Node(t)
    before = node.tree()
    node.policy.write_text('{"version": 1, "profiles": {"default": {"onOom": {"init": "dance"}}}}')
    said = node.call("install", expect=1)
    t.true(f"it says what is wrong, {said[-400:]!r}", "dance" in said)
    t.true("no label", not node.at(FEATURE).exists())
    t.equal("the policy is not there", list(node.host.rglob("50-kubernetes.json")), [])
    node.call("remove")
    t.equal("changed on the host", difference(before, node.tree()), [])

    shutil.copy(KUBERNETES / "policy.json", node.policy)
    node.at("etc/containerd/config.toml").write_text("version = 1\n")
    before = node.tree()
    said = node.call("install", expect=1)
    t.true(f"it says what is wrong, {said[-400:]!r}", "version 1" in said)
    t.true("no label", not node.at(FEATURE).exists())
