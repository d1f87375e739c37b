#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each verb of `oomguard` on a state root that fill_state made."""
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
import tempfile
import termios
import unittest

OOMGUARD, FILL_STATE, SOURCE = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
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


class Usage(Case):
    VERBS = ["list", "status", "events", "incidents", "report", "top", "explain",
             "metrics", "cancel", "doctor",
             "policy", "configure", "recover", "version"]

    def test_help(self):
        for words in ([], *([verb] for verb in self.VERBS)):
            out, err = self.run_cli(*words, "--help")
            self.assertIn("Usage: oomguard", out)
            self.assertIn("Example", out)
            self.assertEqual(err, "")
        out, _ = self.run_cli("--help")
        for verb in self.VERBS:
            self.assertIn(f"  {verb}", out)

    def test_wrong_usage(self):
        for words in ([], ["dance"], ["--dance"], ["list", "web"], ["list", "--dance"], ["list", "-x"],
                      ["status"], ["status", "web", "plain"], ["cancel"], ["events", "a", "b"],
                      ["incidents", "a", "b"], ["version", "x"], ["events", "--follow=3"],
                      ["policy"], ["policy", "dance"], ["metrics", "web"], ["doctor", "web"],
                      ["recover", "web"]):
            out, err = self.run_cli(*words, code=2)
            self.assertEqual(out, "", words)
            self.assertIn("help", err, words)
        done = subprocess.run([OOMGUARD, "list", "--root"], capture_output=True)
        self.assertEqual(done.returncode, 2)

    def test_hostile_words(self):
        _, err = self.run_cli("status", "\033[31mx", code=3)
        self.assertIn("\\x1B", err)
        self.run_cli("\033[31mx", code=2)
        self.run_cli("list", "--\033[31mx", code=2)

    def test_version(self):
        self.assertIn("oomguard ", self.run_cli("version")[0])
        self.assertEqual(self.run_cli("--version"), self.run_cli("version"))
        self.assertEqual(self.json("version")["program"], "oomguard")

    def test_no_state_yet(self):
        none = os.path.join(self.base, "none")
        self.run_cli("list", root=none)
        self.assertEqual(self.json("list", root=none)["containers"], [])
        self.assertEqual(self.json("incidents", root=none)["incidents"], [])
        self.run_cli("events", root=none)
        for verb in ("status", "cancel", "events", "incidents"):
            self.run_cli(verb, "web", root=none, code=3)
        self.assertFalse(os.path.exists(none))

    def test_unsafe_root(self):
        os.chmod(self.root, 0o777)
        for words in (["list"], ["status", "web"], ["incidents"], ["events"], ["cancel", "web"],
                      ["metrics"]):
            _, err = self.run_cli(*words, code=1)
            self.assertIn("written by others", err)
            self.assertIn("chmod go-w", err)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            for words in (["list"], ["list", "--json"], ["--help"], ["version"], ["events", "web"],
                          ["metrics"]):
                done = subprocess.run([OOMGUARD, "--root", self.root, *words], stdout=full,
                                      stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 1, words)
                self.assertIn(b"No space left", done.stderr)


class Find(Case):
    def test_prefix(self):
        self.assertEqual(self.json("status", "pla")["id"], "plain")
        self.assertEqual(self.json("status", "web")["id"], "web")
        self.assertEqual(self.json("status", "webh")["id"], "webhook")
        self.run_cli("status", "webx", code=3)
        self.run_cli("status", "", code=3)

    def test_ambiguous(self):
        out, err = self.run_cli("status", "we", code=2)
        self.assertEqual(out, "")
        self.assertIn(self.keys["web"], err)
        self.assertIn(self.keys["webhook"], err)
        self.assertNotIn("plain", err)

    def test_name(self):
        """The name that `list` shows does too, where only one has it."""
        names = {}
        for item in self.json("list")["containers"]:
            names.setdefault(item["name"], []).append(item["key"])
        alone = [(name, keys[0]) for name, keys in names.items() if name and len(keys) == 1]
        shared = [name for name, keys in names.items() if name and len(keys) > 1]
        self.assertTrue(alone and shared)
        for name, key in alone:
            self.assertEqual(self.json("status", name)["key"], key)
        for name in shared:
            self.run_cli("status", name, code=2)

    def test_same_id_in_two_roots(self):
        _, err = self.run_cli("cancel", "dup", code=2)
        self.assertIn("/run/runc", err)
        self.assertIn("/run/crun", err)
        self.assertEqual(self.json("status", self.keys["dup"])["key"], self.keys["dup"])


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
        self.assertIn("1 container is watched", self.of("shims")[0]["text"])
        self.assertEqual([f["level"] for f in self.of("unguarded")], ["warn"])
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


