#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An edited config.json holds what it held before, in its order, and numbers as they were written.

usage: spec_keeps_all.py PROBE SPECS

SPECS holds a config.json each of runc, crun, podman, docker and containerd. They are edited by
PROBE and compared before and after by Python's own JSON library, which keeps the order, every
duplicate, and the text of numbers; what was put in is known and taken out again first.
"""
import json
import pathlib
import re
import subprocess
import sys

import jsonschema

SCHEMA = pathlib.Path("/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema")
LIBEXEC = "/usr/libexec/oomguard/"
STAGES = ("createRuntime", "poststart", "poststop")
UNCHANGED = 3
MIB = 1024 * 1024

# Keys of a profile, what the host has, and whether the init goes in.
PROFILES = {
    "nothing": ({}, "sgu"),
    "v1": ({"settings": {"swap": "0", "oomGroup": "on", "limit": {"default": "64MiB"}}}, "s"),
    "v2": ({"settings": {"swap": "50%", "oomGroup": "off", "limit": {"default": "64MiB"}}}, "sgu"),
    "init": ({"settings": {"addInit": True, "oomScoreAdj": {"workload": 300}}}, "sgui"),
}

# Whatever a runtime of tomorrow may be told, and what a decoder loses on the way.
STRANGE = ('"x-unknown": {"big": 18446744073709551617, "exact": 9007199254740993, "small": -0, '
           '"tenth": 0.10, "far": 1e400, "E": 1E+02, "empty": [{}, [], "", null], "": false, '
           '"escaped": "\\/\\u00e9\\ud83d\\udc33\\"\\\\", "same": 1, "same": 2}')


class Members(list):
    """An object: pairs of key and value, so that neither order nor duplicates are lost."""

    def get(self, key):
        for name, value in reversed(self):
            if name == key:
                return value
        return None

    def without(self, key):
        return Members((name, value) for name, value in self if name != key)

    def put(self, key, value):
        """The value in place of the one that is there; None takes it out."""
        if value is None:
            return self.without(key)
        return Members((name, value if name == key else old) for name, old in self)


class Number(str):
    """The text of a number, which no string is equal to."""

    def __eq__(self, other):
        return isinstance(other, Number) and str(self) == str(other)

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def read(text):
    return json.loads(text, object_pairs_hook=Members, parse_int=Number, parse_float=Number)


def plain(text):
    return json.loads(text)


def take_hooks(before, after):
    """Without our three entries, each the last of its stage."""
    hooks = after.get("hooks")
    for stage in STAGES:
        entries = hooks.get(stage)
        ours = entries[-1]
        assert ours.get("path") == LIBEXEC + "oomguard-hook", ours
        assert ours.get("args") == ["oomguard-hook", stage], ours
        assert ours.get("env") and ours.get("timeout") == Number("10"), ours
        there = (before.get("hooks") or Members()).get(stage)
        hooks = hooks.put(stage, None if there is None else entries[:-1])
    return after.put("hooks", None if before.get("hooks") is None else hooks)


def take_init(before, after, score):
    args, mounts = after.get("process").get("args"), after.get("mounts")
    place = "/dev/.oomguard-init"
    assert args[:4] == [place, "--workload-score", score, "--"], args
    assert mounts[-1].get("destination") == place, mounts[-1]
    assert mounts[-1].get("source") == LIBEXEC + "oomguard-init", mounts[-1]
    assert mounts[-1].get("options") == ["bind", "ro", "nosuid", "nodev"], mounts[-1]
    after = after.put("process", after.get("process").put("args", args[4:]))
    return after.put("mounts", mounts[:-1])


def take_resources(before, after, want):
    """`want` is (part, key): text of what has to be there."""
    linux = after.get("linux")
    resources = linux.get("resources")
    old = before.get("linux").get("resources")
    for (part, key), value in want.items():
        assert resources.get(part).get(key) == value, (part, key, resources.get(part).get(key))
        there = old.get(part)
        if there is None:
            left = resources.get(part).without(key)
            resources = resources.put(part, left or None)
        else:
            resources = resources.put(part, resources.get(part).put(key, there.get(key)))
    return after.put("linux", linux.put("resources", resources))


def wanted_resources(name, before):
    if name not in ("v1", "v2"):
        return {}
    memory = before.get("linux").get("resources").get("memory") or Members()
    limit = int(memory.get("limit") or 64 * MIB)
    want = {("memory", "swap"): Number(limit if name == "v1" else limit + limit // 2)}
    if memory.get("limit") is None:
        want["memory", "limit"] = Number(limit)
    if name == "v2":
        want["unified", "memory.oom.group"] = "0"
    return want


def variants(text):
    """The text as the engine wrote it, and laid out in other ways."""
    yield "as it is", text
    yield "indented", json.dumps(plain(text), indent=4)
    yield "compact", json.dumps(plain(text), separators=(",", ":"))
    strange = text.rstrip()[:-1].rstrip() + ", " + STRANGE + "\n}\n"
    yield "strange", strange
    yield "strange first", text.replace("{", "{ " + STRANGE + ",", 1)
    yield "nulls", re.sub(r"\}\s*$", ', "annotations": null }', text)


class Check:
    def __init__(self, probe):
        self.probe = probe
        schema = json.loads((SCHEMA / "config-schema.json").read_text("utf-8"))
        kind = jsonschema.validators.validator_for(schema)
        resolver = jsonschema.RefResolver((SCHEMA / "config-schema.json").as_uri(), schema)
        self.schema = kind(schema, resolver=resolver)
        self.number = 0

    def edit(self, text, profile, facts, code=0):
        done = subprocess.run([self.probe, json.dumps(profile), facts], input=text.encode(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert done.returncode == code, (done.returncode, done.stderr)
        return done.stdout.decode()

    def one(self, text, name):
        profile, facts = PROFILES[name]
        after_text = self.edit(text, profile, facts)
        before, after = read(text), read(after_text)
        if name == "init":
            after = take_init(before, after, "300")
        after = take_hooks(before, take_resources(before, after, wanted_resources(name, before)))
        assert after == before, "something else changed"
        assert self.edit(after_text, profile, facts, UNCHANGED) == "", "twice is not once"
        return after_text

    def file(self, path):
        text = path.read_text("utf-8")
        for layout, variant in variants(text):
            for name in PROFILES:
                try:
                    after = self.one(variant, name)
                    if layout in ("as it is", "indented", "compact"):
                        self.schema.validate(plain(after))
                except (AssertionError, jsonschema.ValidationError) as error:
                    sys.exit(f"{path.name}, {layout}, {name}: {error}")
                self.number += 1


def main(probe, specs):
    check = Check(probe)
    files = sorted(pathlib.Path(specs).glob("*.json"))
    for path in files:
        check.file(path)
    print(f"{check.number} edits of {len(files)} files keep everything")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
