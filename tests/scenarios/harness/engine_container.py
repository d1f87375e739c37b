# SPDX-License-Identifier: Apache-2.0
"""A container that an engine started: everything is asked of the engine."""

from .bundle import MIB
from .guarded import Guarded

LIMIT = 48 * MIB


class EngineContainer(Guarded):
    """The engine gives state(id), running(id), printed(id), said(id) and remove(id)."""

    def __init__(self, context, engine, container_id, cgroup, box):
        self.context = context
        self.guard = context.guard
        self.engine = engine
        self.id = container_id
        self.cgroup = cgroup
        self.box = box
        context.containers.append(self)

    def printed(self):
        return self.engine.printed(self.id)

    def said(self):
        return self.engine.said(self.id)

    def delete(self):
        self.engine.remove(self.id)

    def state(self):
        """The engine's own words for it."""
        return self.engine.state(self.id)

    def running(self):
        return self.engine.running(self.id)

    def wait_stopped(self):
        return self.wait("the engine calls it stopped", lambda: not self.running())

    def go(self, name="go"):
        """Lets programs pass that wait for /box/NAME."""
        (self.box / name).touch()


def make_box(context, name):
    """The directory that a container sees as /box."""
    box = context.dir / f"box-{name}"
    box.mkdir()
    return box
