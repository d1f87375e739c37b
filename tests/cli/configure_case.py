# SPDX-License-Identifier: Apache-2.0
"""A test of `oomguard configure` on a tree of its own.

Its file is called with the program, and with where oomguard's other programs are.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

OOMGUARD, LIBEXEC = sys.argv[1], sys.argv[2]
PATIENCE = 120  # seconds until something that should come is given up
ALL_CI = os.environ.get("CI") == "true"  # then nothing may be missing


def need(program):
    """The program, or the test is skipped; in CI it fails."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path and not ALL_CI:
        raise unittest.SkipTest(f"no {program} here")
    return path


def run(words):
    return subprocess.run(words, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)


class Case(unittest.TestCase):
    """A tree with oomguard's programs in it."""

    ENGINE = None

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.base)
        self.programs = pathlib.Path(str(self.base) + LIBEXEC)
        self.programs.mkdir(parents=True)
        # The runtimes are those of the built-in policy.
        self.runtimes = [self.base / "usr/sbin/runc", self.base / "usr/bin/crun"]
        for path in (self.programs / "oomguard-hook", self.programs / "oomguard-runc", *self.runtimes):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\n")
            path.chmod(0o755)
        (self.programs / "oomguard-crun").symlink_to("oomguard-runc")

    def configure(self, *words, code=0):
        done = run([OOMGUARD, "configure", self.ENGINE, "--prefix", self.base, *words])
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout.decode() + done.stderr.decode()

    def files(self):
        """Every file but the programs: path to (bytes, mode)."""
        return {str(path.relative_to(self.base)): (path.read_bytes(), path.stat().st_mode)
                for path in self.base.rglob("*")
                if path.is_file() and path not in self.runtimes and self.programs not in path.parents}

    def put(self, name, text, mode=0o644):
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def round_trip(self, *words):
        """Dry run, register, register again, take back: every file is as it was."""
        before = self.files()
        self.configure(*words, "--dry-run")
        self.assertEqual(self.files(), before)
        self.configure(*words)
        registered = self.files()
        self.assertNotEqual(registered, before)
        self.assertIn("nothing to change", self.configure(*words))
        self.assertEqual(self.files(), registered)
        self.configure("--remove", *words, "--dry-run")
        self.assertEqual(self.files(), registered)
        self.configure("--remove", *words)
        self.assertEqual(self.files(), before)
        self.assertIn("nothing to change", self.configure("--remove", *words))
        return registered

    def apply_difference(self, *words):
        """The difference, applied by patch(1), is what is really done."""
        patch = need("patch")
        difference = self.configure(*words, "--dry-run")
        before = self.files()
        self.configure(*words)
        after = {name: text for name, (text, _) in self.files().items() if name in before}
        for name, (text, mode) in before.items():
            self.put(name, text, mode & 0o7777)
        subprocess.run([patch, "-p0", "--posix", "-s", "-d", "/"], input=difference.encode(), check=True,
                       capture_output=True, timeout=PATIENCE)
        self.assertEqual({name: (self.base / name).read_bytes() for name in after}, after)
