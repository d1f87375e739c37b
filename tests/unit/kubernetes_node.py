#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shell scripts of examples/kubernetes/image, on a host that is a directory: what becomes of the
node's label and of the policy when something fails."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

OOMGUARD, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
IMAGE = SOURCE / "examples/kubernetes/image"
PATIENCE = 120
SHELL = ["busybox", "sh"] if shutil.which("busybox") else ["sh"]
# Told by files: what `configure` exits with. The policy is checked by the program itself.
FAKE_OOMGUARD = """#!/bin/sh
echo "$*" >>{base}/calls
case $1 in
version) echo "policy /etc/oomguard/policy.json" ;;
policy) exec {oomguard} policy check {host}$3 ;;
configure) exit $(cat {base}/configure) ;;
esac
"""
GOOD = {"version": 1, "profiles": {"default": {"onOom": {"init": "report"}}}}
BETTER = {"version": 1, "profiles": {"default": {"onOom": {"init": "kill"}}}}
BAD = {"version": 1, "profiles": {"default": {"onOom": {"init": "dance"}}}}


class Node(unittest.TestCase):
    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.base)
        self.host, self.prefix = self.base / "host", self.base / "opt"
        self.host.mkdir()
        (self.base / "tmp").mkdir()
        words = {"base": self.base, "host": self.host, "oomguard": OOMGUARD}
        self.program(self.prefix / "bin/oomguard", FAKE_OOMGUARD.format(**words))
        self.program(self.prefix / "libexec/oomguard/oomguard-runc", "#!/bin/sh\n")
        self.program(self.base / "on-host", '#!/bin/sh\nprogram=$1\nshift\nexec %s"$program" "$@"\n' % self.host)
        self.tell("configure", "0")
        self.policy = self.base / "policy.json"
        self.policy.write_text(json.dumps(GOOD))
        self.feature = self.host / "etc/kubernetes/node-feature-discovery/features.d/oomguard"
        self.drop_in = self.host / "etc/oomguard/policy.d/50-kubernetes.json"

    @staticmethod
    def program(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def tell(self, name, text):
        (self.base / name).write_text(text)

    def crictl(self, where, handler="oomguard"):
        self.program(self.host / where / "crictl", f"""#!/bin/sh
echo "crictl $*" >>{self.base}/calls
echo '{{"runtimes": {{"{handler}": 1}}}}'
""")

    def script(self, verb, code=0):
        env = {"PATH": os.environ["PATH"], "HOST": str(self.host), "ON_HOST": str(self.base / "on-host"),
               "PREFIX": str(self.prefix), "POLICY": str(self.policy), "TMP": str(self.base / "tmp"),
               "CRICTL": str(self.base / "crictl"), "TRIES": "1"}
        done = subprocess.run([*SHELL, IMAGE / "oomguard-node", verb], env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, code, (done.stdout, done.stderr))
        return done.stdout + done.stderr

    def calls(self, word):
        path = self.base / "calls"
        return [line for line in path.read_text().splitlines() if line.split()[0] == word] if path.exists() else []

    def files(self):
        return {str(path.relative_to(self.host)) for path in self.host.rglob("*")}

    def test_there_and_back(self):
        self.crictl("usr/local/bin")
        before = self.files()
        self.script("install")
        self.assertTrue(self.feature.exists())
        self.assertIn("--runtime-endpoint unix:///run/containerd/containerd.sock", self.calls("crictl")[0])
        installed = self.files()
        self.script("install")
        self.assertEqual(self.files(), installed)
        self.assertEqual(len(self.calls("policy")), 1)
        self.script("remove")
        self.assertEqual(self.files(), before)

    def test_cannot_be_asked(self):
        """A containerd that nobody can ask is not known to have the handler."""
        self.assertIn("not labelled", self.script("install"))
        self.assertFalse(self.feature.exists())
        for where in ("usr/bin", "opt/bin"):
            self.crictl(where)
            self.script("install")
            self.assertTrue(self.feature.exists())
            (self.host / where / "crictl").unlink()
            self.script("install")
            self.assertFalse(self.feature.exists())

    def test_own_client(self):
        """The image's own goes before the host's."""
        self.crictl("usr/bin", "other")
        shutil.copy(self.host / "usr/bin/crictl", self.base / "crictl")
        (self.base / "crictl").write_text((self.base / "crictl").read_text().replace("other", "oomguard"))
        self.script("install")
        self.assertIn(f"unix://{self.host}/run/containerd", self.calls("crictl")[0])

    def test_does_not_answer(self):
        """The label is withdrawn where the handler is gone, and where containerd was not restarted."""
        self.crictl("usr/bin")
        self.script("install")
        self.crictl("usr/bin", "other")
        self.script("install", code=1)
        self.assertFalse(self.feature.exists())
        self.crictl("usr/bin")
        self.script("install")
        self.assertTrue(self.feature.exists())
        self.tell("configure", "1")
        self.script("install", code=1)
        self.assertFalse(self.feature.exists())

    def test_bad_policy(self):
        """The last good one stays, and a bad one is tried once."""
        self.crictl("usr/bin")
        self.policy.write_text(json.dumps(BAD))
        self.assertIn("dance", self.script("install", code=1))
        self.assertFalse(self.drop_in.exists())
        self.assertFalse(self.feature.exists())
        self.policy.write_text(json.dumps(GOOD))
        self.script("install")
        self.policy.write_text(json.dumps(BAD))
        self.assertIn("dance", self.script("install"))
        self.assertEqual(json.loads(self.drop_in.read_text()), GOOD)
        self.assertTrue(self.feature.exists())
        checks = len(self.calls("policy"))
        self.script("install")
        self.assertEqual(len(self.calls("policy")), checks)
        self.policy.write_text(json.dumps(BETTER))
        self.script("install")
        self.assertEqual(json.loads(self.drop_in.read_text()), BETTER)
        self.assertEqual([path for path in self.prefix.rglob("*trial*")], [])

    def test_with_the_host_policy(self):
        """It is checked among what the host has."""
        self.crictl("usr/bin")
        for name, text in (("policy.json", '{"version": 1, "profiles": {"web": {}}}'),
                           ("policy.d/10.json", '{"rules": [{"match": {"id": "x"}, "profile": "web"}]}')):
            path = self.host / "etc/oomguard" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.script("install")
        self.policy.write_text('{"profiles": {"web": null}}')
        self.assertIn("web", self.script("install"))
        self.assertEqual(json.loads(self.drop_in.read_text()), GOOD)

    def test_pods_run(self):
        self.crictl("usr/bin")
        self.script("install")
        task = self.host / "run/containerd/io.containerd.runtime.v2.task/k8s.io/pod/runtime"
        task.parent.mkdir(parents=True)
        task.write_text(f"{self.prefix}/libexec/oomguard/oomguard-runc")
        self.assertIn("still run", self.script("remove"))
        self.assertTrue(self.drop_in.exists())
        self.assertFalse(self.feature.exists())


class Context(unittest.TestCase):
    def test_only_its_own_is_replaced(self):
        with tempfile.TemporaryDirectory() as name:
            base = pathlib.Path(name)
            for path in ("root/opt/bin/oomguard", "root/opt/libexec/oomguard/oomguard-hook", "busybox"):
                (base / path).parent.mkdir(parents=True, exist_ok=True)
                (base / path).write_text(path)

            def make(out):
                return subprocess.run([IMAGE / "make-context", base / "root", "/opt", out], capture_output=True,
                                      env={**os.environ, "BUSYBOX": str(base / "busybox")}, timeout=PATIENCE,
                                      check=False)
            (base / "mine").mkdir()
            (base / "mine/work").write_text("mine")
            self.assertEqual(make(base / "mine").returncode, 1)
            self.assertEqual((base / "mine/work").read_text(), "mine")
            (base / "empty").mkdir()
            for out in ("empty", "new", "new"):
                done = make(base / out)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue((base / out / "rootfs/bin/oomguard-node").exists())


unittest.main(argv=sys.argv[:1], verbosity=2)
