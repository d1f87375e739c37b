#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard metrics`: what Prometheus reads, the dashboard and the alert rules that are made for it."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

OOMGUARD, FILL_STATE, SOURCE = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
PROMTOOL = next((path for path in (os.environ.get("PROMTOOL"), shutil.which("promtool"))
                 if path and os.access(path, os.X_OK)), None)
NAMES = {"oomguard_oom_kills_total": "counter", "oomguard_actions_total": "counter",
         "oomguard_stalls_total": "counter", "oomguard_drift_repairs_total": "counter",
         "oomguard_restarts_total": "counter", "oomguard_hook_duration_seconds": "histogram",
         "oomguard_containers": "gauge", "oomguard_refused_annotations_total": "counter"}
LINE = re.compile(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)')


def promtool(*words, text=None):
    """What promtool says, and its exit code. Where there is none, the test is skipped."""
    if not PROMTOOL:
        if os.environ.get("CI") == "true":
            raise AssertionError("promtool is missing")
        raise unittest.SkipTest("promtool is missing")
    done = subprocess.run([PROMTOOL, *map(str, words)], input=text, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def parse(text):
    """{(name, labels): value}; the labels as a frozen set of pairs."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = LINE.fullmatch(line).groups()
        pairs = re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels)
        key = name, frozenset((k, re.sub(r"\\(.)", r"\1", v)) for k, v in pairs)
        assert key not in found, key
        found[key] = float(value)
    return found


class Case(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.base)
        self.root = os.path.join(self.base, "state")
        subprocess.run([FILL_STATE, self.base], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=True)

    def metrics(self, *words, code=0, root=None):
        done = subprocess.run([OOMGUARD, "--root", root or self.root, "metrics", *words], text=True,
                              capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout


class Text(Case):
    def test_format(self):
        text = self.metrics()
        for root in (self.root, os.path.join(self.base, "none")):
            code, said = promtool("check", "metrics", text=self.metrics(root=root))
            self.assertEqual((code, said), (0, ""))
        code, said = promtool("check", "metrics", text=text.replace("_total", ""))
        self.assertNotEqual(code, 0, said)

    def test_names(self):
        text = self.metrics()
        self.assertEqual(dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)), NAMES)
        for name, _ in parse(text):
            self.assertIn(re.sub(r"(duration_seconds)_(bucket|sum|count)$", r"\1", name), NAMES)

    def test_values(self):
        values = parse(self.metrics())
        php = [("container", "php"), ("pod", "php-\\x1B[2J"), ("namespace", "prod")]

        def value(name, *labels):
            return values[f"oomguard_{name}", frozenset([*php, *labels])]

        self.assertEqual(value("oom_kills_total"), 3)
        self.assertEqual(value("stalls_total"), 1)
        self.assertEqual(value("restarts_total"), 0)
        self.assertEqual(value("actions_total", ("action", "kill-largest"), ("result", "helped")), 2)
        self.assertEqual(value("actions_total", ("action", "give-up"), ("result", "gave-up")), 0)
        self.assertEqual(len([name for name, labels in values if name.endswith("actions_total")
                              and php[1] in labels]), 1 + 5)
        # It has state and no event yet.
        quiet = frozenset([("container", "slow"), ("pod", ""), ("namespace", "")])
        self.assertEqual(values["oomguard_oom_kills_total", quiet], 0)
        # Its container is gone.
        gone = frozenset([("container", "go\"ne\\\\"), ("pod", ""), ("namespace", "")])
        self.assertEqual(values["oomguard_refused_annotations_total", gone], 4)

        def state(word):
            return values["oomguard_containers", frozenset([("state", word)])]

        self.assertEqual((state("ended"), state("broken"), state("arming")), (3, 1, 0))

    def test_histogram(self):
        values = parse(self.metrics())
        stage = ("stage", "poststop")
        name = "oomguard_hook_duration_seconds"
        buckets = {dict(labels)["le"]: value for (which, labels), value in values.items()
                   if which == name + "_bucket" and stage in labels}
        self.assertEqual((buckets["0.0005"], buckets["0.0025"], buckets["2.5"], buckets["+Inf"]),
                         (0, 1, 1, 2))
        self.assertEqual(values[name + "_count", frozenset([stage])], 2)
        self.assertEqual(values[name + "_sum", frozenset([stage])], 7.002)
        self.assertFalse([labels for _, labels in values if ("stage", "prestart") in labels])

    def test_json(self):
        document = json.loads(self.metrics("--json"))
        php = [s for s in document["series"] if s["container"] == "php"][0]
        self.assertEqual((php["oomKills"], php["stalls"]), (3, 1))
        self.assertIn({"action": "kill-largest", "result": "helped", "count": 2}, php["actions"])
        self.assertEqual(document["containers"]["broken"], 1)
        self.assertEqual(document["hookDurations"][3]["runs"], 2)

    def test_broken_store(self):
        """Whatever the file holds, the rest is told."""
        store = pathlib.Path(self.root, "metrics")
        whole = store.read_bytes()
        for at in range(0, len(whole), 509):
            store.write_bytes(whole[:at] + b"\xfe" + whole[at + 1:])
            parse(self.metrics())
        store.write_bytes(whole[:1500])
        self.assertEqual(json.loads(self.metrics("--json"))["hookDurations"][3]["runs"], 2)


class Textfile(Case):
    def test_written(self):
        folder = pathlib.Path(self.base, "textfile")
        folder.mkdir()
        self.assertEqual(self.metrics("--textfile", folder), "")
        self.assertEqual([path.name for path in folder.iterdir()], ["oomguard.prom"])
        path = folder / "oomguard.prom"
        self.assertEqual(path.read_text(), self.metrics())
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o644)
        # A new file by rename: who reads the old one reads it to its end.
        before = path.stat().st_ino
        with path.open() as held:
            self.metrics("--textfile", folder)
            self.assertEqual(held.read(), path.read_text())
        self.assertNotEqual(before, path.stat().st_ino)

    def test_failures(self):
        self.metrics("--textfile", os.path.join(self.base, "none"), code=1)
        self.metrics("--textfile", self.base, "--json", code=2)
        self.metrics("--textfile", code=2)
        # What stands in its place and cannot be replaced stays, and nothing else is left.
        folder = pathlib.Path(self.base, "taken")
        (folder / "oomguard.prom" / "x").mkdir(parents=True)
        self.metrics("--textfile", folder, code=1)
        self.assertEqual([path.name for path in folder.iterdir()], ["oomguard.prom"])


class Alerts(Case):
    RULES = SOURCE / "examples/prometheus/oomguard.rules.yml"

    def test_rules(self):
        code, said = promtool("check", "rules", self.RULES)
        self.assertEqual(code, 0, said)

    def test_names(self):
        """Nothing is asked for that is not printed."""
        printed = set(NAMES) | {"oomguard_hook_duration_seconds_bucket"}
        asked = set(re.findall(r"oomguard_[a-z_]+", self.RULES.read_text()))
        self.assertTrue(asked)
        self.assertEqual(asked - printed, set())

    def test_what_raises_them(self):
        for path in (self.RULES, SOURCE / "tests/cli/alerts_test.yml"):
            shutil.copy(path, self.base)
        code, said = promtool("test", "rules", os.path.join(self.base, "alerts_test.yml"))
        self.assertEqual(code, 0, said)


class Dashboard(Case):
    FILE = SOURCE / "examples/grafana/oomguard.json"

    def setUp(self):
        super().setUp()
        self.panels = json.loads(self.FILE.read_text())["panels"]
        self.queries = [target["expr"] for panel in self.panels for target in panel["targets"]]

    def test_names_and_labels(self):
        """Each query asks for what is really printed, by labels that it has."""
        labels = {}
        for name, pairs in parse(self.metrics()):
            labels.setdefault(name, set()).update(label for label, _ in pairs)
        self.assertGreater(len(self.queries), 10)
        for query in self.queries:
            for name, chosen in re.findall(r"(oomguard_\w+)\{([^}]*)\}", query):
                self.assertIn(name, labels, query)
                asked = set(re.findall(r"(\w+)[=!]", chosen)) - {"instance"}
                self.assertLessEqual(asked, labels[name], query)
        self.assertEqual({name for query in self.queries
                          for name in re.findall(r"oomguard_\w+", query)},
                         {name for name in labels if not re.search("_(sum|count)$", name)})

    def test_queries(self):
        """Prometheus understands them, once Grafana has filled in its variables."""
        rules = [f"      - record: a:q{i}\n        expr: {json.dumps(self.filled(query))}\n"
                 for i, query in enumerate(self.queries)]
        path = os.path.join(self.base, "queries.yml")
        with open(path, "w") as file:
            file.write("groups:\n  - name: a\n    rules:\n" + "".join(rules))
        code, said = promtool("check", "rules", path)
        self.assertEqual(code, 0, said)

    @staticmethod
    def filled(query):
        return re.sub(r"\$__(range|rate_interval)", "5m", query).replace("$", "")

    def test_layout(self):
        """No two panels lie on one another, and all lie on the grid."""
        taken = set()
        for panel in self.panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(at["x"] + at["w"], 24)
            taken |= cells


unittest.main(argv=sys.argv[:1], verbosity=2)
