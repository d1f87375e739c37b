#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure` on trees of its own; what it writes is read by the engines' own parsers."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest

OOMGUARD, LIBEXEC = sys.argv[1], sys.argv[2]
PATIENCE = 120  # seconds until something that should come is given up
# What the engines document; an unknown key is an error in some versions. oci-hooks(5),
# crio.conf(5) "CRIO.RUNTIME.RUNTIMES TABLE".
HOOK_FILE_KEYS = {"version", "hook", "when", "stages"}
HOOK_KEYS = {"path", "args", "env", "timeout"}
WHEN_KEYS = {"always", "annotations", "commands", "hasBindMounts"}
CRIO_RUNTIME_KEYS = {
    "runtime_path", "runtime_type", "runtime_root", "runtime_config_path", "allowed_annotations",
    "privileged_without_host_devices", "platform_runtime_paths", "monitor_path", "monitor_cgroup",
    "monitor_exec_cgroup", "monitor_env", "container_min_memory", "no_sync_log",
    "default_annotations", "stream_websockets", "seccomp_profile", "inherit_default_runtime"}
ALL_CI = os.environ.get("CI") == "true"  # then nothing may be missing


def need(program):
    """The program, or the test is skipped; in CI it fails."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path and not ALL_CI:
        raise unittest.SkipTest(f"no {program} here")
    return path


class Case(unittest.TestCase):
    """A tree with oomguard's programs in it."""

    ENGINE = None

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.base)
        self.programs = pathlib.Path(str(self.base) + LIBEXEC)
        self.programs.mkdir(parents=True)
        for name in ("oomguard-hook", "oomguard-runc"):
            (self.programs / name).write_text("#!/bin/sh\n")
            (self.programs / name).chmod(0o755)

    def configure(self, *words, code=0):
        done = subprocess.run([OOMGUARD, "configure", self.ENGINE, "--prefix", self.base, *words],
                              capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              check=False)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done.stdout.decode() + done.stderr.decode()

    def files(self):
        """Every file but the programs: path to (bytes, mode)."""
        return {str(path.relative_to(self.base)): (path.read_bytes(), path.stat().st_mode)
                for path in self.base.rglob("*") if path.is_file() and self.programs not in path.parents}

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


class Usage(Case):
    ENGINE = "podman"

    def test_wrong(self):
        for words in (["--mode", "x"], ["--handler", "a b"], ["--handler", ""], ["--handler", "-x"],
                      ["--handler", "a\"b"], ["--config", "relative"], ["--config", "/dir/"], ["docker"],
                      ["--always", "--mode", "wrapper"], ["--profile", "x"], ["--restart"],
                      ["--mode", "base-spec", "--spec", "/x"], ["--spec", "/x"]):
            self.configure(*words, code=2)
        self.assertEqual(self.files(), {})
        for words in ([], ["nothing"], ["podman", "--prefix", "relative"]):
            done = subprocess.run([OOMGUARD, "configure", *words], capture_output=True, check=False,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 2)

    def test_json(self):
        for action, words in (("create", []), ("remove", ["--remove"])):
            document = json.loads(self.configure("--json", *words))
            self.assertEqual([change["action"] for change in document["changes"]], [action] * 3)
            self.assertIn("+++", document["changes"][0]["difference"])


