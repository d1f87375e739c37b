#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure --mode wrapper`: what it needs, what it refuses, and how it is taken back."""
import json
import sys
import unittest

from configure_case import Case, LIBEXEC

POLICY = "etc/oomguard/policy.json"
# Engine, the words that register, where that goes, and the file and lines that make it the default.
ENGINES = (
    ("podman", ["--mode", "wrapper"], "etc/containers/containers.conf.d/oomguard.conf",
     "etc/containers/containers.conf", "[engine]\nruntime = '{}'\n", "[engine] runtime"),
    ("podman", ["--mode", "wrapper"], "etc/containers/containers.conf.d/oomguard.conf",
     "etc/containers/containers.conf.d/99-mine.conf", "[engine]\nruntime = '{}'\n", "[engine] runtime"),
    ("crio", ["--mode", "wrapper"], "etc/crio/crio.conf.d/99-oomguard.conf",
     "etc/crio/crio.conf", "[crio.runtime]\ndefault_runtime = \"{}\"\n", "[crio.runtime] default_runtime"),
    ("crio", ["--mode", "wrapper"], "etc/crio/crio.conf.d/99-oomguard.conf",
     "etc/crio/crio.conf.d/10", "[crio]\nruntime.default_runtime = \"{}\"\n", "[crio.runtime] default_runtime"),
)
WORDS = (("podman", ["--mode", "wrapper"]), ("crio", ["--mode", "wrapper"]), ("docker", []))


class Default(Case):
    """A runtime that the engine uses by default is not taken away under it."""

    def test_drop_ins(self):
        for self.ENGINE, words, drop_in, conf, lines, key in ENGINES:
            self.configure(*words)
            path = self.put(conf, lines.format("oomguard"))
            before = self.files()
            for remove in (["--remove"], [*words, "--remove"]):
                said = self.configure(*remove, code=1)
                self.assertIn(str(path), said)
                self.assertIn(key, said)
                self.assertEqual(self.files(), before)
            path.write_text(lines.format("runc"))
            self.configure("--remove")
            self.assertFalse((self.base / drop_in).exists())
            path.unlink()

    def test_last_file_holds(self):
        self.ENGINE = "podman"
        self.put("etc/containers/containers.conf", "[engine]\nruntime = 'oomguard'\n")
        self.put("etc/containers/containers.conf.d/z.conf", "[engine]\nruntime = 'crun'\n")
        self.round_trip("--mode", "wrapper")

    def test_in_our_own_file(self):
        """It goes with the file."""
        self.ENGINE = "podman"
        self.configure("--mode", "wrapper")
        path = self.base / "etc/containers/containers.conf.d/oomguard.conf"
        path.write_text(path.read_text() + "[engine]\nruntime = 'oomguard'\n")
        self.configure("--remove")
        self.assertFalse(path.exists())

    def test_docker(self):
        self.ENGINE = "docker"
        path = self.put("etc/docker/daemon.json", '{"default-runtime": "one"}\n')
        for name in ("one", "two"):
            self.configure("--handler", name)
        before = self.files()
        for words in ([], ["--handler", "one"]):
            said = self.configure("--remove", *words, code=1)
            self.assertIn(str(path), said)
            self.assertIn("default-runtime", said)
            self.assertEqual(self.files(), before)
        self.configure("--remove", "--handler", "two")
        path.write_text(path.read_text().replace('"one"', '"runc"', 1))
        self.configure("--remove")
        self.assertEqual(json.loads(path.read_text()), {"default-runtime": "runc"})


