#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard configure containerd` beside what others wrote: imported files, and lines added by hand."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from configure_case import PATIENCE, need
from containerd_case import ContainerdCase


class Beside(ContainerdCase):
    def test_runtime_in_another_section(self):
        """A runc in a section that does not hold is none: the built-in one is written down."""
        self.put(self.MAIN, f'imports = ["other.toml"]\nversion = 2\n[{self.CRI}.containerd.runtimes.runc]\n')
        self.put("etc/containerd/other.toml", f"version = 2\n[{self.CRI}]\n")
        self.configure("--edit")
        said = self.dump()
        self.assertIn("runtimes.runc]", said)
        self.assertIn("runtimes.oomguard]", said)

    def test_default_runtime(self):
        """containerd's plugin does not start without the runtime that it takes by default."""
        imports = 'imports = ["/etc/containerd/conf.d/*.toml"]\nversion = 3\n'
        section = '[plugins."io.containerd.cri.v1.runtime".containerd]\n  default_runtime_name = "oomguard"\n'
        for text, words, line in (
                (f'version = 2\n[{self.CRI}.containerd]\n  default_runtime_name = "oomguard"\n', ("--edit",), 3),
                (imports + section, (), 4)):
            path = self.put(self.MAIN, text)
            self.configure(*words)
            before = self.files()
            for again in (("--remove",), ("--remove", "--handler", "oomguard")):
                said = self.configure(*again, code=1)
                self.assertIn(f'config.toml:{line}: default_runtime_name is "oomguard"', said)
                self.assertEqual(self.files(), before)
            self.configure(*words, "--handler", "other", code=1)
            self.assertEqual(self.files(), before)
            path.write_text(path.read_text().replace('_name = "oomguard"', '_name = "runc"'))
            self.configure("--remove")
            self.assertEqual(path.read_text(), text.replace('_name = "oomguard"', '_name = "runc"'))
            for name in self.files():
                (self.base / name).unlink()

    def test_default_runtime_behind(self):
        """The line is told as it is in the file, with our lines before it."""
        path = self.put(self.MAIN, self.DEBIAN)
        self.configure("--edit")
        text = path.read_text() + f'[{self.CRI}.containerd]\ndefault_runtime_name = "oomguard"\n'
        path.write_text(text)
        line = len(text.splitlines())
        self.assertIn(f"config.toml:{line}: default_runtime_name", self.configure("--remove", code=1))

    def by_hand(self, *words):
        """Adds what is told; where it is in the file."""
        path = self.put(self.MAIN, self.DEBIAN)
        said = self.configure(*words, code=1)
        text = self.DEBIAN + said[said.index("\n\n"):]
        path.write_text(text)
        lines = text.splitlines()
        first = lines.index(f"[{self.CRI}.containerd.runtimes.oomguard]") + 1
        return f'config.toml:{first}-{len(lines)}: runtime "oomguard"'

    def test_registered_by_hand(self):
        where = self.by_hand()
        before = self.files()
        for words in ((), ("--edit",)):
            said = self.configure(*words)
            self.assertIn(where + " is registered by hand", said)
            self.assertIn("nothing to change", said)
            self.assertEqual(self.files(), before)
        self.assertIn(where + "\n", self.configure("--remove", code=1))
        self.assertEqual(self.files(), before)
        text = before[self.MAIN][0].decode()
        # The wrapper by another name, and what else names the runtime.
        self.put(self.MAIN, text.replace("oomguard-runc", "oomguard-crun") +
                 f'[{self.CRI}.containerd]\ndefault_runtime_name = "oomguard"\n')
        said = self.configure("--remove", code=1)
        self.assertIn(where, said)
        self.assertIn(f"config.toml:{len(text.splitlines()) + 2}: default_runtime_name\n", said)
        # Another program's, and a section that does not hold.
        self.put(self.MAIN, text.replace("oomguard-runc", "other-runc"))
        self.assertIn("already", self.configure(code=1))
        self.assertIn("nothing to change", self.configure("--remove"))
        self.put(self.MAIN, 'imports = ["other.toml"]\n' + text)
        self.put("etc/containerd/other.toml", f"version = 2\n[{self.CRI}]\n")
        self.assertIn("not in force", self.configure(code=1))
        self.assertIn('runtime "oomguard"\n', self.configure("--remove", code=1))
        self.assertNotIn("runtimes.oomguard]", self.dump())

    def test_base_spec_named_by_hand(self):
        """As long as it is named it is there: containerd's plugin reads it when it starts."""
        ctr = need("ctr")
        with tempfile.NamedTemporaryFile() as spec:
            subprocess.run([ctr, "oci", "spec"], stdout=spec, check=True, timeout=PATIENCE)
            words = ["--mode", "base-spec", "--spec", spec.name]
            where = self.by_hand(*words)
            self.assertIn("is registered by hand", self.configure(*words))
            before = self.files()
            self.assertIn("etc/oomguard/containerd-base-spec.json", before)
            self.assertIn("already", self.configure(code=1))
            said = self.configure("--remove", code=1)
            self.assertIn(where, said)
            self.assertIn("containerd-base-spec.json stays", said)
            self.assertEqual(self.files(), before)
            # Another plugin's, in an imported file, beside ours.
            self.put(self.MAIN, 'imports = ["/etc/containerd/conf.d/*"]\n' + self.DEBIAN)
            other = self.put("etc/containerd/conf.d/.other",
                             "[plugins.x]\nbase_runtime_spec = '/etc/oomguard/containerd-base-spec.json'\n")
            before = self.files()
            self.configure(*words, "--edit")
            self.assertIn(".other:2: a value", self.configure("--remove", code=1))
            self.assertEqual(self.files(), before)
            other.unlink()
            self.configure("--remove")
            self.assertEqual(list(self.files()), [self.MAIN])

    def test_drop_in_no_longer_imported(self):
        self.put(self.MAIN, 'imports = ["/etc/containerd/conf.d/*.toml"]\nversion = 2\n')
        self.configure()
        ours = self.base / "etc/containerd/conf.d/oomguard.toml"
        text = ours.read_text()
        self.put(self.MAIN, "version = 2\n")
        self.configure("--edit")
        self.assertFalse(ours.exists())
        self.configure("--remove")
        ours.write_text(text)
        self.assertIn("conf.d/oomguard.toml", self.configure("--remove"))
        self.assertEqual(list(self.files()), [self.MAIN])
        ours.write_text("version = 2\n")
        self.assertIn("nothing to change", self.configure("--remove"))
        self.assertTrue(ours.exists())

    def test_drop_in_imported_by_name(self):
        """containerd does not start without a file that is imported by its name."""
        for version in (2, 3):
            self.put(self.MAIN, f'version = {version}\nimports = ["conf.d/oomguard.toml"]\n')
            self.configure()
            before = self.files()
            self.assertIn("config.toml:2: ", self.configure("--remove", code=1))
            self.assertEqual(self.files(), before)
            self.put(self.MAIN, f"version = {version}\n")
            self.configure("--remove")
            self.assertEqual(list(self.files()), [self.MAIN])

    def test_imports(self):
        """As containerd follows them: whatever file has the last section gets our lines."""
        section = f"[{self.CRI}]\n"
        here = f"{self.base}/etc/containerd"
        # What is absolute is below the prefix for us, and is not for containerd.
        twice = pathlib.Path(f"{self.base}{self.base}")
        twice.parent.mkdir(parents=True)
        twice.symlink_to(self.base)
        for files, last in (
                ({"": 'imports = ["sub/a.toml"]\n', "sub/a.toml": 'imports = ["b.toml"]\n', "sub/b.toml": section},
                 "sub/b.toml"),
                ({"": 'imports = ["a.toml", "b.toml"]\n', "a.toml": 'imports = ["./x/../c.toml"]\n', "b.toml": section,
                  "c.toml": section}, "c.toml"),
                ({"": 'imports = ["a.toml"]\n', "a.toml": f'imports = ["../containerd/a.toml", "{here}/a.toml"]\n' + section},
                 "a.toml"),
                ({"": f'imports = ["{here}/*.toml"]\n', ".a.toml": section}, ".a.toml"),
                ({"": f'imports = ["{here}/*/?.toml"]\n', ".x/a.toml": section}, ".x/a.toml"),
                ({"": 'imports = ["[a].toml"]\n', "a.toml": "", "[a].toml": section}, "[a].toml")):
            for name, text in files.items():
                self.put("etc/containerd/" + (name or "config.toml"), "version = 2\n" + text)
            self.round_trip("--edit")
            self.configure("--edit")
            self.assertEqual([name for name, (text, _) in self.files().items() if b"oomguard-runc" in text],
                             ["etc/containerd/" + last])
            self.assertIn("runtimes.oomguard.options]", self.dump())
            self.configure("--remove")
            for name in self.files():
                (self.base / name).unlink()

    def test_imported_by_two_names(self):
        """Then it has one section all the same, and it is the last one if either is."""
        self.put(self.MAIN, 'version = 2\nimports = ["a.toml", "b.toml", "c.toml"]\n')
        self.put("etc/containerd/a.toml", f"[{self.CRI}]\n")
        self.put("etc/containerd/b.toml", f"[{self.CRI}]\n")
        (self.base / "etc/containerd/c.toml").symlink_to("a.toml")
        self.round_trip("--edit")
        self.configure("--edit")
        self.assertIn("oomguard-runc", (self.base / "etc/containerd/a.toml").read_text())
        self.assertIn("runtimes.oomguard.options]", self.dump())

    def test_imports_unclear(self):
        """Where such a pattern is looked for differs. From 2.0 on it is as with other imports."""
        for version, code in ((2, 1), (3, 0)):
            self.put(self.MAIN, f'version = {version}\nimports = ["conf.d/*.toml"]\n')
            said = self.configure(code=code)
            if code:
                self.assertIn("config.toml:2: ", said)
                self.assertIn("nothing to change", self.configure("--remove"))
        self.assertIn("etc/containerd/conf.d/oomguard.toml", self.files())

    def test_imports_bounded(self):
        self.put(self.MAIN, 'version = 2\nimports = ["0.toml"]\n')
        for i in range(100):
            self.put(f"etc/containerd/{i}.toml", f'imports = ["{i + 1}.toml"]\n')
        before = self.files()
        self.assertIn("46.toml:1: more than 48 files are imported", self.configure(code=1))
        self.put("etc/containerd/0.toml", 'imports = ["/etc/containerd/*"]\n')
        self.assertIn("files are imported", self.configure("--edit", code=1))
        self.assertEqual(len(self.files()), len(before))


unittest.main(argv=sys.argv[:1], verbosity=2)
