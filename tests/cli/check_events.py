#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard incidents` and `oomguard events`, across rotations and new containers."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from state_case import Case, OOMGUARD, PATIENCE


class Incidents(Case):
    def test_table(self):
        lines = self.run_cli("incidents")[0].splitlines()
        self.assertEqual(len(lines), 1 + 8)
        self.assertRegex(lines[1], r"stuck +oom-killer-off ")
        self.assertIn("gone", lines[2])
        self.assertIn("le\\x1B[1mak (42) and 3 more", "\n".join(lines))

    def test_reserved_name(self):
        """An empty file only keeps a name: it is nobody's record."""
        self.assertNotIn("-empty-1", self.run_cli("incidents", "--json")[0])
        self.run_cli("incidents", "empty", code=3)

    def test_of_one(self):
        self.assertEqual(len(self.json("incidents", "web")["incidents"]), 6)
        self.assertEqual(len(self.json("incidents", "gone")["incidents"]), 1)
        self.assertEqual(len(self.json("incidents", "webhook")["incidents"]), 0)
        self.run_cli("incidents", "nobody", code=3)
        self.run_cli("incidents", "we", code=2)


class Events(Case):
    def lines(self, process, count):
        return [process.stdout.readline() for _ in range(count)]

    def follow(self, *words):
        process = subprocess.Popen([OOMGUARD, "--root", self.root, "events", "--follow", *words],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, process)
        return process

    def test_print(self):
        lines = self.run_cli("events", "web")[0].splitlines()
        self.assertEqual(len(lines), 24)
        self.assertIn("created", lines[0])
        self.assertEqual(self.run_cli("events", "left-1")[0], "")
        for line in self.run_cli("events", "web", "--json")[0].splitlines():
            self.assertEqual(json.loads(line)["id"], "web")

    def test_all_are_sorted(self):
        line = ('{{"version":1,"time":"2000-01-01T00:00:0{}.000Z","monotonicMs":1,"id":"x","level":"info",'
                '"event":"oom","message":"{}"}}\n')
        for identity, events in (("left-1", [(1, "one"), (3, "three"), (3, "four")]),
                                 ("slow", [(2, "two"), (4, "five")])):
            path = pathlib.Path(self.root, "containers", self.keys[identity], "events.jsonl")
            path.write_text("".join(line.format(*event) for event in events))
        lines = self.run_cli("events")[0].splitlines()
        self.assertEqual([line.split()[3] for line in lines[:5]], ["one", "two", "three", "four", "five"])
        self.assertEqual(len(lines), 5 + 24)

    def test_rubbish_in_the_journal(self):
        path = pathlib.Path(self.root, "containers", self.keys["left-1"], "events.jsonl")
        self.tell(f"event {self.keys['left-1']} one")
        path.write_bytes(b"rubbish\n" + b"x" * 10000 + b"\n{\"version\": 7}\n" + path.read_bytes())
        self.tell(f"event {self.keys['left-1']} two")
        self.assertEqual(len(self.run_cli("events", "left-1")[0].splitlines()), 2)

    def test_rotated_file_is_read_first(self):
        self.tell(f"event {self.keys['left-1']} first")
        self.tell(f"fill {self.keys['left-1']}")
        lines = self.run_cli("events", "left-1")[0].splitlines()
        self.assertIn("first", lines[0])
        self.assertGreater(len(lines), 500)

    def test_follow_across_rotations(self):
        key = self.keys["left-1"]
        process = self.follow("left-1", "--json")
        self.tell(f"event {key} start")
        self.assertIn("start", process.stdout.readline())
        self.tell(f"fill {key}")
        self.tell(f"event {key} end")
        written = sum(len(file.read_bytes().splitlines()) for file in
                      pathlib.Path(self.root, "containers", key).glob("events.jsonl*"))
        lines = self.lines(process, written - 1)
        self.assertIn("\"end ", lines[-1])
        times = [json.loads(line)["monotonicMs"] for line in lines]
        self.assertEqual(times, sorted(times))

    def test_follow_ends_with_the_container(self):
        key = self.keys["left-1"]
        process = self.follow("left-1")
        self.tell(f"event {key} first")
        self.assertIn("first", process.stdout.readline())
        self.tell(f"event {key} last")
        self.tell(f"remove {key}")
        self.assertIn("last", process.stdout.readline())
        self.assertEqual(process.stdout.readline(), "")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_follow_all_sees_new_containers(self):
        process = self.follow()
        self.lines(process, 24)
        self.tell("make fresh")
        key = [key for key in os.listdir(os.path.join(self.root, "containers"))
               if key.startswith("fresh-")][0]
        self.tell(f"event {key} hello")
        self.assertIn("hello", process.stdout.readline())
        self.tell(f"remove {key}")
        self.tell("make fresh")
        self.tell(f"event {key} again")
        self.assertIn("again", process.stdout.readline())
        self.assertIsNone(process.poll())


unittest.main(argv=sys.argv[:1], verbosity=2)