class Ways(Case):
    """Without --mode both ways are taken back."""

    def test_both(self):
        for self.ENGINE in ("podman", "crio"):
            for handler in ([], ["--handler", "guarded"]):
                self.configure()
                self.configure("--mode", "wrapper", *handler)
                self.assertEqual(len(self.files()), 4)
                self.configure("--remove")
                self.assertEqual(self.files(), {})

    def test_one(self):
        for self.ENGINE in ("podman", "crio"):
            self.configure()
            self.configure("--mode", "wrapper")
            self.configure("--remove", "--mode", "hooks")
            self.assertEqual(len(self.files()), 1)
            self.configure()
            self.configure("--remove", "--mode", "wrapper")
            self.assertEqual(len(self.files()), 3)
            self.configure("--mode", "wrapper")
            self.assertIn("nothing to change", self.configure("--remove", "--handler", "other"))
            self.configure("--remove", "--handler", "oomguard")
            self.assertEqual(len(self.files()), 3)
            self.configure("--remove")

    def test_second_handler(self):
        for self.ENGINE in ("podman", "crio"):
            self.configure("--mode", "wrapper", "--handler", "one")
            before = self.files()
            self.assertIn("one", self.configure("--mode", "wrapper", "--handler", "two", code=1))
            self.assertEqual(self.files(), before)
            self.configure("--mode", "wrapper", "--remove")
            self.configure("--mode", "wrapper", "--handler", "two")
            self.configure("--remove")


class Runtime(Case):
    """A wrapper without its runtime would start no container."""

    def test_missing(self):
        for self.ENGINE, words in WORDS:
            self.runtimes[0].unlink()
            said = self.configure(*words, code=1)
            self.assertIn(str(self.runtimes[0]), said)
            self.assertIn("runtimes", said)
            self.assertEqual(self.files(), {})
            self.runtimes[0].write_text("")
            self.runtimes[0].chmod(0o644)
            self.configure(*words, code=1)
            self.runtimes[0].chmod(0o755)
            self.configure(*words)
            # What is there can be taken back without it.
            self.runtimes[0].unlink()
            self.configure(*words, "--remove")
            self.runtimes[0].write_text("")
            self.runtimes[0].chmod(0o755)
            self.assertEqual(self.files(), {})

    def test_policy(self):
        """The policy's list is what counts, if it can be read."""
        self.ENGINE = "docker"
        for runtimes, said in (([], "runtimes"), (["/usr/bin/crun"], "is called runc"),
                               (["/opt/runc"], "/opt/runc"), ([LIBEXEC + "/runc"], "is oomguard")):
            (self.programs / "runc").unlink(missing_ok=True)
            (self.programs / "runc").symlink_to("oomguard-runc")
            self.put(POLICY, json.dumps({"version": 1, "runtimes": runtimes}))
            self.assertIn(said, self.configure(code=1))
        self.put("opt/runc", "#!/bin/sh\n", 0o755)
        self.put(POLICY, json.dumps({"version": 1, "runtimes": ["/opt/runc"]}))
        self.round_trip()
        self.put(POLICY, "{")
        self.round_trip()

    def test_link_in_an_image(self):
        """What a link points to is told only by the image's own root."""
        self.ENGINE = "docker"
        self.runtimes[0].unlink()
        self.runtimes[0].symlink_to("/no/such/place/on/this/machine")
        self.configure()

    def test_crun(self):
        for self.ENGINE, words in WORDS:
            registered = self.round_trip(*words, "--runtime", "crun")
            (text, _), = registered.values()
            self.assertIn(f'"{LIBEXEC}/oomguard-crun"'.encode(), text)
            self.assertNotIn(b"runc", text)
        self.ENGINE = "podman"
        for words in (["--runtime", "crun"], ["--runtime", "youki", "--mode", "wrapper"]):
            self.configure(*words, code=2)

    def test_profile(self):
        self.ENGINE = "docker"
        self.put(POLICY, '{"version": 1, "profiles": {"worker": {}, "web": {}}}')
        before = self.files()
        said = self.configure("--profile", "nosuch", code=1)
        for word in ("nosuch", "default, worker, web"):
            self.assertIn(word, said)
        self.assertEqual(self.files(), before)
        for name in ("worker", "default"):
            self.round_trip("--profile", name)
        self.configure("--profile", "worker")
        self.put(POLICY, '{"version": 1}')
        self.configure("--profile", "worker", "--remove")
        self.put(POLICY, '{"version": 1, "profiles": {' +
                 ",".join(f'"{"p" * 60}{i}": {{}}' for i in range(40)) + "}}")
        self.assertIn("ppp", self.configure("--profile", "nosuch", code=1))


unittest.main(argv=sys.argv[:1], verbosity=2)
