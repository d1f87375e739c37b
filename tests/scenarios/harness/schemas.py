# SPDX-License-Identifier: Apache-2.0
"""Documents against their JSON Schemas: the runtime specification's, and our own."""

import functools
import json
import pathlib

from .errors import Failure

SPEC = pathlib.Path("/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema")
OURS = pathlib.Path(__file__).parents[3] / "schema"


@functools.lru_cache(maxsize=None)
def _validator(path):
    # A large module, and the virtual machines are slow: loaded where it is used.
    import jsonschema

    schema = json.loads(path.read_text())
    kind = jsonschema.validators.validator_for(schema)
    return kind(schema, resolver=jsonschema.RefResolver(path.as_uri(), schema))


def _check(path, what, document):
    for error in _validator(path).iter_errors(document):
        where = "/".join(map(str, error.absolute_path))
        raise Failure(f"{what} breaks {path.name} at '{where}': {error.message[:300]}")


def check_config(document):
    """The config.json of a bundle."""
    _check(SPEC / "config-schema.json", "config.json", document)


def check_event(document):
    """One line of an event journal."""
    _check(OURS / "event.schema.json", f"event {document.get('event')}", document)


def check_incident(document):
    """One incident record."""
    _check(OURS / "incident.schema.json", f"incident {document.get('name')}", document)
