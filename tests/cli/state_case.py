# SPDX-License-Identifier: Apache-2.0
"""A test of `oomguard` on a state root that fill_state made.

Its file is called with the two programs, and with the source where it needs that.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

OOMGUARD, FILL_STATE = sys.argv[1], sys.argv[2]
PATIENCE = 60  # seconds until something that should come is given up


class Case(unittest.TestCase):
    """A filled state root, and the program that fills it and plays the shim of "web"."""

    def setUp(self):
        self.base = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.base)
        self.root = os.path.join(self.base, "state")
        self.shim = subprocess.Popen([FILL_STATE, self.base], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, self.shim)
        self.assertEqual(self.shim.stdout.readline(), "ready\n")
        self.keys = {}
        for key in os.listdir(os.path.join(self.root, "containers")):
            self.keys.setdefault(key.rsplit("-", 1)[0], key)

    @staticmethod
    def stop(process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def tell(self, words):
        self.shim.stdin.write(words + "\n")
        self.shim.stdin.flush()
        self.assertEqual(self.shim.stdout.readline(), "done\n")

    def run_cli(self, *words, code=0, root=None, env=None):
        done = subprocess.run([OOMGUARD, "--root", root or self.root, *words], env=env,
                              capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        for text in (done.stdout, done.stderr):
            self.assert_harmless(text)
        return done.stdout.decode(), done.stderr.decode()

    def assert_harmless(self, text):
        """Nothing that a terminal would obey, and only UTF-8."""
        for bad in "\033\x07\x80\x9b\u202e":
            self.assertNotIn(bad, text.decode())

    def json(self, *words, code=0, **more):
        document = json.loads(self.run_cli(*words, "--json", code=code, **more)[0])
        self.assertEqual(document["version"], 1)
        return document
