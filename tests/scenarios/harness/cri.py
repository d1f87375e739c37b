# SPDX-License-Identifier: Apache-2.0
"""A client for the CRI: pods with containers, as a kubelet asks for them.

The messages are made by protoc from Kubernetes' own definition of the API; see tests/lib/cri.sh.
"""

import functools
import sys

from . import image
from .engine_container import LIMIT, EngineContainer, make_box
from .errors import Failure, Skip

SERVICE = "/runtime.v1.RuntimeService/"
NETWORK_OF_THE_NODE = 2


@functools.lru_cache(maxsize=None)
def _modules(directory):
    # Large modules, and the virtual machines are slow: loaded where they are used.
    if directory is None or not (directory / "api_pb2.py").exists():
        raise Skip("the CRI's messages were not made")
    sys.path.insert(0, str(directory))
    import api_pb2
    import grpc

    return api_pb2, grpc


class Cri:
    """Talks to one containerd."""

    def __init__(self, containerd):
        self.containerd = containerd
        self.api, self.grpc = _modules(containerd.machine.cri_api)
        self.channel = self.grpc.insecure_channel(f"unix://{containerd.socket}")

    def ask(self, method, **fields):
        """One call. The names of the messages follow from the method's."""
        call = self.channel.unary_unary(
            SERVICE + method,
            request_serializer=getattr(self.api, f"{method}Request").SerializeToString,
            response_deserializer=getattr(self.api, f"{method}Response").FromString)
        try:
            return call(getattr(self.api, f"{method}Request")(**fields),
                        timeout=60 * self.containerd.machine.slow)
        except self.grpc.RpcError as error:
            raise Failure(f"CRI {method}: {error.details()}") from error

    # What an EngineContainer asks

    def state(self, container_id):
        """reason, exit_code and all else of the CRI's ContainerStatus."""
        return self.ask("ContainerStatus", container_id=container_id).status

    def running(self, container_id):
        return self.state(container_id).state == self.api.CONTAINER_RUNNING

    def printed(self, container_id):
        """Without the time, the stream and the tag that the CRI puts before each line."""
        with open(self.state(container_id).log_path, encoding="utf-8") as log:
            return "".join(line.split(" ", 3)[-1] for line in log)

    def said(self, container_id):
        return "\n".join([str(self.state(container_id)), *self.containerd.last_words()])

    def remove(self, container_id):
        self.ask("RemoveContainer", container_id=container_id)


class Pod:
    """A pod with its sandbox running. It is removed when the scenario is over."""

    def __init__(self, t, cri, handler, annotations=None):
        self.t = t
        self.cri = cri
        self.name = t.name("pod")
        self.logs = t.dir / "logs"
        self.logs.mkdir()
        self.cgroup = f"{cri.containerd.cgroup}/{self.name}"
        self.config = cri.api.PodSandboxConfig(
            metadata={"name": self.name, "namespace": "default", "uid": self.name},
            annotations=annotations or {}, log_directory=str(self.logs),
            linux={"cgroup_parent": self.cgroup, "security_context": {
                "namespace_options": {"network": NETWORK_OF_THE_NODE}}})
        self.id = cri.ask("RunPodSandbox", config=self.config,
                          runtime_handler=handler).pod_sandbox_id
        t.on_end(self.remove)

    def run(self, name, args, score=300):
        """Creates and starts one container of the pod."""
        box = make_box(self.t, name)
        config = self.cri.api.ContainerConfig(
            metadata={"name": name}, image={"image": image.LOAD},
            command=["/bin/load", *args.split()], log_path=f"{name}.log",
            mounts=[{"container_path": "/box", "host_path": str(box)}],
            linux={"resources": {"memory_limit_in_bytes": LIMIT, "oom_score_adj": score}})
        container_id = self.cri.ask("CreateContainer", pod_sandbox_id=self.id, config=config,
                                    sandbox_config=self.config).container_id
        container = EngineContainer(self.t, self.cri, container_id,
                                    f"{self.cgroup}/{container_id}", box)
        self.cri.ask("StartContainer", container_id=container_id)
        return container

    def remove(self):
        self.cri.ask("StopPodSandbox", pod_sandbox_id=self.id)
        self.cri.ask("RemovePodSandbox", pod_sandbox_id=self.id)
