#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure --restart`: when the engine is restarted, by a systemctl that writes down what
it was called for. Each call has mounts of its own, and the state root is the test's."""
import json
import os
import shlex
import sys
import unittest

from configure_case import ALL_CI, Case, LIBEXEC, OOMGUARD, need, run

SYSTEMCTL = """#!/bin/sh
case $1 in
show) cat {base}/active ;;
*) echo "$*" >>{base}/calls; exit $(cat {base}/exit) ;;
esac
"""
MOUNTS = """
mkdir -p {mount} && mount -t tmpfs tmpfs {mount} && cd {mount} || exit 99
for name in etc usr; do
	mkdir $name $name-work &&
		mount -t overlay overlay -o lowerdir=/$name,upperdir=$name,workdir=$name-work /$name || exit 99
done
cp {base}/systemctl /usr/bin/systemctl && mkdir -p {libexec} /usr/sbin && rm -rf /etc/oomguard &&
	cp {base}/systemctl {libexec}/oomguard-runc && cp {base}/systemctl /usr/sbin/runc || exit 99
exec "$@"
"""


class Restart(Case):
    ENGINE = "docker"

    def setUp(self):
        super().setUp()
        if not LIBEXEC.startswith("/usr/"):
            self.missing("programs below /usr")
        self.put("systemctl", SYSTEMCTL.format(base=self.base), 0o755)
        self.put("exit", "0")
        self.active(0)
        self.own = ["-m"] if os.geteuid() == 0 else ["-r", "-m"]
        if run([*self.mounts(), "true"]).returncode != 0:
            self.missing("mounts of our own")
        self.daemon = self.base / "daemon.json"

    def missing(self, what):
        self.assertFalse(ALL_CI, f"missing: {what}")
        self.skipTest(f"missing: {what}")

    def mounts(self):
        words = {"mount": self.base / "mount", "base": self.base, "libexec": LIBEXEC}
        script = MOUNTS.format(**{name: shlex.quote(str(word)) for name, word in words.items()})
        return [need("unshare"), *self.own, "sh", "-c", script, "sh"]

    def configure(self, *words, code=0):
        done = run([*self.mounts(), os.path.abspath(OOMGUARD), "--root", self.base / "state", "configure", self.ENGINE, "--config",
                    self.daemon, *words])
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout.decode() + done.stderr.decode()

    def active(self, us):
        self.put("active", f"ActiveEnterTimestampMonotonic={us}\n")

    def calls(self):
        """What it was called for since the last look."""
        path = self.base / "calls"
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text.splitlines()

    def test_once(self):
        for words in ([], ["--remove"]):
            said = self.configure("--restart", *words)
            self.assertIn("done: systemctl reload docker.service", said)
            self.assertEqual(self.calls(), ["reload docker.service"])
            said = self.configure("--restart", *words)
            self.assertIn("nothing to change", said)
            self.assertNotIn("systemctl", said)
            self.assertEqual(self.calls(), [])

    def test_failed(self):
        """What failed is tried again, until it is done."""
        for words in ([], ["--remove"]):
            self.put("exit", "1")
            for _ in range(2):
                self.assertIn("failed", self.configure("--restart", *words, code=1))
                self.assertEqual(self.calls(), ["reload docker.service"])
            self.put("exit", "0")
            self.configure("--restart", "--dry-run", *words)
            self.assertEqual(self.calls(), [])
            self.configure("--restart", *words)
            self.configure("--restart", *words)
            self.assertEqual(self.calls(), ["reload docker.service"])

    def test_put_off(self):
        self.configure()
        self.assertIn("systemctl reload docker.service", self.configure())
        document = json.loads(self.configure("--json"))
        self.assertEqual((document["changes"], document["needs"], document["restarted"]), ([], "reload", False))
        self.assertEqual(self.calls(), [])
        self.configure("--restart")
        self.assertEqual(self.calls(), ["reload docker.service"])

    def test_started_since(self):
        """An engine that has started after the change has read it."""
        self.configure()
        self.active(2 ** 62)
        self.assertNotIn("systemctl", self.configure("--restart"))
        self.assertEqual(self.calls(), [])
        self.put("active", "")
        self.configure("--restart")
        self.assertEqual(self.calls(), ["reload docker.service"])

    def test_by_hand(self):
        """Lines that nobody has added yet need no restart."""
        self.ENGINE = "containerd"
        self.daemon = self.base / "config.toml"
        self.put("config.toml", "version = 2\n")
        self.configure("--restart", code=1)
        self.configure("--restart", code=1)
        self.assertEqual(self.calls(), [])
        self.configure("--edit", code=0)
        self.configure("--edit", "--restart")
        self.assertEqual(self.calls(), ["restart containerd.service"])

    def test_cannot_note(self):
        """It is said, and done all the same."""
        (self.base / "state.docker.service.due").mkdir()
        self.assertIn("state.docker.service.due", self.configure("--restart"))
        self.assertEqual(self.calls(), ["reload docker.service"])


unittest.main(argv=sys.argv[:1], verbosity=2)
