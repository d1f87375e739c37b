# SPDX-License-Identifier: Apache-2.0
"""podman and containerd start the containers, with everything of theirs in a private place."""

import json
import shutil
import subprocess

from harness import Failure, Skip, cgroups, policy, scenario


def call(argv, limit_s=120, cwd=None):
    """Standard output of a command that must succeed."""
    result = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit_s,
                            check=False, cwd=cwd)
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, argv))[-120:]}: {result.stderr[-400:]}")
    return result.stdout.strip()


class Podman:
    """podman with its own storage and our hooks in a --hooks-dir."""

    def __init__(self, t, document):
        self.t = t
        if not shutil.which("podman"):
            raise Skip("podman is not installed")
        self.dir = t.dir / "podman"
        for name in ("hooks.d", "box"):
            (self.dir / name).mkdir(parents=True)
        # podman puts mount points into the root file system it is given.
        shutil.copytree(t.rootfs, self.dir / "rootfs", symlinks=True)
        file = self.dir / "policy.json"
        file.write_text(json.dumps(document))
        for stage, entries in t.guard.hooks(file).items():
            (self.dir / f"hooks.d/oomguard-{stage}.json").write_text(json.dumps({
                "version": "1.0.0", "hook": entries[0], "when": {"always": True},
                "stages": [stage],
            }))
        self.id = None

    def argv(self, *words):
        return self.t.runtime.wrap(
            "podman", "--root", self.dir / "root", "--runroot", self.dir / "run", "--tmpdir",
            self.dir / "tmp", "--cgroup-manager=cgroupfs", "--events-backend=file",
            "--runtime", self.t.runtime.path, "--hooks-dir", self.dir / "hooks.d", *words)

    def run(self, args, *options):
        self.t.on_end(self.remove)
        # conmon marks an OOM by an empty file "oom" where it was started.
        self.id = call(cwd=self.dir, argv=self.argv(
            "run", "-d", "--name", "guarded", "--network", "none", "--memory", "48m",
            "--memory-swap", "48m", "--ulimit", "nofile=1024:1024", "--ulimit",
            "nproc=4096:4096", "-v", f"{self.dir}/box:/box", *options, "--rootfs",
            self.dir / "rootfs", "/bin/load", *args.split())).split()[-1]

    def remove(self):
        subprocess.run([str(word) for word in self.argv("rm", "-f", "-t", "0", "guarded")],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=120, check=False)
        for path in ("/libpod_parent/conmon", "/libpod_parent"):
            cgroups.remove_if_empty(path)

    def inspect(self):
        return json.loads(call(self.argv("inspect", "guarded")))[0]["State"]

    def incidents(self):
        return [i for i in self.t.guard.incidents("") if i["result"] != "pending"]


@scenario("podman-report", limit_s=90)
def podman_report(t):
    """A child of a podman container is killed: podman sees nothing, we have a record."""
    podman = Podman(t, policy({"process": "report"}))
    podman.run("init 0 leak")
    incident = t.wait("an incident", podman.incidents)[0]
    t.equal("result", incident["result"], "reported")
    t.equal("container", incident["id"], podman.id)
    t.equal("manager", incident["manager"], "podman")
    t.true("init still runs", podman.inspect()["Running"])
    podman.remove()


@scenario("podman-restart", limit_s=90)
def podman_restart(t):
    """restart kills the init, and podman starts the container again by its own policy."""
    podman = Podman(t, policy({"process": "restart"}, {"backoff": {"initial": "50ms"}}))
    podman.run("init 0 once /box/mark leak", "--restart", "on-failure:5")
    incident = t.wait("an incident", podman.incidents)[0]
    t.equal("slot", incident["slot"], "process")
    t.equal("asked", incident["asked"], "restart")
    t.wait("podman runs it again", lambda: "once is over" in call(podman.argv("logs", "guarded")))
    t.true("it runs", podman.inspect()["Running"])
    podman.remove()


class Containerd:
    """A containerd with a private root, state and socket."""

    def __init__(self, t):
        self.t = t
        if not shutil.which("containerd"):
            raise Skip("containerd is not installed")
        self.dir = t.dir / "containerd"
        self.dir.mkdir()
        self.socket = self.dir / "sock"
        (self.dir / "config.toml").write_text(
            f'version = 2\nroot = "{self.dir}/root"\nstate = "{self.dir}/state"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri",'
            ' "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",'
            ' "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]\n'
            f'[grpc]\n  address = "{self.socket}"\n[ttrpc]\n  address = "{self.socket}.ttrpc"\n')
        with open(self.dir / "log", "wb") as log:
            self.daemon = subprocess.Popen(["containerd", "--config", self.dir / "config.toml"],
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        t.on_end(self.stop)
        t.wait("containerd answers", self.answers)

    def argv(self, *words):
        return ["ctr", "--address", self.socket, *words]

    def answers(self):
        return self.socket.exists() and subprocess.run(
            self.argv("version"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False).returncode == 0

    def run(self, c):
        self.t.on_end(self.remove, c)
        call(self.argv("run", "-d", "--log-uri", f"file://{c.output}", "--runc-root",
                       self.t.runtime.root, "--runc-binary", self.t.runtime.path,
                       "--config", c.dir / "config.json", c.id))

    def remove(self, c):
        for words in (("task", "rm", "-f", c.id), ("container", "rm", c.id)):
            subprocess.run(self.argv(*words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=60, check=False)

    def tasks(self):
        return call(self.argv("task", "ls"))

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(timeout=60)


@scenario("containerd-kill", runtimes=("runc",), limit_s=90)
def containerd_kill(t):
    """A child of a containerd task is killed, and kill brings the task down with 137."""
    c = t.container("init 0 leak", policy({"process": "kill"}))
    containerd = Containerd(t)
    containerd.run(c)
    incident = c.wait_incident(result="killed")[0]
    t.equal("slot", incident["slot"], "process")
    t.wait("the task is stopped", lambda: "STOPPED" in containerd.tasks())
    containerd.remove(c)
