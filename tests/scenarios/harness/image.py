# SPDX-License-Identifier: Apache-2.0
"""An image for the engines, made from the root file system of all scenarios: no registry."""

import hashlib
import io
import json
import tarfile

LOAD = "localhost/load:1"
PAUSE = "localhost/pause:1"


def _layer(rootfs):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path in sorted(rootfs.rglob("*")):
            entry = tar.gettarinfo(path, arcname=str(path.relative_to(rootfs)))
            entry.uid = entry.gid = entry.mtime = 0
            with open(path, "rb") if entry.isreg() else io.BytesIO() as content:
                tar.addfile(entry, content)
    return raw.getvalue()


def _add(tar, name, data):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def archive(machine):
    """Both images share the one layer; a pod's sandbox only sleeps. Made once."""
    file = machine.scratch / "image.tar"
    if file.exists():
        return file
    layer = _layer(machine.rootfs)
    digest = hashlib.sha256(layer).hexdigest()
    with tarfile.open(file.with_suffix(".new"), mode="w") as tar:
        manifest = []
        for name, command in ((LOAD, []), (PAUSE, ["/bin/load", "sleep"])):
            config = json.dumps({
                "architecture": "amd64", "os": "linux",
                "config": {"Env": ["PATH=/bin"], "Cmd": command},
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                "history": [{"created_by": "the tests"}],
            }).encode()
            config_name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add(tar, config_name, config)
            manifest.append({"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]})
        _add(tar, "layer.tar", layer)
        _add(tar, "manifest.json", json.dumps(manifest).encode())
    file.with_suffix(".new").rename(file)
    return file
