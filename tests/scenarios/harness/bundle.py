# SPDX-License-Identifier: Apache-2.0
"""Bundles: a root file system of busybox and the load program, and a config.json."""

import shutil

MIB = 1024 * 1024


def make_rootfs(directory, load, go_program=None):
    """One read-only root file system serves all containers."""
    for name in ("bin", "proc", "dev", "sys", "tmp", "box", "more"):
        (directory / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", directory / "bin/busybox")
    shutil.copy(load, directory / "bin/load")
    (directory / "file").touch()
    for name in ("sh", "sleep", "true", "cat"):
        (directory / "bin" / name).symlink_to("busybox")
    if go_program:
        shutil.copy(go_program, directory / "bin/go-sample")
    for program in ("busybox", "load"):
        (directory / "bin" / program).chmod(0o755)
    directory.chmod(0o755)
    return directory


def config(rootfs, args, cgroup, box, *, limit=48 * MIB, swap=None, pids=None, annotations=None,
           hooks=None, disable_oom_killer=False, score=None, pid_namespace=True, user=0,
           binds=(), nodes=None, unified=None):
    """A config.json as small as the runtimes accept. `swap` is memory and swap together.

    `binds` are (source, destination) of more files and directories, `nodes` the memory nodes that
    it may use, `unified` is written into files of cgroup v2 as it stands.
    """
    memory = {}
    if limit:
        memory = {"limit": limit}
        if swap:
            memory["swap"] = swap
    if disable_oom_killer:
        memory["disableOOMKiller"] = True
    resources = {"memory": memory}
    if pids:
        resources["pids"] = {"limit": pids}
    if nodes:
        resources["cpu"] = {"mems": nodes}
    if unified:
        resources["unified"] = unified
    namespaces = ["mount", "ipc", "uts"] + (["pid"] if pid_namespace else [])
    process = {
        "terminal": False, "user": {"uid": user, "gid": user}, "args": args, "cwd": "/",
        "env": ["PATH=/bin"], "noNewPrivileges": True,
    }
    if score is not None:
        process["oomScoreAdj"] = score
    return {
        "ociVersion": "1.0.2",
        "process": process,
        "root": {"path": str(rootfs), "readonly": True},
        "hostname": "test",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "mode=755", "size=1024k"]},
            {"destination": "/box", "type": "bind", "source": str(box),
             "options": ["rbind", "rw"]},
            *({"destination": destination, "type": "bind", "source": str(source),
               "options": ["rbind", "rw"]} for source, destination in binds),
        ],
        "hooks": hooks or {},
        "annotations": annotations or {},
        "linux": {
            "cgroupsPath": cgroup,
            "resources": resources,
            "namespaces": [{"type": name} for name in namespaces],
        },
    }