class HooksD(Case):
    ENGINE = "podman"
    DIRECTORY = "usr/share/containers/oci/hooks.d"

    def test_round_trip(self):
        for words in ([], ["--always"]):
            registered = self.round_trip(*words)
            self.assertEqual(len(registered), 3)
            for name, (text, _) in registered.items():
                document = json.loads(text)
                self.assertEqual(os.path.dirname(name), self.DIRECTORY)
                self.assertEqual(document["stages"], [document["hook"]["args"][1]])
                self.assertEqual(document["hook"]["path"], LIBEXEC + "/oomguard-hook")
                self.assertEqual("always" in document["when"], bool(words))
                self.assertTrue(document["hook"]["env"])
                # crun and a container that ends at that moment: see hooks_d.c.
                self.assertEqual("timeout" in document["hook"], document["stages"] != ["poststart"])
                self.assertLessEqual(document.keys(), HOOK_FILE_KEYS)
                self.assertLessEqual(document["hook"].keys(), HOOK_KEYS)
                self.assertLessEqual(document["when"].keys(), WHEN_KEYS)

    def test_missing_program(self):
        """A path that is not there is never registered, and can always be taken back."""
        self.configure()
        (self.programs / "oomguard-hook").unlink()
        self.assertIn("nothing is registered", self.configure("--always", code=1))
        self.configure("--remove")
        self.assertEqual(self.files(), {})
        for mode in (0o644, None):
            if mode is None:
                (self.programs / "oomguard-hook").unlink()
                (self.programs / "oomguard-hook").mkdir()
            else:
                (self.programs / "oomguard-hook").write_text("")
                (self.programs / "oomguard-hook").chmod(mode)
            self.configure(code=1)
        self.assertEqual(self.files(), {})

    def test_others_stay(self):
        other = self.put(self.DIRECTORY + "/other.json", "{}")
        self.round_trip()
        for text in ("{}", "not JSON", '{"hook": {"path": "/usr/bin/other"}}', "[" * 100, ""):
            self.put(self.DIRECTORY + "/oomguard-poststop.json", text)
            before = self.files()
            self.configure(code=1)
            self.configure("--remove", code=1)
            self.assertEqual(self.files(), before)
        self.assertEqual(other.read_text(), "{}")

    def test_not_files(self):
        path = self.put(self.DIRECTORY + "/oomguard-poststop.json", "")
        path.unlink()
        os.mkfifo(path)
        self.assertIn("not a regular file", self.configure(code=1))
        path.unlink()
        path.symlink_to("nowhere")
        self.configure(code=1)
        self.assertTrue(path.is_symlink())

    def test_edited_by_hand(self):
        """Ours goes, so that no path is left that may be missing; the work of somebody is kept."""
        self.configure()
        path = self.base / self.DIRECTORY / "oomguard-poststop.json"
        text = path.read_text().replace("^true$", "^(true|yes)$")
        path.write_text(text)
        said = self.configure("--remove")
        self.assertIn("changed by hand", said)
        self.assertEqual({name: text for name, (text, _) in self.files().items()},
                         {f"{self.DIRECTORY}/oomguard-poststop.json.edited-by-hand": text.encode()})
        path.write_text(text + "\n")
        self.assertIn("changed by hand", self.configure("--always"))
        self.assertTrue(json.loads(path.read_text())["when"]["always"])
        self.assertNotIn("by hand", self.configure("--remove"))

    def test_hooks_dir(self):
        """A directory that the engine does not read would guard nothing."""
        for engine, conf, table in (("podman", "etc/containers/containers.conf", "engine"),
                                    ("crio", "etc/crio/crio.conf.d/10", "crio.runtime")):
            self.ENGINE = engine
            for dirs, place in (('["/opt/a", "/opt/b/"]', "opt/b"),
                                ('["/usr/share/containers/oci/hooks.d", "/opt/b"]', self.DIRECTORY), ("[]", self.DIRECTORY)):
                path = self.put(conf, f"[{table}]\nhooks_dir = {dirs}\n")
                self.assertEqual({os.path.dirname(name) for name in self.round_trip()},
                                 {place, os.path.dirname(conf)})
            for text in (f"[{table}]\nhooks_dir = ['rel']\n", f"[{table}\n"):
                path.write_text(text)
                self.assertIn("--config", self.configure(code=1))
            path.unlink()

    def test_hooks_dir_later(self):
        """Taken back is what was put where it was read before."""
        self.configure()
        self.put("etc/containers/containers.conf", "[engine]\nhooks_dir = ['/opt/a']\n")
        self.configure()
        self.assertEqual(len(self.files()), 7)
        self.configure("--remove")
        self.assertEqual(list(self.files()), ["etc/containers/containers.conf"])

    def test_difference(self):
        self.configure()
        self.apply_difference("--always")

    def test_config(self):
        directory = self.base / "my hooks"
        self.configure("--config", directory)
        self.assertEqual(len(list(directory.iterdir())), 3)
        self.configure("--config", directory, "--remove")
        self.assertEqual(list(directory.iterdir()), [])

    def test_unwritable(self):
        self.put("usr/share/containers/oci/hooks.d", "a file in the way")
        before = self.files()
        self.configure(code=1)
        self.assertEqual(self.files(), before)