class Recover(Case):
    def test_nothing_lives(self):
        """The inits of the fake containers are gone, so nothing is started for any of them."""
        results = {c["id"]: c["result"] for c in self.json("recover")["containers"]}
        self.assertEqual(results["web"], "watched")
        self.assertEqual(results["webhook"], "ended")
        self.assertEqual(results["broken-0"], "broken")
        self.assertIn("1 container is watched", self.run_cli("recover")[0])

    def test_no_state(self):
        none = os.path.join(self.base, "none")
        self.assertEqual(self.json("recover", root=none)["containers"], [])
        self.assertFalse(os.path.exists(none))


class Incidents(Case):
    def test_table(self):
        lines = self.run_cli("incidents")[0].splitlines()
        self.assertEqual(len(lines), 1 + 8)
        self.assertRegex(lines[1], r"stuck +oom-killer-off ")
        self.assertIn("gone", lines[2])
        self.assertIn("le\\x1B[1mak (42) and 3 more", "\n".join(lines))

    def test_reserved_name(self):
        """An empty file only keeps a name: it is nobody's record."""
        self.assertNotIn("-empty-1", self.run_cli("incidents", "--json")[0])
        self.run_cli("incidents", "empty", code=3)

    def test_of_one(self):
        self.assertEqual(len(self.json("incidents", "web")["incidents"]), 6)
        self.assertEqual(len(self.json("incidents", "gone")["incidents"]), 1)
        self.assertEqual(len(self.json("incidents", "webhook")["incidents"]), 0)
        self.run_cli("incidents", "nobody", code=3)
        self.run_cli("incidents", "we", code=2)


