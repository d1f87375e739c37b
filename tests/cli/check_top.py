#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`oomguard top` in a terminal of its own (tmux), as a person would see it, and without one."""
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
import unittest

import state_case

OOMGUARD = os.path.abspath(state_case.OOMGUARD)
PATIENCE = state_case.PATIENCE
TMUX = shutil.which("tmux")


class Case(state_case.Case):
    def top(self, *words, code=0, root=None, env=None):
        done = subprocess.run([OOMGUARD, "--root", root or self.root, "top", *words], text=True,
                              capture_output=True, timeout=PATIENCE, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout


class Once(Case):
    def test_table(self):
        out = self.top("--once", env={"LC_ALL": "C.UTF-8"})
        lines = out.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "STATE", "LIMIT", "MEMORY", "SET%", "PSI%",
                                            "SCORES", "LEFT", "OOMS", "LAST", "EVENT"])
        self.assertEqual(len(lines), 1 + 10)
        self.assertLessEqual(max(len(line) for line in lines), 160)
        # The only one whose cgroup is there.
        self.assertIn("12M/64M", lines[1])
        self.assertIn("███···", lines[1])
        self.assertIn("watching", lines[1])
        self.assertNotIn("\033", out)
        self.assertIn("\\x1B[2J", out)
        self.assertTrue(self.top("--once", env={"LC_ALL": "C"}).isascii())
        # Without a terminal there is nothing to draw on.
        self.assertEqual(self.top(env={"LC_ALL": "C.UTF-8"}), out)

    def test_json(self):
        document = json.loads(self.top("--json"))
        web = [c for c in document["containers"] if c["id"] == "web"][0]
        self.assertEqual((web["usage"], web["limit"], web["workingSet"]), (12 << 20, 64 << 20, 12 << 20))
        self.assertEqual((web["restartsLeft"], web["restartMax"], web["oomKills"]), (3, 5, 3))
        self.assertEqual(web["pressurePercent"], 1.5)
        # Counted by name: what an earlier shim saw is in it.
        self.assertEqual({c["oomKills"] for c in document["containers"] if "/php" in c["name"]}, {3})
        broken = [c for c in document["containers"] if c["id"] == "broken-0"][0]
        self.assertIsNone(broken["usage"])
        self.assertEqual(json.loads(self.top("--json", root=self.base + "/none"))["containers"], [])

    def test_sort(self):
        names = [line.split()[1] for line in self.top("--once", "--sort", "state").splitlines()[1:]]
        self.assertEqual(set(names[:2]), {"unguarded", "broken"})
        self.assertEqual(names[-1], "watching")

    def test_wrong_usage(self):
        for words in (["web"], ["--sort", "colour"], ["--interval", "5"], ["--interval", "1ms"],
                      ["--interval", "2h"], ["--sort"]):
            self.top(*words, code=2)


