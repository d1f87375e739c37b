#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure` for hooks and for drop-ins: podman and CRI-O."""
import json
import os
import subprocess
import sys
import tomllib
import unittest

from configure_case import Case, LIBEXEC, OOMGUARD, PATIENCE, need

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

    def test_link(self):
        """Of a symbolic link, the link goes: what it points to would leave it dangling."""
        self.configure()
        path = self.base / self.DIRECTORY / "oomguard-poststop.json"
        target = self.put("opt/mine.json", path.read_bytes())
        path.unlink()
        path.symlink_to(target)
        self.configure("--always")
        self.assertTrue(path.is_symlink())
        self.configure("--remove")
        self.assertFalse(path.is_symlink())
        self.assertEqual(list(self.files()), ["opt/mine.json"])
        self.configure()

    def test_the_others_go(self):
        """One that is not understood keeps none of the rest."""
        for text in ("{}", "not JSON"):
            for stage in ("createRuntime", "poststart", "poststop"):
                self.configure()
                path = self.put(f"{self.DIRECTORY}/oomguard-{stage}.json", text)
                before = self.files()
                self.configure("--always", code=1)
                self.assertEqual(self.files(), before)
                self.assertIn(str(path), self.configure("--remove", code=1))
                self.assertEqual([name for name, _ in self.files().items()], [str(path.relative_to(self.base))])
                document = json.loads(self.configure("--remove", "--json", code=1).partition("\n}\n")[0] + "}")
                self.assertIn(str(path), document["left"][0])
                path.unlink()

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
        self.assertIn("does not read /my hooks", self.configure("--config", directory))
        self.put("etc/containers/containers.conf", "[engine]\nhooks_dir = ['/my hooks']\n")
        self.assertNotIn("read", self.configure("--config", directory))
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


unittest.main(argv=sys.argv[:1], verbosity=2)
