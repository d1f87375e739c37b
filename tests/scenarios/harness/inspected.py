# SPDX-License-Identifier: Apache-2.0
"""What podman and Docker have in common on the command line."""

import json

from .command import attempt, call


class Inspected:
    """Needs argv(*words), the command line of the engine."""

    def inspect(self, container_id):
        return json.loads(call(self.argv("inspect", container_id)))[0]

    def state(self, container_id):
        return self.inspect(container_id)["State"]

    def running(self, container_id):
        return self.state(container_id)["Running"]

    def printed(self, container_id):
        return attempt(self.argv("logs", container_id)).stdout

    def said(self, container_id):
        return json.dumps(self.state(container_id))