@unittest.skipUnless(TMUX or os.environ.get("CI") == "true", "tmux is missing")
class Live(Case):
    def setUp(self):
        super().setUp()
        self.socket = os.path.join(self.base, "tmux")
        self.addCleanup(lambda: self.tmux("kill-server", check=False))

    def tmux(self, *words, check=True):
        return subprocess.run(["tmux", "-f", "/dev/null", "-S", self.socket, *words], text=True,
                              capture_output=True, timeout=PATIENCE, check=check).stdout

    def start(self, *words, columns=80, lines=24, env=""):
        """A shell that runs it and then says how it left the terminal."""
        command = shlex.join([OOMGUARD, "--root", self.root, "top", *words])
        script = f"trap : INT; stty -a >{self.base}/before; {env} {command}; echo left with $?; " \
                 f"stty -a >{self.base}/after; read line; echo read $line; sleep {PATIENCE}"
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(lines),
                  f"LC_ALL=C.UTF-8 sh -c {shlex.quote(script)}")

    def screen(self, *words):
        return self.tmux("capture-pane", "-p", *words)

    def wait(self, what, probe):
        end = time.monotonic() + PATIENCE
        while not probe():
            self.assertLess(time.monotonic(), end, f"{what}:\n{self.screen()}")
            time.sleep(0.05)

    def wait_text(self, text):
        self.wait(text, lambda: text in self.screen())

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def row(self, text):
        return [line for line in self.screen().splitlines()[2:] if text in line][0]

    def test_80_by_24(self):
        self.start()
        self.wait_text("12M/64M")
        lines = self.screen().splitlines()
        self.assertIn("10 containers: ", lines[0])
        self.assertIn("2 ended", lines[0])
        self.assertEqual(lines[1].split()[0], "NAME")
        self.assertIn("OOMS", lines[1])
        # The fullest on top, and the details of it below.
        self.assertIn("██", lines[2])
        self.assertIn("12M/64M   19  1.5", lines[2])
        self.assertIn("3/5", lines[2])
        self.assertIn("id web", lines[21])
        self.assertRegex(lines[22], r"^\d\d:\d\d:\d\d oom: all members$")
        self.assertIn("q quit", lines[23])
        self.assertEqual(len([line for line in lines[2:21] if line.strip()]), 10)
        self.assertNotIn("\x9b", self.screen())

    def test_quit_leaves_the_terminal_as_it_was(self):
        self.start()
        self.wait_text("12M/64M")
        self.press("q")
        self.wait_text("left with 0")
        self.assertNotIn("12M/64M", self.screen())
        # Input is echoed and read by the line again.
        self.press("hello", "Enter")
        self.wait_text("read hello")
        with open(self.base + "/before") as before, open(self.base + "/after") as after:
            self.assertEqual(before.read(), after.read())
        self.assertEqual(self.tmux("display-message", "-p", "#{cursor_flag}#{alternate_on}").strip(),
                         "10")

    def test_interrupt(self):
        self.start()
        self.wait_text("12M/64M")
        self.press("C-c")
        self.wait("stty tells", lambda: os.path.exists(self.base + "/after"))
        self.wait("it is told whole", lambda: os.path.getsize(self.base + "/after") ==
                  os.path.getsize(self.base + "/before"))

    def test_resize(self):
        self.start()
        self.wait_text("12M/64M")
        self.assertNotIn("LAST EVENT", self.screen())
        self.tmux("resize-window", "-x", "150", "-y", "30")
        self.wait_text("LAST EVENT")
        self.wait("the keys are on the last line", lambda: "q quit" in self.screen().splitlines()[29])
        self.tmux("resize-window", "-x", "30", "-y", "8")
        self.wait("it is narrow", lambda: "STATE" in self.screen() and "MEMORY" not in self.screen())
        self.tmux("resize-window", "-x", "5", "-y", "2")
        self.tmux("resize-window", "-x", "80", "-y", "24")
        self.wait_text("12M/64M")
        self.wait("the keys are on the last line", lambda: "q quit" in self.screen().splitlines()[23])

    def test_keys(self):
        self.start()
        self.wait_text("id web")
        self.press("s")
        self.wait_text("by state")
        self.wait("the worst are on top",
                  lambda: self.screen().splitlines()[2].split()[1] in ("unguarded", "broken"))
        self.press("End")
        self.wait_text("id web")
        self.press("n", "Down")
        self.wait_text("by name")
        self.press("h")
        self.wait_text("oom_score_adj of the init")
        self.press("h")
        self.wait("help is gone", lambda: "oom_score_adj of" not in self.screen())

    def test_what_comes_and_goes(self):
        self.start("--interval", "100ms")
        self.wait_text("10 containers")
        self.shim.stdin.write("make fresh\n")
        self.shim.stdin.flush()
        self.wait_text("11 containers")
        with open(self.base + "/cgroup/memory.current", "w") as usage:
            usage.write("62914560\n")
        self.wait_text("60M/64M")
        shutil.rmtree(self.root)
        self.wait_text("No container is guarded.")

    def test_many(self):
        for i in range(30):
            self.shim.stdin.write(f"make more{i}\n")
        self.shim.stdin.flush()
        self.start("--sort", "name", lines=12)
        self.wait_text("40 containers")
        self.press("NPage", "NPage")
        first = self.screen()
        self.press("End")
        self.wait("it has scrolled", lambda: self.screen() != first)
        self.press("Home")
        self.wait("the first is selected", lambda: self.screen().splitlines()[9] == "broken-0")

    def test_color(self):
        for env, colored in (("", True), ("NO_COLOR=1", False)):
            self.start(env=env)
            self.wait_text("12M/64M")
            self.assertEqual("\033[32m" in self.screen("-e"), colored, env)
            self.tmux("kill-server")
            self.socket += "2"

    def test_no_terminal_to_draw_on(self):
        self.start(env="TERM=dumb")
        self.wait_text("left with 1")
        self.assertIn("--once", self.screen())


unittest.main(argv=sys.argv[:1], verbosity=2)
