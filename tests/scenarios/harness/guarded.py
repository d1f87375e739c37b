# SPDX-License-Identifier: Apache-2.0
"""What a scenario looks at and waits for, whoever started the container."""

import json

from . import schemas
from .errors import Failure
from .waiting import wait_for


class Guarded:
    """What is below needs `context`, `guard`, `id` and these three."""

    def printed(self):
        """All that the container printed so far."""
        raise NotImplementedError

    def said(self):
        """What the runtime or the engine said of it."""
        raise NotImplementedError

    def delete(self):
        raise NotImplementedError

    # Looking at it

    def lines(self, start=""):
        """What the container printed, the lines that begin so."""
        return [line for line in self.printed().splitlines() if line.startswith(start)]

    def events(self, name=None):
        return [e for e in self.guard.events(self.id) if name in (None, e["event"])]

    def status(self):
        return self.guard.status(self.id) or {}

    def incidents(self):
        return self.guard.incidents(self.id)

    def report(self, incident):
        """What `oomguard report` says of an incident: answers and verdicts, from the record alone."""
        code, document, said = self.guard.cli("report", incident["name"])
        if code != 0:
            raise Failure(f"oomguard report: exit {code}: {said[-400:]}")
        return document

    def check_documents(self):
        """What oomguard wrote is what its schemas promise."""
        for event in self.events():
            schemas.check_event(event)
        for incident in self.incidents():
            schemas.check_incident(incident)

    # Waiting for it

    def wait(self, what, probe, limit_s=30):
        return wait_for(what, probe, limit_s * self.context.machine.slow)

    def wait_line(self, start, count=1):
        return self.wait(f"{count} line(s) '{start}' from the container",
                         lambda: len(self.lines(start)) >= count and self.lines(start))

    def wait_event(self, name, count=1):
        return self.wait(f"{count} event(s) {name}",
                         lambda: len(self.events(name)) >= count and self.events(name))

    def wait_phase(self, *phases):
        return self.wait(f"phase {' or '.join(phases)}",
                         lambda: self.status().get("phase") in phases and self.status())

    def wait_incident(self, count=1, result=None):
        """Incidents that are done with, oldest first."""
        def probe():
            done = [i for i in self.incidents() if i["result"] != "pending"]
            if result:
                done = [i for i in done if i["result"] == result]
            return len(done) >= count and done
        return self.wait(f"{count} incident(s) {result or ''}", probe)

    def diagnosis(self):
        """For a failed scenario: the last words of everybody involved."""
        yield f"container {self.id}, status {json.dumps(self.status())}"
        for title, text in (("output", self.printed()), ("runtime", self.said())):
            for line in text.splitlines()[-12:]:
                yield f"  {title}: {line}"
        for event in self.events()[-15:]:
            yield f"  event: {event.get('time')} {event.get('event')}: {event.get('message')}"
        for incident in self.incidents()[-4:]:
            yield f"  incident: {json.dumps(incident)}"