class Events(Case):
    def lines(self, process, count):
        return [process.stdout.readline() for _ in range(count)]

    def follow(self, *words):
        process = subprocess.Popen([OOMGUARD, "--root", self.root, "events", "--follow", *words],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.stop, process)
        return process

    def test_print(self):
        lines = self.run_cli("events", "web")[0].splitlines()
        self.assertEqual(len(lines), 24)
        self.assertIn("created", lines[0])
        self.assertEqual(self.run_cli("events", "left-1")[0], "")
        for line in self.run_cli("events", "web", "--json")[0].splitlines():
            self.assertEqual(json.loads(line)["id"], "web")

    def test_all_are_sorted(self):
        line = ('{{"version":1,"time":"2000-01-01T00:00:0{}.000Z","monotonicMs":1,"id":"x","level":"info",'
                '"event":"oom","message":"{}"}}\n')
        for identity, events in (("left-1", [(1, "one"), (3, "three"), (3, "four")]),
                                 ("slow", [(2, "two"), (4, "five")])):
            path = pathlib.Path(self.root, "containers", self.keys[identity], "events.jsonl")
            path.write_text("".join(line.format(*event) for event in events))
        lines = self.run_cli("events")[0].splitlines()
        self.assertEqual([line.split()[3] for line in lines[:5]], ["one", "two", "three", "four", "five"])
        self.assertEqual(len(lines), 5 + 24)

    def test_rubbish_in_the_journal(self):
        path = pathlib.Path(self.root, "containers", self.keys["left-1"], "events.jsonl")
        self.tell(f"event {self.keys['left-1']} one")
        path.write_bytes(b"rubbish\n" + b"x" * 10000 + b"\n{\"version\": 7}\n" + path.read_bytes())
        self.tell(f"event {self.keys['left-1']} two")
        self.assertEqual(len(self.run_cli("events", "left-1")[0].splitlines()), 2)

    def test_rotated_file_is_read_first(self):
        self.tell(f"event {self.keys['left-1']} first")
        self.tell(f"fill {self.keys['left-1']}")
        lines = self.run_cli("events", "left-1")[0].splitlines()
        self.assertIn("first", lines[0])
        self.assertGreater(len(lines), 500)

    def test_follow_across_rotations(self):
        key = self.keys["left-1"]
        process = self.follow("left-1", "--json")
        self.tell(f"event {key} start")
        self.assertIn("start", process.stdout.readline())
        self.tell(f"fill {key}")
        self.tell(f"event {key} end")
        written = sum(len(file.read_bytes().splitlines()) for file in
                      pathlib.Path(self.root, "containers", key).glob("events.jsonl*"))
        lines = self.lines(process, written - 1)
        self.assertIn("\"end ", lines[-1])
        times = [json.loads(line)["monotonicMs"] for line in lines]
        self.assertEqual(times, sorted(times))

    def test_follow_ends_with_the_container(self):
        key = self.keys["left-1"]
        process = self.follow("left-1")
        self.tell(f"event {key} first")
        self.assertIn("first", process.stdout.readline())
        self.tell(f"event {key} last")
        self.tell(f"remove {key}")
        self.assertIn("last", process.stdout.readline())
        self.assertEqual(process.stdout.readline(), "")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_follow_all_sees_new_containers(self):
        process = self.follow()
        self.lines(process, 24)
        self.tell("make fresh")
        key = [key for key in os.listdir(os.path.join(self.root, "containers"))
               if key.startswith("fresh-")][0]
        self.tell(f"event {key} hello")
        self.assertIn("hello", process.stdout.readline())
        self.tell(f"remove {key}")
        self.tell("make fresh")
        self.tell(f"event {key} again")
        self.assertIn("again", process.stdout.readline())
        self.assertIsNone(process.poll())


class Completion(Case):
    """What the shells offer; bash is run, zsh's file is only parsed where there is a zsh."""

    def complete(self, *words):
        script = (f"source {SOURCE}/cli/completions/oomguard.bash\n"
                  "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _oomguard\n"
                  "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
        path = os.path.dirname(os.path.abspath(OOMGUARD)) + ":" + os.environ["PATH"]
        done = subprocess.run(["bash", "-c", script, "bash", "oomguard", *words],
                              env={**os.environ, "PATH": path}, capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash(self):
        self.assertEqual(self.complete("st"), ["status"])
        self.assertEqual(self.complete("rec"), ["recover"])
        self.assertEqual(self.complete("policy", ""), ["check", "show"])
        self.assertEqual(self.complete("configure", "p"), ["podman"])
        self.assertIn("wrapper", self.complete("configure", "crio", "--mode", ""))
        self.assertIn("--dry-run", self.complete("configure", "crio", "--mode", "hooks", "--d"))
        self.assertIn("--follow", self.complete("events", "--"))
        self.assertIn("--textfile", self.complete("metrics", "--"))
        self.assertEqual(self.complete("top", "--sort", "p"), ["pressure"])
        self.assertEqual(self.complete("metrics", "--textfile", self.root + "/cont"),
                         [self.root + "/containers"])
        self.assertEqual(self.complete("--root", self.root, "status", "pla"), ["plain"])
        self.assertEqual(self.complete("--root", self.root, "cancel", "web"), ["web", "webhook"])

    def test_zsh(self):
        if shutil.which("zsh"):
            subprocess.run(["zsh", "-n", SOURCE / "cli/completions/_oomguard"], check=True)


unittest.main(argv=sys.argv[:1], verbosity=2)
