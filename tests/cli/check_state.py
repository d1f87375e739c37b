#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `oomguard` says of the state of containers, and does to it."""
import fcntl
import json
import os
import pathlib
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import unittest

from state_case import Case, OOMGUARD, PATIENCE


class List(Case):
    def test_table(self):
        lines = self.run_cli("list")[0].splitlines()
        self.assertEqual(lines[0].split(), ["ID", "NAME", "STATE", "PROFILE", "OOMS", "RESTARTS", "VIA",
                                            "MEMORY"])
        self.assertEqual(len(lines), 1 + 10)
        rows = {line.split()[0]: line for line in lines[1:]}
        self.assertIn("12 MiB / 64 MiB", rows["web"])
        self.assertIn("2/5", rows["web"])
        self.assertIn("watching", rows["web"])
        self.assertIn("manager", rows["web"])
        self.assertIn("0123456789ab", rows)
        self.assertNotIn("\x1b", lines[1])

    def test_states(self):
        states = {item["id"]: item["state"] for item in self.json("list")["containers"]}
        self.assertEqual(states["web"], "watching")
        self.assertEqual(states["webhook"], "ended")
        self.assertEqual(states["left-1"], "left")
        self.assertEqual(states["plain"], "unguarded")
        self.assertEqual(states["broken-0"], "broken")
        self.stop(self.shim)
        states = {item["id"]: item["state"] for item in self.json("list")["containers"]}
        self.assertEqual(states["web"], "ended")

    def test_json(self):
        web = [item for item in self.json("list")["containers"] if item["id"] == "web"][0]
        self.assertEqual(web["restarts"], 2)
        self.assertEqual(web["restartMax"], 5)
        self.assertEqual(web["usage"], 12 << 20)
        self.assertEqual(web["limit"], 64 << 20)
        self.assertEqual(web["oomKills"], 3)
        self.assertFalse(web["cancelled"])

    def terminal(self, words, env, columns=80):
        """What the program prints on a terminal of that width."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        with subprocess.Popen([OOMGUARD, "--root", self.root, *words], stdout=follower,
                              env={**os.environ, **env}) as process:
            os.close(follower)
            text = b""
            while True:
                try:
                    piece = os.read(leader, 65536)
                except OSError:  # the other side is closed
                    break
                if not piece:
                    break
                text += piece
        os.close(leader)
        return text.decode()

    def test_color(self):
        self.assertIn("\033[", self.terminal(["list"], {"NO_COLOR": ""}))
        self.assertNotIn("\033[", self.terminal(["list"], {"NO_COLOR": "1"}))
        self.assertNotIn("\033[", self.terminal(["status", "web"], {"NO_COLOR": "1"}))
        self.assertNotIn("\033[", self.terminal(["list", "--json"], {"NO_COLOR": ""}))

    def test_width(self):
        text = self.terminal(["incidents"], {"NO_COLOR": "1"}, 140)
        self.assertIn("…", text)
        self.assertTrue(all(len(line) <= 140 for line in text.splitlines()))
        self.assertNotIn("…", self.run_cli("incidents")[0])


class Status(Case):
    def test_text(self):
        out, _ = self.run_cli("status", "web")
        for text in ("watching", "settings.oomKiller  applied  1    0", "no swap here",
                     "podman restarts it", "2 of 5 restarts used within 10m", "all members",
                     f"pid {self.shim.pid}"):
            self.assertIn(text, out)
        out, _ = self.run_cli("status", "plain")
        self.assertIn("Guarded      no", out)
        self.assertIn("the shim could not be started", out)
        self.assertIn("oomguard.io/profile", out)
        self.assertIn("which was in phase acting", self.run_cli("status", "webhook")[0])
        self.assertIn("parse error", self.run_cli("status", "broken-0")[0])

    def test_json(self):
        web = self.json("status", "web")
        self.assertTrue(web["guarded"] and web["shimAlive"])
        self.assertEqual(web["plan"]["container"]["id"], "web")
        self.assertEqual(web["status"]["shim"]["pid"], self.shim.pid)
        self.assertEqual(len(web["events"]), 8)
        broken = self.json("status", "broken-0")
        self.assertIsNone(broken["plan"])
        self.assertIn("parse error", broken["problem"])

    def test_mutilated_state(self):
        """Whatever the files hold, it is an answer."""
        directory = pathlib.Path(self.root, "containers", self.keys["left-1"])
        for name in ("plan.json", "status.json"):
            text = (directory / name).read_bytes()
            for at in range(0, len(text), 97):
                (directory / name).write_bytes(text[:at] + b"\x00" + text[at + 1:])
                self.run_cli("status", self.keys["left-1"])
            (directory / name).write_bytes(text)


class SwitchedOff(Case):
    """The kill switch is told wherever somebody looks."""

    def test_told(self):
        switch = pathlib.Path(self.root, "disabled")
        self.assertNotIn("switched off", self.run_cli("list")[1])
        self.assertIsNone(self.json("list")["switchedOff"])
        self.assertIsNone(self.json("status", "web")["switchedOff"])
        # Whatever it is, it is there.
        switch.symlink_to("nowhere")
        self.assertIn(f"nothing is guarded while {switch} exists", self.run_cli("list")[1])
        self.assertEqual(self.json("list")["switchedOff"], str(switch))
        self.assertEqual(self.json("status", "web")["switchedOff"], str(switch))
        self.assertIn(f"Switched off while {switch} exists", self.run_cli("status", "web")[0])
        switch.unlink()
        self.assertNotIn("Switched off", self.run_cli("status", "web")[0])

    def test_without_state(self):
        root = os.path.join(self.base, "other")
        self.assertNotIn("switched off", self.run_cli("list", root=root)[1])
        os.mkdir(root, 0o700)
        pathlib.Path(root, "disabled").touch()
        self.assertIn("switched off", self.run_cli("list", root=root)[1])


class Cancel(Case):
    def test_cancel(self):
        out, _ = self.run_cli("cancel", "web")
        self.assertEqual(self.shim.stdout.readline(), "told\n")
        self.assertNotIn("no shim", out)
        self.assertTrue(self.json("status", "web")["cancelled"])
        self.assertIn("Cancelled", self.run_cli("status", "web")[0])
        self.assertIn("2/5 cancelled", self.run_cli("list")[0])

    def test_dead_shim(self):
        self.assertIn("no shim is alive", self.run_cli("cancel", "webhook")[0])
        self.assertFalse(self.json("cancel", "webhook")["shimTold"])
        self.assertTrue(self.json("status", "webhook")["cancelled"])
        self.run_cli("cancel", "nobody", code=3)


class Doctor(Case):
    def run_doctor(self, *words, root=None):
        """What it printed; whether the machine has all it needs is not ours to know."""
        done = subprocess.run([OOMGUARD, "--root", root or self.root, "doctor", *words],
                              capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, b"")
        self.assert_harmless(done.stdout)
        return done.returncode, done.stdout.decode()

    def doctor(self):
        code, out = self.run_doctor("--json")
        document = json.loads(out)
        self.assertEqual(document["version"], 1)
        self.assertEqual(code, 1 if document["fail"] else 0)
        found = {level: 0 for level in ("ok", "warn", "fail")}
        for finding in document["findings"]:
            found[finding["level"]] += 1
            self.assertEqual(finding["remedy"] is None, finding["level"] == "ok", finding)
        self.assertEqual(found, {level: document[level] for level in found})
        return document["findings"]

    def of(self, check):
        return [f for f in self.doctor() if f["check"] == check]

    def test_text(self):
        """Each finding is one line, and hostile names are made harmless."""
        _, out = self.run_doctor()
        lines = out.splitlines()
        self.assertEqual(len(lines), len(self.doctor()))
        for line in lines:
            self.assertRegex(line, r"^(ok|warn|fail) +[a-z.-]+ +[^ ]")
        self.assertTrue(any(" -> " in line for line in lines))

    def test_state(self):
        """The containers of the state are judged: the fake ones' inits do not live."""
        self.assertIn("1 guarded container is watched", self.of("shims")[0]["text"])
        self.assertEqual([f["level"] for f in self.of("unguarded")], ["fail"])
        self.assertIn("broken-0", self.of("unguarded")[0]["text"])
        self.assertIn("webhook", str(self.of("leftover")))
        os.chmod(self.root, 0o777)
        state = self.of("state")
        self.assertEqual([f["level"] for f in state], ["fail"])
        self.assertIn("written by others", state[0]["text"])

    def test_stopped_shim(self):
        self.assertEqual([f["level"] for f in self.of("shims-run")], ["ok"])
        os.kill(self.shim.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.shim.pid, signal.SIGCONT)
        os.waitid(os.P_PID, self.shim.pid, os.WSTOPPED | os.WNOWAIT)
        found = self.of("shims-run")
        self.assertEqual([f["remedy"] for f in found], [f"kill -CONT {self.shim.pid}"])

    def test_no_state(self):
        none = os.path.join(self.base, "none")
        _, out = self.run_doctor(root=none)
        self.assertIn("is not there yet", out)
        self.assertFalse(os.path.exists(none))


    def test_no_container(self):
        """Nothing is claimed of containers where there are none."""
        shutil.rmtree(os.path.join(self.root, "containers"))
        os.mkdir(os.path.join(self.root, "containers"), 0o700)
        for check in ("shims", "unguarded", "limits", "overcommit"):
            self.assertRegex(self.of(check)[0]["text"], "^no container ", check)

    def test_remains(self):
        """State that cannot be read is no alarm where the shim's last word shows the end."""
        break_state(self, "left-1", dead_process())
        self.assertNotIn("left-1", str(self.of("unguarded")))
        self.assertIn(self.keys["left-1"], str(self.of("leftover")))
        break_state(self, "left-1", os.getpid())
        self.assertIn(self.keys["left-1"], str(self.of("unguarded")))


