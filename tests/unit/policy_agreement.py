#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Program and schema must give the same verdict on everything a schema can say.

usage: policy_agreement.py PROBE SCHEMA MANUAL POLICIES EXAMPLE...

Both get the documents of POLICIES/valid, POLICIES/invalid and POLICIES/only-program, the examples,
and documents with one thing changed at a time, made from documents that hold every key.
The manual has to name every key, too.
"""
import copy
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

# What only the program can say, by the words it says it with.
ONLY_PROGRAM = ("allowed a profile that exists", "found a regular expression", "extends itself",
                '"kill.signal" other than', "bounds of different kinds", "a lowest above",
                "found again further down")

WRONG_EVERYWHERE = [
    None, True, False, [], {}, [1], ["x"], {"x": 1}, "", "x", "X y", "leave", "on", "off", "kill",
    "report", "default", "SIGTERM", "sigkill", "SIGRTMIN+3", "0", "00", "10", "1.5", "-5", "+5",
    "+1000", "+1001", "-1000", "+", "+0005", "+00005", "0s", "10s", "1.5s", "1.2345s", "99999s", "100000s",
    "1.5ms", "99999999ms", "100000000ms", "5m", "10000m", "1.5m", "2h", "1000h", "1d", "5 s", "s",
    "0ms", "0.0s", "0.001s", "1e3s", "0x10", "512MiB", "512mib", "512 MiB", "1.5GiB", "1.2345GiB",
    "1.GiB", ".5GiB", "999TiB", "1000TiB", "99.9TiB", "100.5TiB", "999999999999999",
    "1000000000000000", "1KB", "1B", "1.5B", "0B", "25%", "12.5%", "12.3456%", "1000%", "1000.5%",
    "1001%", "%", "/x", "/", "x/y", "/a b", "a" * 63, "a" * 64, "a" * 255, "a" * 256, "_a", "\u00e9",
    -1001, -1000, -999, -1, 0, 0.0, 0.5, 1, 1.0, 1.5, 2, 1e2, 64, 65, 100, 100.5, 101, 1000, 1001,
    999999999999999, 1000000000000000, 10**30, 1e30, ["report", "report"], ["a", "a"],
    ["leave", 1], [1, 2, 3], [-1000, 0], [-999, 0], [0, 0], [0.5, 1], [1, 101], ["0", "1s"],
    ["1s", "2h"], ["1KiB", "1MiB"], ["1%", "2%"], [0, "1GiB"], ["report", "kill"], ["SIGTERM"],
    ["SIGTERM", "SIGTERM"], {"default": "1GiB"}, {"default": 0}, {"default": "0"}, {"require": True},
    {"require": 1}, {"default": 5, "require": True}, {"default": "25%"}, {"default": None},
    "99ms", "099ms", "100ms", "999ms", "01000ms", "0.1s", "0.099s", "0.999s", "1.0s", "001m", "0m", "00h",
    "0.999%", "1%", "01%", "001%", "98.999%", "99%", "099%", "99.0%", "99.001%", "100%", "100.000%", "100.001%",
    "099.999%", "0100%", 100000, 100001, [True], [False, True], [True, True], [True, 1], ["off", "90%"],
    ["report", "snapshot"], ["signal:SIGUSR1"], ["signal:SIGKILL"], ["signal:"], ["signal:10"],
    ["report,snapshot"], ["rescore", "kill-largest", "signal:SIGRTMIN+3"], [""], ["("], [1, "x"], ["x"] * 8,
    ["x"] * 9, ["a" * 256], "usage", "signal:SIGUSR1", "enable-oom-killer", ["kill", "report"], ["kill", "kill"],
    ["report", "kill-largest"], ["kill", "kill-largest"], ["kill-largest", "kill", "report"],
    ["kill", "report", "report"], ["raise-limit", "kill-largest", "enable-oom-killer"],
    ["raise-limit", "kill-largest", "raise-limit"], ["kill-largest", "report", "kill"],
    ["raise-limit", "kill-largest", "enable-oom-killer", "report", "kill"], ["100ms", "1s"], ["99ms", "1s"],
    ["1s", "1h"], ["0.5s", "1h"], ["50%", "99%"], ["50%", "100%"], [1, 100000], [0, 5],
]


def paths(document, path=()):
    """Every place in the document."""
    yield path
    items = document.items() if isinstance(document, dict) else \
        enumerate(document) if isinstance(document, list) else ()
    for key, value in items:
        yield from paths(value, path + (key,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def part(document, path):
    """The document with only what stands beside `path`: small, so that checking it is quick."""
    small = {key: document[key] for key in ("version",) + path[:1] if key in document}
    if path[:1] == ("profiles",) and len(path) > 1:
        small["profiles"] = {path[1]: document["profiles"][path[1]]}
        if len(path) > 2 and path[2] != "extends":
            small["profiles"][path[1]] = {path[2]: document["profiles"][path[1]][path[2]]}
    return copy.deepcopy(small)


def mutations(document):
    """Documents with one thing changed, each with a name."""
    for path in paths(document):
        here = at(document, path)
        name = ".".join(map(str, path)) or "(root)"
        if isinstance(here, dict):
            changed = part(document, path)
            at(changed, path)["unheardOf"] = 1
            yield f"{name}: unknown sibling", changed
        if not path:
            continue
        changed = part(document, path)
        del at(changed, path[:-1])[path[-1]]
        yield f"{name}: taken out", changed
        for value in WRONG_EVERYWHERE:
            changed = part(document, path)
            at(changed, path[:-1])[path[-1]] = value
            yield f"{name}: {json.dumps(value)[:60]}", changed


def ladders(schema):
    """Every order of rungs, and every short list of them."""
    rungs = [rung for name in ("rung", "lastRung") for rung in schema["$defs"][name]["enum"]]
    lists = [list(words) for length in (2, 3) for words in itertools.product(rungs, repeat=length)]
    lists += [list(words) for length in (4, 5) for words in itertools.permutations(rungs, length)]
    for words in lists:
        yield f"ladder {words}", {"version": 1, "profiles": {"a": {"onStall": {"ladder": words}}}}


def schema_keys(schema):
    """Every member name that the schema knows."""
    keys = set()
    if isinstance(schema, dict):
        keys |= set(schema.get("properties", {}))
        for value in schema.values():
            keys |= schema_keys(value)
    elif isinstance(schema, list):
        for value in schema:
            keys |= schema_keys(value)
    return keys


def document_keys(document):
    keys = set()
    for path in paths(document):
        if isinstance(at(document, path), dict):
            keys |= set(at(document, path))
    return keys


def manual_words(schema):
    """What the manual has to name: the path of every key of a profile, every annotation."""
    definitions = schema["$defs"]

    def keys(value, path):
        value = definitions.get(value.get("$ref", "").rpartition("/")[2], value)
        if "properties" not in value:
            yield ".".join(path)
        for name, below in value.get("properties", {}).items():
            yield from keys(below, path + [name])

    return [*keys(definitions["profile"], []), *definitions["annotationName"]["enum"]]


def inlined(value, definitions):
    """The schema with each definition where it is named: looking it up takes most of the time."""
    if isinstance(value, list):
        return [inlined(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    name = value.get("$ref", "").rpartition("/")[2]
    rest = {key: inlined(below, definitions) for key, below in value.items() if key != "$ref"}
    if not name:
        return rest
    named = inlined(definitions[name], definitions)
    return {**rest, "allOf": [*rest.get("allOf", []), named]} if rest else named


class Agreement:
    def __init__(self, probe, schema, folder):
        self.probe = probe
        self.validator = jsonschema.Draft202012Validator(inlined(schema, schema["$defs"]))
        self.folder = folder
        self.cases = []
        self.texts = set()
        self.failures = 0

    def add(self, name, text, expected=None):
        """The same change of two documents often makes the same small one."""
        if text in self.texts and expected is None:
            return
        self.texts.add(text)
        path = os.path.join(self.folder, f"{len(self.cases)}.json")
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(file, text.encode("utf-8"))
        os.close(file)
        self.cases.append((name, text, expected, path))

    def fail(self, name, text):
        self.failures += 1
        print(f"not agreed: {name}: {text}")

    def verdicts(self):
        """What the program says of each file."""
        said = {}
        for start in range(0, len(self.cases), 2000):
            files = [case[3] for case in self.cases[start:start + 2000]]
            done = subprocess.run([self.probe, *files], stdout=subprocess.PIPE, check=True)
            for line in done.stdout.decode("utf-8", "replace").splitlines():
                path, verdict, message = line.split("\t", 2)
                said[path] = (verdict, message)
        return said

    def check(self):
        said = self.verdicts()
        for name, text, expected, path in self.cases:
            verdict, message = said[path]
            schema_ok = self.validator.is_valid(json.loads(text))
            only_program = message and all(
                any(words in problem for words in ONLY_PROGRAM) for problem in message.split(" | "))
            if expected is not None and (schema_ok, verdict) not in expected:
                self.fail(name, f"schema {schema_ok}, program {verdict}: {message}")
            elif not schema_ok and verdict != "bad":
                self.fail(name, "the schema refuses it, the program does not")
            elif schema_ok and verdict == "bad" and not only_program:
                self.fail(name, f"the program refuses it, the schema does not: {message}")
        return len(self.cases)


def main(probe, schema_path, manual, policies, *examples):
    schema = json.loads(pathlib.Path(schema_path).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    expected = {"valid": [(True, "ok")], "invalid": [(False, "bad")],
                "only-program": [(True, "bad"), (True, "warn")]}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        agreement = Agreement(probe, schema, folder)
        for kind, verdicts in expected.items():
            for file in sorted(pathlib.Path(policies, kind).glob("*.json")):
                agreement.add(f"{kind}/{file.name}", file.read_text("utf-8"), verdicts)
        for example in examples:
            agreement.add(example, pathlib.Path(example).read_text("utf-8"), expected["valid"])
        whole = [json.loads(file.read_text("utf-8"))
                 for file in sorted(pathlib.Path(policies, "valid").glob("*.json"))]
        missing = schema_keys(schema) - set().union(*map(document_keys, whole))
        if missing:
            agreement.fail("valid/*.json", f"no document holds {sorted(missing)}")
        for document in whole:
            for name, changed in mutations(document):
                agreement.add(name, json.dumps(changed))
        for name, document in ladders(schema):
            agreement.add(name, json.dumps(document))
        number = agreement.check()
        named = pathlib.Path(manual).read_text("utf-8").replace("\\", "")
        for word in manual_words(schema):
            if word not in named:
                agreement.fail(word, "the manual does not name it")
    print(f"{number} documents, {agreement.failures} not agreed on")
    return 1 if agreement.failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
