#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure containerd`: edits and drop-ins, read by containerd itself."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from configure_case import LIBEXEC, OOMGUARD, PATIENCE, need
from containerd_case import ContainerdCase


class Containerd(ContainerdCase):
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

    def test_another_runtime(self):
        self.put(self.MAIN, self.DEBIAN)
        self.round_trip("--edit", "--runtime", "crun")
        self.configure("--edit", "--runtime", "crun")
        self.assertIn(f'BinaryName = "{LIBEXEC}/oomguard-crun"', self.dump())
        self.configure("--edit", "--mode", "base-spec", "--spec", "/x", "--runtime", "crun", code=2)
        (self.base / "usr/bin/crun").unlink()
        self.configure("--edit", "--runtime", "crun", code=1)

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

    def test_no_restart_for_nothing(self):
        ctr = need("ctr")
        self.put(self.MAIN, self.DEBIAN)
        with tempfile.NamedTemporaryFile() as spec:
            subprocess.run([ctr, "oci", "spec"], stdout=spec, check=True, timeout=PATIENCE)
            words = ["--mode", "base-spec", "--spec", spec.name]
            document = json.loads(self.configure(*words, "--json", "--dry-run", code=1))
            self.assertEqual((len(document["changes"]), document["needs"]), (1, None))
            self.assertNotIn("systemctl", self.configure(*words, code=1))

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

    def test_another_section_since(self):
        """Lines that were put behind one file are found when another file's section holds."""
        one, two = "etc/containerd/conf.d/one.toml", "etc/containerd/conf.d/two.toml"
        section = f"version = 2\n[{self.CRI}]\n"
        self.put(self.MAIN, 'imports = ["/etc/containerd/conf.d/*"]\nversion = 2\n')
        self.put(one, section)
        before = self.files()
        self.configure("--edit")
        self.assertIn("oomguard-runc", (self.base / one).read_text())
        self.put(two, section)
        self.configure()
        self.assertEqual((self.base / one).read_text(), section)
        self.assertIn("oomguard-runc", (self.base / two).read_text())
        self.configure("--remove")
        self.assertEqual(self.files(), {**before, two: self.files()[two]})
        self.assertEqual((self.base / two).read_text(), section)

    def test_edited_by_hand(self):
        """Lines of the block that are not ours are kept, beside the main file."""
        imports = 'imports = ["/etc/containerd/conf.d/*"]\nversion = 2\n'
        other = "etc/containerd/conf.d/other.toml"
        for files, edited, again in (({self.MAIN: self.DEBIAN}, self.MAIN, ("--remove",)),
                                     ({self.MAIN: self.DEBIAN}, self.MAIN, ("--edit",)),
                                     ({self.MAIN: imports, other: f"version = 2\n[{self.CRI}]\n"}, other,
                                      ("--remove",))):
            for name, text in files.items():
                self.put(name, text, 0o600)
            before = self.files()
            self.configure("--edit")
            registered = self.files()
            text = registered[edited][0].decode().replace("oomguard-runc", "oomguard-crun")
            self.put(edited, text, 0o600)
            said = self.configure(*again)
            self.assertIn("changed by hand", said)
            after = self.files()
            kept, mode = after.pop(f"etc/containerd/{pathlib.Path(edited).name}.edited-by-hand")
            self.assertEqual((kept.decode(), mode & 0o7777), (text, 0o600))
            self.assertEqual(after, before if again == ("--remove",) else registered)
            self.configure("--remove")
            for name in (*files, f"etc/containerd/{pathlib.Path(edited).name}.edited-by-hand"):
                (self.base / name).unlink()

    def test_not_understood(self):
        """Whatever cannot be followed is left alone, with file and line."""
        for text in ("version = 1\n", "root = '/x'\n", "version = 5\n", "version = 2\n[a\n", "version = 2\na = \"x\n",
                     "version = 2\na = '''x\n", "version = 2\na = [1, 2\n", "version = 2\na\n", "version = 2\na = \n",
                     "version = 2\nimports = 3\n", "version = 2\na = 1 2\n", "version = 2\nimports = [\"\\u0041\"]\n",
                     "version = 2\na = " + "[" * 100, "version = 2\n" + "a." * 100 + "b = 1\n",
                     f"version = 2\n[{self.CRI}.containerd]\nruntimes = {{}}\n",
                     "version = 2\nplugins = {}\n", "version = 2\n[plugins]\n'io.containerd.grpc.v1.cri' = { a = 1 }\n",
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

    def test_one_handler(self):
        imports = 'imports = ["/etc/containerd/conf.d/*.toml"]\nversion = 2\n'
        for text, words in ((self.DEBIAN, ("--edit",)), (imports, ())):
            self.put(self.MAIN, text)
            before = self.files()
            self.configure(*words, "--handler", "a")
            registered = self.files()
            for wrong in (("--handler", "b"), (), ("--remove", "--handler", "typo")):
                self.assertIn('"a" is registered', self.configure(*wrong, *words, code=1))
                self.assertEqual(self.files(), registered)
            self.configure("--remove")
            self.assertEqual(self.files(), before)
            self.configure(*words, "--handler", "a")
            self.configure("--remove", "--handler", "a")
            self.assertEqual(self.files(), before)

    def test_small_file(self):
        """One that says no more than what we would have made was there before us."""
        path = self.put(self.MAIN, "version = 2\n")
        self.round_trip("--edit")
        path.unlink()
        self.configure("--edit")
        path.write_text(path.read_text().replace("oomguard-runc", "oomguard-crun"))
        self.configure("--edit")
        self.assertNotIn(self.MAIN + ".before-oomguard", self.files())
        (self.base / (self.MAIN + ".edited-by-hand")).unlink()
        self.configure("--remove")
        self.assertEqual(self.files(), {})

    def test_text_behind(self):
        """It does not come to stand on the line before."""
        for text in ("version = 2", "version = 2\n"):
            for behind in ("[debug]\n  level = 'info'\n", "\n# below"):
                path = self.put(self.MAIN, text)
                self.configure("--edit")
                path.write_text(path.read_text() + behind)
                self.configure("--remove")
                self.assertEqual(path.read_text(), "version = 2\n" + behind)
                self.dump()
                for name in self.files():
                    (self.base / name).unlink()

    def test_ends_of_lines(self):
        """Of our lines, as an editor may leave them. They are changed then, and kept."""
        def other_system(text):
            return text.replace("\n", "\r\n")

        for change, left in ((lambda text: text[:-1], lambda text: text), (other_system, other_system),
                             (lambda text: other_system(text)[:-2], other_system)):
            for text in (self.DEBIAN, self.DEBIAN[:-1]):
                path = self.put(self.MAIN, text)
                self.configure("--edit")
                changed = change(path.read_text()).encode()
                path.write_bytes(changed)
                self.assertIn("changed by hand", self.configure("--remove"))
                self.assertEqual(path.read_bytes().decode(), left(text))
                self.assertEqual((self.base / (self.MAIN + ".edited-by-hand")).read_bytes(), changed)
                for name in self.files():
                    (self.base / name).unlink()
        path = self.put(self.MAIN, "version = 2")
        self.configure("--edit")
        path.write_bytes(other_system(path.read_text() + "[debug]\n").encode())
        self.configure("--remove")
        self.assertEqual(path.read_bytes(), b"version = 2\r\n[debug]\r\n")

    def test_dotted_keys(self):
        """They close no table, neither to containerd's reader of TOML nor to the language."""
        for text in (f"{self.CRI}.cni.bin_dir = 'x'\n", f"[{self.CRI}.containerd]\nruntimes.runc.runtime_type = 'x'\n",
                     "[plugins]\n'io.containerd.internal.v1.opt' = { path = '/x' }\n"):
            self.put(self.MAIN, "version = 2\n" + text)
            self.round_trip("--edit")
            self.configure("--edit")
            self.assertIn("runtimes.oomguard.options]", self.dump())
            self.configure("--remove")

    def test_inline_table(self):
        """Nothing can be put behind it, nor added by hand. A drop-in can be read beside it."""
        text = "version = 2\nplugins = { 'io.containerd.internal.v1.opt' = { path = '/x' } }\n"
        self.put(self.MAIN, text)
        before = self.files()
        for words in ((), ("--edit",)):
            said = self.configure(*words, code=1)
            self.assertIn("config.toml:2: ", said)
            self.assertIn("inline table", said)
            self.assertEqual(self.files(), before)
        self.put(self.MAIN, 'imports = ["/etc/containerd/conf.d/*.toml"]\n' + text)
        self.assertIn("etc/containerd/conf.d/oomguard.toml", self.round_trip())

    def test_symbolic_link(self):
        self.put("real.toml", self.DEBIAN)
        (self.base / "etc/containerd").mkdir(parents=True)
        (self.base / self.MAIN).symlink_to("../../real.toml")
        self.round_trip("--edit")
        self.assertTrue((self.base / self.MAIN).is_symlink())


unittest.main(argv=sys.argv[:1], verbosity=2)