def dead_process():
    """The number of a process that was."""
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return process.pid


def break_state(case, name, init):
    """Its plan cannot be read, and its shim's last word is about this init."""
    directory = pathlib.Path(case.root, "containers", case.keys[name])
    (directory / "plan.json").write_text("{")
    status = json.loads((directory / "status.json").read_text())
    try:
        ticks = int(pathlib.Path(f"/proc/{init}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except FileNotFoundError:
        ticks = 1
    status["init"] = {"pid": init, "startTicks": ticks}
    (directory / "status.json").write_text(json.dumps(status))


class Recover(Case):
    def results(self, code):
        return {c["key"]: c for c in self.json("recover", code=code)["containers"]}

    def forget(self, name):
        shutil.rmtree(os.path.join(self.root, "containers", self.keys[name]))

    def test_nothing_lives(self):
        """The inits of the fake containers are gone, so nothing is started for any of them."""
        self.forget("broken")
        results = {c["id"]: c["result"] for c in self.results(0).values()}
        self.assertEqual(results["web"], "watched")
        self.assertEqual(results["webhook"], "ended")
        self.assertIn("1 guarded container is watched", self.run_cli("recover")[0])

    def test_broken_state(self):
        """It fails unless something shows that the container is gone."""
        broken = self.results(1)["broken-0"]
        self.assertEqual(broken["result"], "broken")
        self.assertIn("plan.json", broken["why"])
        out, _ = self.run_cli("recover", code=1)
        self.assertRegex(out, "^broken-0: still without a shim: its state cannot be read: ")
        self.assertNotIn("nothing to do", out)
        self.forget("broken")
        key = self.keys["left-1"]
        break_state(self, "left-1", dead_process())
        self.assertEqual(self.results(0)[key]["result"], "broken")
        break_state(self, "left-1", os.getpid())
        self.assertEqual(self.results(1)[key]["result"], "broken")
        # Nor is anything known where the shim's word is lost, too.
        os.unlink(os.path.join(self.root, "containers", key, "status.json"))
        self.assertEqual(self.results(1)[key]["result"], "broken")

    def test_no_state(self):
        none = os.path.join(self.base, "none")
        self.assertEqual(self.json("recover", root=none)["containers"], [])
        self.assertIn("no container is guarded", self.run_cli("recover", root=none)[0])
        self.assertFalse(os.path.exists(none))


unittest.main(argv=sys.argv[:1], verbosity=2)
