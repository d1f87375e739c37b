#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure docker`: an edit of daemon.json, read by dockerd itself."""
import json
import subprocess
import sys
import unittest

from configure_case import Case, LIBEXEC, PATIENCE, need


class Docker(Case):
    ENGINE = "docker"
    FILE = "etc/docker/daemon.json"
    OURS = {"path": LIBEXEC + "/oomguard-runc"}

    def only_ours_is_new(self, before, after, handler="oomguard", ours=None):
        """The same by an independent reader of JSON, which keeps numbers as they were written."""
        old, new = (json.loads(text, parse_float=str, parse_int=str) for text in (before, after))
        self.assertEqual(new["runtimes"].pop(handler), ours or self.OURS)
        if not new["runtimes"] and not old.get("runtimes"):
            new.pop("runtimes")
            old.pop("runtimes", None)
        self.assertEqual(list(new.items()), list(old.items()))

    def test_round_trip(self):
        for text in ('{"bridge":"none", "a": 12345678901234567890123, "b":1.50e400, "c": "\\u00e9\\/"}', "{}", " { } ",
                     '{\n\t"iptables": false,\n\t"runtimes": {\n\t\t"x": {"path": "/x"}\n\t}\n}\n',
                     '{"runtimes": {}}', '{"runtimes":{"a":{},\r\n"b":{}}, "z": [1, {"runtimes": 2}]}\r\n'):
            self.put(self.FILE, text, 0o600)
            registered = self.round_trip()
            self.only_ours_is_new(text, registered[self.FILE][0])
            self.assertEqual(registered[self.FILE][1] & 0o777, 0o600)
            self.assertEqual(registered[self.FILE + ".before-oomguard"][0].decode(), text)

    def test_no_file(self):
        (_, (text, _)), = self.round_trip().items()
        self.only_ours_is_new("{}", text)

    def test_blank_file(self):
        """dockerd takes it for one without settings, and it comes back as it was."""
        for text in ("", "\n", " \t\r\n "):
            self.put(self.FILE, text, 0o600)
            registered = self.round_trip()
            self.only_ours_is_new("{}", registered[self.FILE][0])
            self.assertEqual(registered[self.FILE + ".before-oomguard"][0].decode(), text)

    def test_reserved(self):
        self.assertIn("runc", self.configure("--handler", "runc", code=1))
        self.assertEqual(self.files(), {})
        self.put(self.FILE, json.dumps({"runtimes": {"runc": self.OURS}}))
        self.configure("--remove", "--handler", "runc")

    def test_either_wrapper(self):
        """Changed by hand to the other one it is ours all the same."""
        path = self.put(self.FILE, '{"debug": true}\n')
        self.configure()
        path.write_text(path.read_text().replace("oomguard-runc", "oomguard-crun"))
        self.configure("--remove")
        self.assertEqual(path.read_text(), '{"debug": true}\n')

    def test_profile(self):
        self.put(self.FILE, '{"debug": true}')
        ours = {**self.OURS, "runtimeArgs": ["--oomguard-profile", "worker"]}
        registered = self.round_trip("--handler", "oomguard-worker", "--profile", "worker")
        self.only_ours_is_new('{"debug": true}', registered[self.FILE][0], "oomguard-worker", ours)

    def test_another_profile_later(self):
        """What was there before the first time is what comes back."""
        text = '{"debug": true}\n'
        path = self.put(self.FILE, text)
        self.configure()
        self.configure("--profile", "worker")
        self.assertEqual((self.base / (self.FILE + ".before-oomguard")).read_text(), text)
        self.configure("--remove")
        self.assertEqual(path.read_text(), text)

    def test_handlers_come_and_go(self):
        """Whatever their order, what was there before the first comes back, byte for byte."""
        one, two = ["--handler", "one"], ["--handler", "two"]
        for text in ("", '{"runtimes":{}}', '{ "runtimes" : { } }\n', '{\n  "debug": true\n}\n',
                     '{"runtimes": {"x": {}}}', None):
            for back in ([one, two], [two, one], [[]]):
                if text is not None:
                    self.put(self.FILE, text)
                before = self.files()
                self.configure(*one)
                alone = self.files()
                self.configure(*two)
                for words in back:
                    said = self.configure("--remove", *words)
                    if words == two and back[0] == two:
                        self.assertEqual(self.files(), alone)
                    self.assertIn("taken back: " + (words[1] if words else "one, two"), said)
                self.assertEqual(self.files(), before)
            (self.base / self.FILE).unlink(missing_ok=True)

    def test_many(self):
        """Ours are counted, before work grows with their square."""
        ours = {f"r{i}": self.OURS for i in range(65)}
        self.put(self.FILE, json.dumps({"runtimes": ours}))
        before = self.files()
        self.configure("--remove", code=1)
        self.assertEqual(self.files(), before)
        self.configure("--remove", "--handler", "r3")
        self.configure("--remove")
        self.assertEqual((self.base / self.FILE).exists(), False)

    def test_two_handlers(self):
        text = '{\n  "debug": true\n}\n'
        path = self.put(self.FILE, text)
        self.configure("--handler", "one")
        self.configure("--handler", "two")
        self.configure("--remove", "--handler", "one")
        self.assertEqual(list(json.loads(path.read_text())["runtimes"]), ["two"])
        self.configure("--remove", "--handler", "two")
        self.assertEqual(json.loads(path.read_text()), {"debug": True})

    def test_touched_since(self):
        path = self.put(self.FILE, '{"debug": true}\n')
        self.configure()
        for old, new, left in (("true", "false", '{"debug": false}\n'),
                               ('{"oomguard"', '{"x": {}, "oomguard"', '{"debug": true,"runtimes":{"x": {}}}\n'),
                               ("}}}", '}, "y": {}}, "z": 1}', '{"debug": true,"runtimes":{"y": {}}, "z": 1}\n')):
            path.write_text('{"debug": true}\n')
            self.configure()
            path.write_text(path.read_text().replace(old, new, 1))
            self.configure("--remove")
            self.assertEqual(path.read_text(), left)

    def test_not_understood(self):
        for text in ("[]", "{", "null", '{"runtimes": []}', '{"a": 1, "a": 2}', '{"runtimes": {}, "runtimes": {}}', "{} x",
                     '{"runtimes": {"oomguard": {"path": "/usr/bin/other"}}}', '{"runtimes": {"oomguard": 1}}',
                     "{" + '"a": {' * 100 + "}" * 101, "// x\n{}"):
            self.put(self.FILE, text)
            before = self.files()
            self.configure(code=1)
            self.configure("--remove", code=1)
            self.assertEqual(self.files(), before)

    def test_mode(self):
        for words in (["--mode", "hooks"], ["--always"]):
            self.configure(*words, code=1)

    def test_difference(self):
        self.put(self.FILE, '{\n  "debug": true\n}\n')
        self.apply_difference()

    def test_dockerd_takes_it(self):
        dockerd = need("dockerd")
        self.put(self.FILE, '{"debug": true}\n')
        self.configure("--profile", "worker")
        done = subprocess.run([dockerd, "--validate", "--config-file", self.base / self.FILE], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        if "unknown flag" in done.stderr:
            self.skipTest("this dockerd cannot validate")
        self.assertEqual(done.returncode, 0, done.stderr)


unittest.main(argv=sys.argv[:1], verbosity=2)
