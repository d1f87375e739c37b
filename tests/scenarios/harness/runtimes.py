# SPDX-License-Identifier: Apache-2.0
"""runc and crun behind one face, with a state directory of their own."""

import json
import pathlib
import subprocess

from . import cgroups
from .errors import Failure

UNIFIED = "/sys/fs/cgroup/unified"


class Runtime:
    def __init__(self, name, root, programs):
        self.name = name
        self.path = programs.find(name)
        self.root = root
        # crun refuses a v2 mount beside v1: it gets a mount namespace without it.
        self._prefix = []
        if name == "crun" and cgroups.is_v1() and pathlib.Path(UNIFIED).is_dir():
            self._prefix = ["unshare", "-m", "--propagation", "private", "sh", "-c",
                            f'umount {UNIFIED} && exec "$@"', "sh"]
        self._prefix += programs.enter

    def wrap(self, *words):
        """A command line in the mount namespace that this runtime needs."""
        return [*self._prefix, *map(str, words)]

    def argv(self, *words):
        return self.wrap(self.path, "--root", self.root, *words)

    def call(self, *words, limit_s=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT):
        """Runs one command to its end. A hook that keeps an output open shows up as a timeout."""
        try:
            return subprocess.run(self.argv(*words), stdin=subprocess.DEVNULL, stdout=stdout,
                                  stderr=stderr, text=True, timeout=limit_s, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"{self.name} {words[0]} did not return in {limit_s} s") from error

    def state(self, container_id):
        """The state document, or None where the runtime knows no such container."""
        result = self.call("state", container_id, stderr=subprocess.DEVNULL)
        if result.returncode != 0:
            return None
        return json.loads(result.stdout)
