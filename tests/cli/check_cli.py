#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command line of `oomguard`: its words, how a container is named, and completion."""
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from state_case import Case, OOMGUARD

SOURCE = pathlib.Path(sys.argv[3])


class Usage(Case):
    VERBS = ["list", "status", "events", "incidents", "report", "top", "explain",
             "metrics", "cancel", "doctor",
             "policy", "configure", "recover", "version"]

    def test_help(self):
        for words in ([], *([verb] for verb in self.VERBS)):
            out, err = self.run_cli(*words, "--help")
            self.assertIn("Usage: oomguard", out)
            self.assertIn("Example", out)
            self.assertEqual(err, "")
        out, _ = self.run_cli("--help")
        for verb in self.VERBS:
            self.assertIn(f"  {verb}", out)

    def test_wrong_usage(self):
        for words in ([], ["dance"], ["--dance"], ["list", "web"], ["list", "--dance"], ["list", "-x"],
                      ["status"], ["status", "web", "plain"], ["cancel"], ["events", "a", "b"],
                      ["incidents", "a", "b"], ["version", "x"], ["events", "--follow=3"],
                      ["policy"], ["policy", "dance"], ["metrics", "web"], ["doctor", "web"],
                      ["recover", "web"]):
            out, err = self.run_cli(*words, code=2)
            self.assertEqual(out, "", words)
            self.assertIn("help", err, words)
        done = subprocess.run([OOMGUARD, "list", "--root"], capture_output=True)
        self.assertEqual(done.returncode, 2)

    def test_policy_check_looks_for_runtimes(self):
        """One that is not here is no error: the policy may be for another machine."""
        policy = pathlib.Path(self.base, "policy.json")
        policy.write_text('{"version": 1, "runtimes": ["/bin/sh", "/nowhere/A-runc"]}')
        out, _ = self.run_cli("policy", "check", str(policy))
        self.assertRegex(out, r'warning: .*runtimes\[1\]: found "/nowhere/A-runc", which cannot be '
                              r'run here: No such file')
        self.assertIn("the policy is right", out)
        document = self.json("policy", "check", str(policy))
        self.assertTrue(document["valid"])
        self.assertEqual([(p["level"], p["key"]) for p in document["problems"]],
                         [("warning", "runtimes[1]")])

    def test_hostile_words(self):
        _, err = self.run_cli("status", "\033[31mx", code=3)
        self.assertIn("\\x1B", err)
        self.run_cli("\033[31mx", code=2)
        self.run_cli("list", "--\033[31mx", code=2)

    def test_version(self):
        self.assertIn("oomguard ", self.run_cli("version")[0])
        self.assertEqual(self.run_cli("--version"), self.run_cli("version"))
        self.assertEqual(self.json("version")["program"], "oomguard")

    def test_no_state_yet(self):
        none = os.path.join(self.base, "none")
        self.run_cli("list", root=none)
        self.assertEqual(self.json("list", root=none)["containers"], [])
        self.assertEqual(self.json("incidents", root=none)["incidents"], [])
        self.run_cli("events", root=none)
        for verb in ("status", "cancel", "events", "incidents"):
            self.run_cli(verb, "web", root=none, code=3)
        self.assertFalse(os.path.exists(none))

    def test_unsafe_root(self):
        os.chmod(self.root, 0o777)
        for words in (["list"], ["status", "web"], ["incidents"], ["events"], ["cancel", "web"],
                      ["metrics"]):
            _, err = self.run_cli(*words, code=1)
            self.assertIn("written by others", err)
            self.assertIn("chmod go-w", err)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            for words in (["list"], ["list", "--json"], ["--help"], ["version"], ["events", "web"],
                          ["metrics"]):
                done = subprocess.run([OOMGUARD, "--root", self.root, *words], stdout=full,
                                      stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 1, words)
                self.assertIn(b"No space left", done.stderr)


class Find(Case):
    def test_prefix(self):
        self.assertEqual(self.json("status", "pla")["id"], "plain")
        self.assertEqual(self.json("status", "web")["id"], "web")
        self.assertEqual(self.json("status", "webh")["id"], "webhook")
        self.run_cli("status", "webx", code=3)
        self.run_cli("status", "", code=3)

    def test_ambiguous(self):
        out, err = self.run_cli("status", "we", code=2)
        self.assertEqual(out, "")
        self.assertIn(self.keys["web"], err)
        self.assertIn(self.keys["webhook"], err)
        self.assertNotIn("plain", err)

    def test_name(self):
        """The name that `list` shows does too, where only one has it."""
        names = {}
        for item in self.json("list")["containers"]:
            names.setdefault(item["name"], []).append(item["key"])
        alone = [(name, keys[0]) for name, keys in names.items() if name and len(keys) == 1]
        shared = [name for name, keys in names.items() if name and len(keys) > 1]
        self.assertTrue(alone and shared)
        for name, key in alone:
            self.assertEqual(self.json("status", name)["key"], key)
        for name in shared:
            self.run_cli("status", name, code=2)

    def test_same_id_in_two_roots(self):
        _, err = self.run_cli("cancel", "dup", code=2)
        self.assertIn("/run/runc", err)
        self.assertIn("/run/crun", err)
        self.assertEqual(self.json("status", self.keys["dup"])["key"], self.keys["dup"])


class Completion(Case):
    """What the shells offer; bash is run, zsh's file is only parsed where there is a zsh."""

    def complete(self, *words):
        script = (f"source {SOURCE}/cli/completions/oomguard.bash\n"
                  "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _oomguard\n"
                  "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
        path = os.path.dirname(os.path.abspath(OOMGUARD)) + ":" + os.environ["PATH"]
        done = subprocess.run(["bash", "-c", script, "bash", "oomguard", *words],
                              env={**os.environ, "PATH": path}, capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash(self):
        self.assertEqual(self.complete("st"), ["status"])
        self.assertEqual(self.complete("rec"), ["recover"])
        self.assertEqual(self.complete("policy", ""), ["check", "show"])
        self.assertEqual(self.complete("configure", "p"), ["podman"])
        self.assertIn("wrapper", self.complete("configure", "crio", "--mode", ""))
        self.assertIn("--dry-run", self.complete("configure", "crio", "--mode", "hooks", "--d"))
        self.assertIn("--follow", self.complete("events", "--"))
        self.assertIn("--textfile", self.complete("metrics", "--"))
        self.assertEqual(self.complete("top", "--sort", "p"), ["pressure"])
        self.assertEqual(self.complete("metrics", "--textfile", self.root + "/cont"),
                         [self.root + "/containers"])
        self.assertEqual(self.complete("--root", self.root, "status", "pla"), ["plain"])
        self.assertEqual(self.complete("--root", self.root, "cancel", "web"), ["web", "webhook"])

    def test_zsh(self):
        if shutil.which("zsh"):
            subprocess.run(["zsh", "-n", SOURCE / "cli/completions/_oomguard"], check=True)


unittest.main(argv=sys.argv[:1], verbosity=2)
