#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the journal and the incidents that the library writes against their schemas."""
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema


def validator(source, name):
    schema = json.loads((source / "schema" / name).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def refuses(schema, document, change):
    """The schema must be able to say no."""
    other = json.loads(json.dumps(document))
    change(other)
    assert not schema.is_valid(other), other


def main():
    fill_state, source = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as base:
        subprocess.run([fill_state, base], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)
        state = pathlib.Path(base, "state")
        lines = [json.loads(line) for file in state.glob("containers/*/events.jsonl")
                 for line in file.read_bytes().splitlines()]
        records = [json.loads(file.read_bytes()) for file in state.glob("incidents/*.json")
                   if file.stat().st_size]
    events = validator(source, "event.schema.json")
    incidents = validator(source, "incident.schema.json")
    for line in lines:
        events.validate(line)
    for record in records:
        incidents.validate(record)
    assert len(lines) == 24 and len(records) == 8, (len(lines), len(records))
    # Every member the schemas know was written, so that none can go stale unseen.
    full = lines[-1]
    assert set(full) == set(events.schema["properties"]) - {"cut"}, full
    assert all(set(record) == set(incidents.schema["properties"]) for record in records)
    refuses(events, full, lambda line: line.update(snake_case=1))
    refuses(events, full, lambda line: line.update(event="dance"))
    refuses(events, full, lambda line: line.pop("monotonicMs"))
    refuses(incidents, records[0], lambda record: record["memory"].update(limit="much"))
    refuses(incidents, records[0], lambda record: record.update(slot="nowhere"))


main()