class DropIns(Case):
    ENGINE = "crio"

    def test_crio(self):
        (_, (text, _)), = self.round_trip("--mode", "wrapper", "--handler", "guarded").items()
        handler = tomllib.loads(text.decode())["crio"]["runtime"]["runtimes"]["guarded"]
        self.assertEqual(handler["runtime_path"], LIBEXEC + "/oomguard-runc")
        self.assertLessEqual(handler.keys(), CRIO_RUNTIME_KEYS)
        self.assertIn("systemctl restart crio", self.configure("--mode", "wrapper"))
        self.ENGINE = "podman"
        self.round_trip("--mode", "wrapper")

    def test_others_stay(self):
        self.put("etc/crio/crio.conf.d/99-oomguard.conf", "[crio.runtime]\n")
        self.put("etc/containerd/config.toml", 'imports = ["/etc/containerd/conf.d/*.toml"]\nversion = 2\n')
        self.put("etc/containerd/conf.d/oomguard.toml", "version = 2\n")
        before = self.files()
        for self.ENGINE in ("crio", "containerd"):
            self.configure("--mode", "wrapper", code=1)
            self.configure("--mode", "wrapper", "--remove", code=1)
            self.assertEqual(self.files(), before)

    def test_edited_by_hand(self):
        """As with files of hooks.d. CRI-O reads each file of its directory: the copy is not there."""
        for engine, name, kept in (
                ("podman", "containers/containers.conf.d/oomguard.conf", "containers/oomguard.conf"),
                ("crio", "crio/crio.conf.d/99-oomguard.conf", "crio/99-oomguard.conf"),
                ("containerd", "containerd/conf.d/oomguard.toml", "containerd/oomguard.toml")):
            self.ENGINE = engine
            others = {}
            if engine == "containerd":
                self.put("etc/containerd/config.toml", 'imports = ["/etc/containerd/conf.d/*"]\nversion = 3\n')
                others = self.files()
            path, words = self.base / "etc" / name, ["--mode", "wrapper", "--handler", "guarded"]
            self.configure(*words)
            written = path.read_text()
            path.write_text(written + "# mine\n")
            kept = f"etc/{kept}.edited-by-hand"
            # Without --handler: whatever it was called, it goes.
            self.assertIn("changed by hand", self.configure("--mode", "wrapper", "--remove"))
            left = self.files()
            self.assertEqual(left.pop(kept)[0].decode(), written + "# mine\n")
            self.assertEqual(left, others)
            (self.base / kept).unlink()
            path.write_text(written.replace("\n", " \n", 1))
            self.assertIn("changed by hand", self.configure(*words))
            self.assertEqual(path.read_text(), written)
            (self.base / kept).unlink()
            self.assertNotIn("by hand", self.configure("--mode", "wrapper", "--remove"))
            self.assertEqual(self.files(), others)

    def test_podman_reads_it(self):
        podman = need("podman")
        self.ENGINE = "podman"
        self.configure("--mode", "wrapper")
        env = {**os.environ, "CONTAINERS_CONF": str(self.base / "etc/containers/containers.conf.d/oomguard.conf")}
        done = subprocess.run([podman, "--root", self.base / "root", "--runroot", self.base / "run", "--tmpdir",
                               self.base / "tmp", "--cgroup-manager=cgroupfs", "--events-backend=file",
                               "--storage-driver=vfs", "--runtime", "oomguard", "info", "--format",
                               "{{.Host.OCIRuntime.Path}}"],
                              env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
        # It is looked for where it will be, and is named: the name was understood.
        self.assertIn("oomguard", done.stdout + done.stderr)
        self.assertNotIn("toml", done.stderr)


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
        self.put(self.FILE, "")
        self.configure()
        self.assertIn("oomguard", (self.base / self.FILE).read_text())

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


class Containerd(Case):
    ENGINE = "containerd"
    MAIN = "etc/containerd/config.toml"
    CRI = 'plugins."io.containerd.grpc.v1.cri"'
    DEBIAN = ('version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n'
              '    [plugins."io.containerd.grpc.v1.cri".cni]\n      bin_dir = "/usr/lib/cni"\n')

    def dump(self):
        """What containerd makes of the file."""
        containerd = need("containerd")
        done = subprocess.run([containerd, "--config", self.base / self.MAIN, "config", "dump"],
                              capture_output=True, text=True, timeout=PATIENCE, check=True)
        return done.stdout

    def test_edit(self):
        for text in (self.DEBIAN, self.DEBIAN.rstrip("\n"), "version = 3\n", "version = 2 # \"x\n"):
            self.put(self.MAIN, text, 0o600)
            registered = self.round_trip("--edit")
            self.assertEqual(registered[self.MAIN + ".before-oomguard"][0].decode(), text)
        registered = self.files()
        self.put(self.MAIN, self.DEBIAN)
        self.configure("--edit")
        said = self.dump()
        for words in (f"[{self.CRI}.containerd.runtimes.oomguard.options]", 'pod_annotations = ["oomguard.io/*"]',
                      f'BinaryName = "{LIBEXEC}/oomguard-runc"', f"[{self.CRI}.containerd.runtimes.runc]",
                      'bin_dir = "/usr/lib/cni"'):
            self.assertIn(words, said)
        self.assertNotEqual(self.files(), registered)

    def test_difference(self):
        self.put(self.MAIN, self.DEBIAN)
        self.apply_difference("--edit")

    def test_no_file(self):
        self.assertIn("version = 2", self.configure(code=1))
        self.assertEqual(self.files(), {})
        self.round_trip("--edit")

    def test_by_hand(self):
        """What is told to be added is what containerd takes."""
        self.put(self.MAIN, self.DEBIAN)
        before = self.files()
        said = self.configure(code=1)
        self.assertEqual(self.files(), before)
        self.put(self.MAIN, self.DEBIAN + said[said.index("\n\n"):])
        self.assertIn("runtimes.oomguard.options]", self.dump())

    def test_drop_in(self):
        self.put(self.MAIN, 'imports = ["/etc/containerd/conf.d/*.toml"]\nversion = 3\n')
        (name, (text, _)), = [item for item in self.round_trip().items() if item[0] != self.MAIN]
        self.assertEqual(name, "etc/containerd/conf.d/oomguard.toml")
        self.assertIn(b"version = 3\n", text)
        self.assertIn(b'[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.oomguard]', text)

    def test_drop_in_is_read(self):
        self.put(self.MAIN, f'imports = ["{self.base}/conf.d/*.toml"]\nversion = 2\n')
        self.ENGINE = "containerd"
        done = subprocess.run([OOMGUARD, "configure", "containerd", "--prefix", self.base, "--json", "--dry-run"],
                              capture_output=True, timeout=PATIENCE, check=True)
        # The import is below the prefix once more; containerd is given where it was written.
        change, = json.loads(done.stdout)["changes"]
        text = "".join(line[1:] + "\n" for line in change["difference"].splitlines()[3:])
        self.put("conf.d/oomguard.toml", text)
        said = self.dump()
        self.assertIn("runtimes.oomguard.options]", said)
        self.assertIn("runtimes.runc]", said)

    def test_drop_in_beside_a_section(self):
        """A file of version 3 is containerd's from 2.0 on, which joins the sections."""
        self.put(self.MAIN, 'imports = ["/etc/containerd/conf.d/*.toml"]\nversion = 3\n'
                 '[plugins."io.containerd.cri.v1.runtime".cni]\n  conf_dir = "/x"\n')
        self.assertIn("etc/containerd/conf.d/oomguard.toml", self.round_trip())

    def test_drop_in_would_harm(self):
        """The section of an import takes the whole one's place: then there is none of ours."""
        imports = 'imports = ["/etc/containerd/conf.d/*.toml"]\n'
        for main, other in ((imports + self.DEBIAN, None),
                            (imports + "version = 2\n", f"version = 2\n[{self.CRI}]\n")):
            self.put(self.MAIN, main)
            if other:
                self.put("etc/containerd/conf.d/other.toml", other)
            before = self.files()
            said = self.configure(code=1)
            self.assertIn("has a section of this plugin", said)
            self.assertIn("other.toml" if other else "config.toml", said.splitlines()[0])
            self.assertEqual(self.files(), before)
            self.round_trip("--edit")

    def test_base_spec(self):
        ctr = need("ctr")
        self.put(self.MAIN, self.DEBIAN)
        with tempfile.NamedTemporaryFile() as spec:
            subprocess.run([ctr, "oci", "spec"], stdout=spec, check=True, timeout=PATIENCE)
            words = ["--mode", "base-spec", "--edit", "--spec", spec.name]
            before = json.loads(pathlib.Path(spec.name).read_text())
            registered = self.round_trip(*words)
            after = json.loads(registered["etc/oomguard/containerd-base-spec.json"][0])
            hooks = after.pop("hooks")
            self.assertEqual(after, before)
            self.assertEqual({stage: [hook["path"] for hook in entries] for stage, entries in hooks.items()},
                             {stage: [LIBEXEC + "/oomguard-hook"] for stage in ("createRuntime", "poststart", "poststop")})
            self.configure(*words)
            said = self.dump()
            self.assertIn('base_runtime_spec = "/etc/oomguard/containerd-base-spec.json"', said)
            self.assertNotIn("oomguard-runc", said)
            self.configure("--remove")
            self.assertNotIn("etc/oomguard/containerd-base-spec.json", self.files())
            for text in ("", "{}", "[]", '{"ociVersion": "1.0.2", "process": {}}'):
                pathlib.Path(spec.name).write_text(text)
                self.configure(*words, code=1)
            self.configure("--mode", "base-spec", "--spec", "/nowhere", code=1)

    def test_systemd_cgroup(self):
        self.put(self.MAIN, f"version = 2\n[{self.CRI}.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n")
        self.configure("--edit")
        self.assertEqual((self.base / self.MAIN).read_text().count("SystemdCgroup = true"), 2)
        self.assertEqual((self.base / self.MAIN).read_text().count("runtimes.runc"), 1)

    def test_touched_since(self):
        self.put(self.MAIN, self.DEBIAN)
        self.configure("--edit")
        path = self.base / self.MAIN
        path.write_text("# above\n" + path.read_text() + "# below\n")
        self.configure("--remove")
        self.assertEqual(path.read_text(), "# above\n" + self.DEBIAN + "# below\n")

    def test_not_understood(self):
        """Whatever cannot be followed is left alone, with file and line."""
        for text in ("version = 1\n", "root = '/x'\n", "version = 5\n", "version = 2\n[a\n", "version = 2\na = \"x\n",
                     "version = 2\na = '''x\n", "version = 2\na = [1, 2\n", "version = 2\na\n", "version = 2\na = \n",
                     "version = 2\nimports = 3\n", "version = 2\na = 1 2\n", "version = 2\nimports = [\"\\u0041\"]\n",
                     "version = 2\na = " + "[" * 100, "version = 2\n" + "a." * 100 + "b = 1\n",
                     f"version = 2\n[{self.CRI}.containerd]\nruntimes = {{}}\n",
                     f"version = 2\n[{self.CRI}.containerd]\nruntimes.runc.runtime_type = 'x'\n",
                     f"version = 2\n[[{self.CRI}.containerd]]\n",
                     f"version = 2\n[{self.CRI}.containerd.runtimes.oomguard]\n",
                     "version = 2\n# begin of `oomguard configure`\n", b"version = 2\n\0"):
            self.put(self.MAIN, text)
            before = self.files()
            said = self.configure("--edit", code=1)
            self.assertIn("config.toml", said)
            self.assertEqual(self.files(), before)

    def test_understood(self):
        for text in ("a = \"\"\"x\n[plugins]\n\"\"\"\"\n", "a = '[b]' # [c]\n", "a = [ 'x', # y\n\n [1, 2], ]\n",
                     "a = { b = 1, c.d = [ { e = '}' } ] }\n", "a = 1979-05-27T07:32:00Z\nb = -1_000.5e+3\n",
                     "\"a b\".'c.d' = true\r\n[ x . \"y\" ]\r\n", "[[a.b]]\n[[a.b]]\n", "a = \"\\\"[b]\"\n"):
            self.put(self.MAIN, "version = 2\n" + text)
            self.round_trip("--edit")

    def test_symbolic_link(self):
        self.put("real.toml", self.DEBIAN)
        (self.base / "etc/containerd").mkdir(parents=True)
        (self.base / self.MAIN).symlink_to("../../real.toml")
        self.round_trip("--edit")
        self.assertTrue((self.base / self.MAIN).is_symlink())


unittest.main(argv=sys.argv[:1], verbosity=2)
