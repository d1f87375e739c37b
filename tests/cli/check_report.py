#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard report`: which incident it takes, and what text and JSON say."""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import jsonschema

from records import MIB, SCRIPT, level, memory, process, record, write

OOMGUARD, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SCHEMA = json.loads((SOURCE / "schema/incident.schema.json").read_text())


class Case(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)

    def fill(self, *records):
        for one in records:
            jsonschema.validate(one, SCHEMA)
        write(self.root, *records)

    def report(self, *words, code=0):
        done = subprocess.run([OOMGUARD, "--root", self.root, "report", *words],
                              capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        for bad in "\033\x07\x80\x9b\u202e":
            self.assertNotIn(bad, (done.stdout + done.stderr).decode())
        return done.stdout.decode(), done.stderr.decode()

    def json(self, *words):
        document = json.loads(self.report("--json", *words)[0])
        self.assertEqual(document["version"], 1)
        return document

    def answers(self, **changes):
        self.fill(record(**changes))
        document = self.json()
        return document["answers"], [verdict["name"] for verdict in document["verdicts"]]


class Which(Case):
    def setUp(self):
        super().setUp()
        self.fill(record("20261125T101112.345Z-web-1"), record("20261125T101112.345Z-web-2"),
                  record("20261125T101113.000Z-db-1", id="db"))
        # A name that was reserved, and nothing written yet.
        pathlib.Path(self.root, "incidents/20261125T101114.000Z-db-1.json").touch()

    def name(self, *words):
        return self.json(*words)["incident"]["name"]

    def test_the_newest(self):
        self.assertEqual(self.name(), "20261125T101113.000Z-db-1")

    def test_by_name(self):
        for word in ("20261125T101112.345Z-web-1", "20261125T101112.345Z-web-1.json"):
            self.assertEqual(self.name(word), "20261125T101112.345Z-web-1")
        self.assertEqual(self.name("20261125T101113"), "20261125T101113.000Z-db-1")

    def test_by_container(self):
        self.assertEqual(self.name("web"), "20261125T101112.345Z-web-2")
        self.assertEqual(self.name("we"), "20261125T101112.345Z-web-2")
        self.assertEqual(self.name("db"), "20261125T101113.000Z-db-1")

    def test_what_is_not_there(self):
        _, err = self.report("nobody", code=3)
        self.assertIn('no container "nobody"', err)
        _, err = self.report("20261125T101112", code=2)
        self.assertIn("  20261125T101112.345Z-web-1\n  20261125T101112.345Z-web-2\n", err)
        self.report("web", "db", code=2)
        self.report("", code=3)

    def test_an_empty_folder(self):
        shutil.rmtree(os.path.join(self.root, "incidents"))
        _, err = self.report(code=1)
        self.assertIn("no incident was recorded", err)


class Text(Case):
    def test_all_parts(self):
        self.fill(record())
        out, _ = self.report()
        for words in ("Memory grew steadily", "What to do", "the container's own, 64 MiB (/pods/web)",
                      "leaky (pid 4711, 48 MiB)", "growth: ", "Wrong if: ", "64 MiB ┤", "event",
                      "├─ leaky", "█", "/pods/web", "hit", "228 µs", "signal-init",
                      "Killed process 4711 (leaky)", "Cut short         cmdline", SCRIPT,
                      "in io_schedule", "\\x1B[31mred"):
            self.assertIn(words, out)
        head = out.splitlines()[:22]
        self.assertTrue(any("Should have been" in line for line in head), head)

    def test_a_record_that_knows_little(self):
        self.fill(record(processes=None, timeline=[], kernelReport=None, details=[], host=None,
                         victims=[], kills=0, slot="unknown", basis="nothing", limits=[],
                         actions=[], restarts=None))
        out, _ = self.report()
        self.assertIn("The record does not tell why", out)
        self.assertIn("not known whose", out)

    def test_sizes_that_are_not_known(self):
        whole = record(timeline=[])
        for row in whole["processes"]["list"]:
            row.update(rssAnon=None, rssShmem=None, swap=None, oomScoreAdj=None)
        self.fill(whole)
        out, _ = self.report()
        self.assertIn("largest process: 48 MiB (leaky, pid 4711)", out)
        self.assertNotIn("all others together", out)
        self.assertRegex(out, r"4712 S +- +- +└─ nginx")
        self.assertIn("<span>–</span>", self.report("--html", "-")[0])

    def test_pids_in_a_circle(self):
        whole = record()
        whole["processes"]["list"] = [process(5001, 5002, "alpha", 1, 0),
                                      process(5002, 5001, "beta", 1, 0),
                                      process(5003, 5003, "gamma", 1, 0)]
        self.fill(whole)
        out, _ = self.report()
        for name in ("alpha", "beta", "gamma"):
            self.assertEqual(out.count(name + "\n"), 1, out)


class Page(Case):
    def test_it_is_private_and_whole(self):
        self.fill(record())
        page = pathlib.Path(self.root, "page.html")
        page.write_text("old")
        page.chmod(0o644)
        self.report("--html", str(page))
        text = page.read_text()
        self.assertEqual(stat.S_IMODE(page.stat().st_mode), 0o600)
        self.assertTrue(text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n"))
        self.assertNotIn("<script", text)
        self.assertNotIn("<img", text)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", text)
        self.assertEqual(self.report("--html", "-")[0], text)
        self.assertEqual(os.listdir(self.root).count("page.html"), 1)
        self.assertEqual(len(os.listdir(self.root)), 2)

    def test_it_cannot_be_written(self):
        self.fill(record())
        for path, words in ((self.root + "/", "names a folder"), ("/nowhere/x", "cannot open the"),
                            (self.root + "/incidents", "cannot write")):
            self.assertIn(words, self.report("--html", path, code=1)[1])


class Answers(Case):
    """The five questions, from the record alone."""

    def test_a_worker_that_leaks(self):
        answers, verdicts = self.answers()
        self.assertEqual(answers["limit"]["whose"], "own")
        self.assertEqual(answers["limit"]["bytes"], 64 * MIB)
        self.assertEqual(answers["killed"], "leaky (pid 4711, 48 MiB)")
        self.assertEqual(answers["shouldHaveBeen"]["pid"], 4711)
        self.assertTrue(answers["shouldHaveBeen"]["wasKilled"])
        self.assertIn("started again", answers["done"])
        self.assertEqual(verdicts, ["steady-growth", "one-process-too-large",
                                    "child-killed-init-alive"])

    def test_the_wrong_one(self):
        whole = record()
        whole["processes"]["list"][1]["oomScoreAdj"] = 0
        answers, verdicts = self.answers(
            processes=whole["processes"], timeline=[],
            victims=[{"pid": 4712, "comm": "nginx", "rss": 3 * MIB, "init": False,
                      "source": "kmsg"}])
        self.assertEqual(answers["shouldHaveBeen"]["comm"], "leaky")
        self.assertFalse(answers["shouldHaveBeen"]["wasKilled"])
        self.assertIn("score-misfit", verdicts)

    def test_the_pods_limit(self):
        answers, verdicts = self.answers(
            slot="ancestor", limitCgroup="/pods",
            limits=[level("/pods/web", 64, 30), level("/pods", 96, 96, hit=True)])
        self.assertEqual((answers["limit"]["whose"], answers["limit"]["cgroup"],
                          answers["limit"]["bytes"]), ("ancestor", "/pods", 96 * MIB))
        self.assertEqual(verdicts[0], "ancestor-limit")

    def test_the_host(self):
        answers, verdicts = self.answers(slot="global", limits=[level("/pods/web", 64, 30)])
        self.assertEqual(answers["limit"]["whose"], "host")
        self.assertEqual(verdicts[0], "host-out-of-memory")

    def test_a_hang(self):
        rung = {"rung": "enable-oom-killer", "helped": True, "tookUs": 2500, "detail": ""}
        answers, verdicts = self.answers(kind="stall", slot=None, stall="oom-killer-off",
                                         rungs=[rung], victims=[], kills=0, result="freed",
                                         decision="ladder", timeline=[])
        self.assertEqual(answers["done"], "the container was freed and runs on: "
                                          "enable-oom-killer helped within 2.5 ms")
        self.assertEqual(answers["killed"], "nobody by the kernel")
        self.assertEqual(verdicts[0], "oom-killer-off")
        self.assertIn("disableOOMKiller", answers["change"])

    def test_files_in_memory(self):
        answers, verdicts = self.answers(memory=memory(anon=5, shmem=50, file=52), timeline=[])
        self.assertIsNone(answers["shouldHaveBeen"]["pid"])
        self.assertIn("nobody", answers["shouldHaveBeen"]["text"])
        self.assertEqual(verdicts[0], "tmpfs")

    def test_page_cache(self):
        _, verdicts = self.answers(
            kind="near-limit", slot=None, victims=[], kills=0, timeline=[], actions=[],
            memory=memory(anon=5, shmem=0, file=57, inactiveFile=40, activeFile=16,
                          workingSet=24, reclaimable=56),
            processes={**record()["processes"], "list": [process(4700, 1, "cat", 2, 0)]})
        self.assertEqual(verdicts, ["page-cache-not-the-cause"])

    def test_zombies(self):
        whole = record()["processes"]
        whole["zombies"] = [{"ppid": 4712, "comm": "nginx", "count": 1100}]
        answers, verdicts = self.answers(kind="stall", slot=None, stall="zombies", victims=[],
                                         kills=0, processes=whole, timeline=[])
        self.assertEqual(answers["shouldHaveBeen"]["pid"], 4712)
        self.assertEqual(verdicts[0], "zombies")


unittest.main(argv=sys.argv[:1], verbosity=2)
