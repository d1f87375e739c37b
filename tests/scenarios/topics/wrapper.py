# SPDX-License-Identifier: Apache-2.0
"""oomguard-runc and oomguard-crun stand in for the runtime; config.json knows nothing of us."""

import json
import os
import signal
import subprocess
import sys

from harness import Failure, bundle, cgroups, policy, scenario

STAGES = ("createRuntime", "poststart", "poststop")


class Wrapper:
    """The program of the runtime's name, with this scenario's policy and state."""

    def __init__(self, t, *own):
        self.t = t
        self.path = t.machine.hook.parent / f"oomguard-{t.runtime.name}"
        self.own = ["--oomguard-root", t.guard.root, "--oomguard-deadline", "20s", *own]

    def argv(self, c, *words):
        return self.t.runtime.wrap(self.path, "--oomguard-policy", c.dir / "policy.json",
                                   *self.own, "--root", self.t.runtime.root, *words)

    def call(self, c, *words, code=0, cwd=None):
        """What it printed. Output of the container goes to c.output."""
        with open(c.output, "ab") as out, open(c.errors, "ab") as err:
            result = subprocess.run(self.argv(c, *words), stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=err, timeout=60, check=False, cwd=cwd)
        if code is not None and result.returncode != code:
            raise Failure(f"{words[0]}: exit {result.returncode}: {c.errors.read_text()[-400:]}")
        return c.errors.read_text()


def unguarded(t, args, document, name="c", **options):
    """A container whose config.json has no hooks."""
    c = t.container(args, document, name, hooks={}, **options)
    c.errors.touch()
    return c


def config_of(c):
    return json.loads((c.dir / "config.json").read_text())


@scenario("wrapper-run")
def wrapper_run(t):
    """`run -d`: guarded like any other; the file keeps owner and mode; twice is once."""
    c = unguarded(t, "init 0 leak", policy({"process": "report"}))
    file, wrapper = c.dir / "config.json", Wrapper(t)
    file.chmod(0o640)
    os.chown(file, 4711, 4712)
    before = config_of(c)
    wrapper.call(c, "run", "-d", "--bundle", c.dir, c.id)
    c.wait_incident(result="reported")
    after, text, st = config_of(c), file.read_bytes(), file.stat()
    t.equal("mode and owner", (st.st_mode & 0o7777, st.st_uid, st.st_gid), (0o640, 4711, 4712))
    t.equal("stages", sorted(after["hooks"]), sorted(STAGES))
    t.equal("all else", {**after, "hooks": {}}, before)
    t.equal("files of the bundle", [p.name for p in c.dir.glob(".*")], [])
    c.delete()
    wrapper.call(c, "run", "-d", "-b", c.dir, c.id)
    c.wait_incident(2)
    t.equal("config.json edited twice", file.read_bytes(), text)
    t.true("no rename the second time", file.stat().st_ino == st.st_ino)


@scenario("wrapper-restart")
def wrapper_restart(t):
    """The runtime is the hook's parent, so a restart runs it again, and not us."""
    c = unguarded(t, "init 0 once /box/mark leak",
                  policy({"process": "restart"}, {"backoff": {"initial": "10ms"}}))
    Wrapper(t).call(c, "run", "-d", "-b", c.dir, c.id)
    c.wait_line("once is over")
    c.wait_event("restarted")
    plan = t.guard.plan(c.id)
    t.equal("way", plan["restart"]["way"], "runtime")
    t.true("the real runtime", plan["restart"]["argv"][0].endswith("/" + t.runtime.name))
    t.true("it runs", c.running())


@scenario("wrapper-bundles")
def wrapper_bundles(t):
    """Every way to name a bundle, and bundles and containers named like a command."""
    wrapper = Wrapper(t)
    for name, words, cwd in (
            ("cwd", ("create", "{id}"), "{dir}"),
            ("empty", ("create", "--bundle={dir}", "{id}"), None),
            ("create", ("create", "-b", "{name}", "{id}"), "{dir}/.."),
            ("run", ("create", "--pid-file", "{dir}/pid", "--bundle", "{dir}", "{id}"), None)):
        c = unguarded(t, "init 0 sleep", policy(), name)
        link = t.dir / name
        link.symlink_to(c.dir)

        def fill(word, c=c, name=name):
            return word.format(id=c.id, dir=c.dir, name=name)

        wrapper.call(c, *map(fill, words), cwd=cwd and fill(cwd))
        t.equal(f"stages with {name}", sorted(config_of(c)["hooks"]), sorted(STAGES))
        c.wait_phase("watching")
        t.equal("state", json.loads(t.runtime.call("state", c.id).stdout)["status"], "created")
        wrapper.call(c, "start", c.id)
        c.wait_line("init")
        wrapper.call(c, "delete", "--force", c.id)


@scenario("wrapper-exit-status")
def wrapper_exit_status(t):
    """The status is the runtime's: of a program in the foreground, and of a refusal."""
    c = unguarded(t, "exit 7", policy())
    wrapper = Wrapper(t)
    wrapper.call(c, "run", "-b", c.dir, c.id, code=7)
    theirs = t.runtime.call("kill", "nobody")
    ours = subprocess.run(wrapper.argv(c, "kill", "nobody"), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          check=False)
    t.equal("exit of a refusal", ours.returncode, theirs.returncode)
    t.true("it was one", theirs.returncode != 0)
    t.equal("edited by nothing but create and run", ours.stdout.count("oomguard"), 0)
    for words in (("--version",), ("--help",), ("features",)):
        said = [subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=60, check=False).stdout
                for argv in (t.runtime.argv(*words), wrapper.argv(c, *words))]
        t.equal(f"{words[0]}", said[1].replace(str(wrapper.path), str(t.runtime.path)), said[0])


FAKE = """#!{python}
import json, os, sys
fds = {{}}
for name in os.listdir("/proc/self/fd"):
    try:
        fds[name] = os.readlink("/proc/self/fd/" + name)
    except OSError:
        pass
json.dump({{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "fds": fds,
           "name": sys.argv[0], "umask": os.umask(0), "ppid": os.getppid()}}, open({out!r}, "w"))
sys.exit(42)
"""


class Fake:
    """A runtime that writes down what it was given."""

    def __init__(self, t, name="runc"):
        self.t = t
        self.path = t.dir / "fake" / name
        self.path.parent.mkdir(exist_ok=True)
        self.out = t.dir / f"seen-{name}"
        self.path.write_text(FAKE.format(python=sys.executable, out=str(self.out)))
        self.path.chmod(0o755)
        self.policy = t.dir / f"policy-{name}.json"
        self.policy.write_text(json.dumps({"version": 1, "runtimes": [str(self.path)]}))
        self.wrapper = t.machine.hook.parent / f"oomguard-{name}"

    def argv(self, *words, own=()):
        return [self.wrapper, "--oomguard-policy", self.policy, *own, *map(str, words)]

    def call(self, *words, own=(), **options):
        """(exit status, stderr, what the runtime saw or None)"""
        self.out.unlink(missing_ok=True)
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options}
        done = subprocess.run(self.argv(*words, own=own), stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False, **options)
        seen = json.loads(self.out.read_text()) if self.out.exists() else None
        return done.returncode, done.stderr, seen


@scenario("wrapper-untouched", runtimes=("",))
def wrapper_untouched(t):
    """The runtime gets our words, files, environment, directory and signals, whatever they are."""
    fake = Fake(t)
    words = ["--log", "/l", "exec", "-e", "A=b c", "id", "--", "create", "", "-b", "x\n"]
    environment = {"LD_PRELOAD": "/nonexistent.so", "PATH": "/nowhere", "X": "y\n",
                   "OOMGUARD_POLICY": "/other"}
    read_end, write_end = os.pipe()
    t.on_end(os.close, read_end)
    t.on_end(os.close, write_end)
    os.set_inheritable(write_end, True)
    code, said, seen = fake.call(*words, env=environment, cwd="/usr", pass_fds=(write_end,),
                                 umask=0o027)
    t.equal("exit status", code, 42)
    # Of the dynamic linker, for the interpreter of the fake: we are static and have none.
    t.equal("words about LD_PRELOAD", said.count("/nonexistent.so"), 1)
    t.equal("words of ours", said.count("oomguard"), 0)
    t.equal("words", seen["argv"], words)
    t.equal("its name", seen["name"], str(fake.path))
    t.equal("environment", {k: v for k, v in seen["env"].items() if k != "LC_CTYPE"}, environment)
    t.equal("directory", seen["cwd"], "/usr")
    t.equal("umask", seen["umask"], 0o027)
    t.equal("parent", seen["ppid"], os.getpid())
    files = {name: target for name, target in seen["fds"].items() if "/proc/" not in target}
    t.equal("files", sorted(files, key=int), ["0", "1", "2", str(write_end)])
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *fake.argv("list")],
                            timeout=60, check=False)
    t.equal("exit status with closed streams", closed.returncode, 42)
    # The interpreter of the fake takes the lowest number for its own script.
    files = json.loads(fake.out.read_text())["fds"]
    t.equal("files that were not there", [f for f in files.values() if "null" in f], [])


@scenario("wrapper-signals", runtimes=("",))
def wrapper_signals(t):
    """What is ignored and what is not stays so. The fake is no Python, which ignores SIGPIPE."""
    fake = Fake(t)
    fake.path.write_text(f"#!/bin/sh\ngrep SigIgn /proc/$$/status >{fake.out}\n")
    for restore in (True, False):  # Python ignores SIGPIPE, and so does what it starts
        done = subprocess.run(fake.argv("list"), stdin=subprocess.DEVNULL, timeout=60, check=False,
                              restore_signals=restore)
        t.equal("exit status", done.returncode, 0)
        ignored = int(fake.out.read_text().split()[1], 16) >> (signal.SIGPIPE - 1) & 1
        t.equal(f"SIGPIPE is ignored, restored: {restore}", ignored, int(not restore))


@scenario("wrapper-name", runtimes=("",))
def wrapper_name(t):
    """The name picks the runtime, from the policy alone, and never the wrapper itself."""
    fake = Fake(t)
    os.symlink(fake.wrapper, t.dir / "oomguard-crun")
    os.symlink(fake.wrapper, t.dir / "oomguard-youki")
    os.symlink(fake.wrapper, t.dir / "other")
    os.symlink(fake.wrapper, t.dir / "fake/crun")
    for name, document, why in (
            ("oomguard-crun", {"runtimes": [str(fake.path)]}, "is called crun"),
            ("oomguard-crun", {"runtimes": [str(t.dir / "fake/crun")]}, "is oomguard"),
            ("oomguard-crun", {"runtimes": ["/nonexistent/crun"]}, "cannot be executed"),
            ("oomguard-youki", {"runtimes": [str(t.dir / "fake/youki")]}, "runtime youki: allowed"),
            ("other", {}, 'called as "other"')):
        fake.policy.write_text(json.dumps({"version": 1, **document}))
        done = subprocess.run([t.dir / name, "--oomguard-policy", fake.policy, "list"],
                              env={"PATH": str(fake.path.parent)}, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        t.equal(f"exit status of {name}", done.returncode, 1)
        t.true(f"{why} is said: {done.stderr}", why in done.stderr)


@scenario("wrapper-broken", runtimes=("",))
def wrapper_broken(t):
    """open: handed on as it is, with a loud word. closed: refused, and only where it is asked."""
    fake = Fake(t)
    place = t.dir / "broken"
    place.mkdir()
    file = place / "config.json"
    config = json.dumps(bundle.config("/rootfs", ["/bin/true"], "/x", "/box"))
    closed = ("--oomguard-failure", "closed")
    for what, text in (("cut", config[:-9]), ("no object", "[]"), ("a list of hooks", '{"hooks":[]}'),
                       ("nothing", ""), ("deep", '{"a":' * 5000)):
        file.write_text(text)
        code, said, seen = fake.call("create", "-b", place, "x")
        t.equal(f"{what}: exit status", code, 42)
        t.true(f"{what}: told: {said}", "not guarded" in said and "config.json" in said)
        t.equal(f"{what}: words", seen["argv"], ["create", "-b", str(place), "x"])
        code, said, seen = fake.call("run", "-b", place, "x", own=closed)
        t.equal(f"{what}: closed", (code, seen), (1, None))
        t.true(f"{what}: refused: {said}", "refused" in said)
        code, said, seen = fake.call("delete", "x", own=closed)
        t.equal(f"{what}: another command", (code, said), (42, ""))
        t.equal(f"{what}: the file", file.read_text(), text)
    file.write_text(config)
    crun = Fake(t, "crun")
    for words in (("-f", "other.json"), ("--config=/other.json",)):
        code, said, seen = crun.call("create", *words, "-b", place, "x")
        t.equal(f"{words}: exit status, words", (code, seen["argv"]),
                (42, ["create", *words, "-b", str(place), "x"]))
        t.true(f"{words}: told: {said}", "not guarded: --config names another file" in said)
        code, said, seen = crun.call("create", *words, "-b", place, "x", own=closed)
        t.equal(f"{words}: closed: {said}", (code, seen), (1, None))
        t.equal(f"{words}: the file that is not read", file.read_text(), config)
    file.unlink()
    t.equal("no file: for the runtime to tell", fake.call("create", "-b", place, "x", own=closed)[:2],
            (42, ""))
    file.symlink_to("/etc/passwd")
    code, said, _ = fake.call("create", "-b", place, "x")
    t.true(f"a link is told: {said}", code == 42 and "symbolic link" in said)
    t.true("and stays", file.is_symlink())
    file.unlink()
    file.write_text(config + " " * (4 << 20))
    code, said, _ = fake.call("create", "-b", place, "x")
    t.true(f"a long one is told: {said}", code == 42 and "is longer than 4194304 bytes" in said)
    place = t.dir / "round"
    place.symlink_to(place)
    code, said, _ = fake.call("create", "-b", place, "x")
    t.true(f"a bundle that cannot be opened is told: {said}",
           code == 42 and f"not guarded: the bundle {place}" in said)
    t.equal("closed", fake.call("create", "-b", place, "x", own=closed)[0], 1)


@scenario("wrapper-broken-policy", runtimes=("",))
def wrapper_broken_policy(t):
    """The runtimes of a policy hold whatever else is wrong; where they are not known, it is said."""
    fake = Fake(t)
    file = t.dir / "config.json"
    config = json.dumps(bundle.config("/rootfs", ["/bin/true"], "/x", "/box"))
    file.write_text(config)
    closed = ("--oomguard-failure", "closed")
    right = fake.policy.read_text()
    fake.policy.write_text(right[:-1] + ', "oops": 1}')
    t.equal("another command", fake.call("kill", "x", "KILL")[:2], (42, ""))
    code, said, _ = fake.call("create", "-b", t.dir, "x")
    t.true(f"open: {said}", code == 42 and said.count("the built-in one takes its place") == 1)
    t.true("edited all the same", file.read_text() != config)
    code, said, seen = fake.call("create", "-b", t.dir, "x", own=closed)
    t.true(f"closed: {said}", (code, seen) == (1, None) and "refused: the policy" in said)
    for text, mode in ((right[:-1], 0o644), (right, 0o666)):
        fake.policy.write_text(text)
        fake.policy.chmod(mode)
        # Never "x" of the host's own runtime: the word alone is looked at.
        code, said, seen = fake.call("--version")
        t.true(f"no word of the policy is followed: {said}", seen is None)
        t.true(f"it is said: {said}", "the built-in list takes their place" in said)


@scenario("wrapper-own-mistakes", runtimes=("",))
def wrapper_own_mistakes(t):
    """A mistake in our own options stops a new container, and never a command for an old one."""
    fake = Fake(t)
    for own, why in ((("--oomguard-failure", "shut"), "open and closed"),
                     (("--oomguard-policy", "p"), "absolute"), (("--oomguard-x",), "unknown option"),
                     (("--oomguard-profle", "worker"), "unknown option"),
                     (("--oomguard-root=/\udcff",), "UTF-8"), (("--oomguard-deadline=0s",), "0s")):
        code, said, seen = fake.call("kill", "x", own=own)
        t.equal(f"{own}: another command", (code, seen and seen["argv"]), (42, ["kill", "x"]))
        t.true(f"{own}: told: {said}", "passed over: " in said and why in said)
        # Engines take what these two print on both streams for JSON.
        t.equal(f"{own}: state", fake.call("state", "x", own=own)[:2], (42, ""))
        code, said, seen = fake.call("create", "x", own=own, cwd=t.dir)
        t.true(f"{own}: {said}", code == 1 and why in said and seen is None)


@scenario("wrapper-closed", runtimes=("",))
def wrapper_closed(t):
    """What of the policy cannot be followed refuses the container, and the file stays."""
    fake = Fake(t)
    file = t.dir / "config.json"
    config = json.dumps(bundle.config("/rootfs", ["/bin/true"], "/x", "/box"))
    file.write_text(config)
    own = ("--oomguard-profile", "nobody")
    code, said, seen = fake.call("create", "-b", t.dir, "x",
                                 own=(*own, "--oomguard-failure", "closed"))
    t.true(f"closed: {said}", (code, seen) == (1, None) and 'refused: the policy cannot be' in said)
    t.equal("the file", file.read_text(), config)
    code, said, seen = fake.call("create", "-b", t.dir, "x", own=own)
    t.true(f"open: {said}", code == 42 and "the built-in one is followed" in said)
    t.true("edited", file.read_text() != config)


@scenario("wrapper-words", runtimes=("",))
def wrapper_words(t):
    """Any number of words is read; where no container is made, nothing is edited."""
    fake, crun = Fake(t), Fake(t, "crun")
    file = t.dir / "config.json"
    config = json.dumps(bundle.config("/rootfs", ["/bin/true"], "/x", "/box"))
    for runtime, words in ((fake, (*["--debug"] * 600, "create", "-b", t.dir, "x")),
                           (fake, ("create", "-b", t.dir, "x", "--pidfd-socket", "/s")),
                           (crun, ("--c", "cgroupfs", "create", "-b", t.dir, "x")),
                           (crun, ("--program-name", "n", "create", "-b", t.dir, "x"))):
        file.write_text(config)
        t.equal(f"{words[-6:]}: runs", runtime.call(*words)[:2], (42, ""))
        t.true(f"{words[-6:]}: edited", "createRuntime" in file.read_text())
    file.write_text(config)
    for words in (("create", "--help"), ("create", "-h", "x"), ("run",), ("create", "x", "--help"),
                  ("--version", "create", "x")):
        t.equal(f"{words}: runs", fake.call(*words, cwd=t.dir)[:2], (42, ""))
        t.equal(f"{words}: the file", file.read_text(), config)


@scenario("wrapper-profile")
def wrapper_profile(t):
    """--oomguard-profile goes before the rules, for the edit and for the hooks."""
    document = policy(settings={"swap": "leave"})
    document["profiles"]["worker"] = {"onOom": {"init": "kill"}, "settings": {"oomGroup": "leave"}}
    document["rules"] = [{"match": {}, "profile": "default"}]
    c = unguarded(t, "init 0 sleep", document)
    Wrapper(t, "--oomguard-profile", "worker").call(c, "run", "-d", "-b", c.dir, c.id)
    c.wait_phase("watching")
    plan = t.guard.plan(c.id)
    t.equal("profile", plan["policy"]["profile"],
            {"name": "worker", "from": "argument"})
    d = unguarded(t, "init 0 sleep", document, "unknown")
    said = Wrapper(t, "--oomguard-profile=nobody").call(d, "run", "-d", "-b", d.dir, d.id)
    t.true(f"told: {said}", 'no profile "nobody"' in said)
    d.wait_phase("watching")
    t.equal("what holds", t.guard.plan(d.id)["policy"]["profile"]["name"], "default")


def memory_files(c):
    """What of the memory cgroup a runtime writes."""
    found = {}
    for name in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control",
                 "memory.max", "memory.swap.max", "memory.oom.group"):
        file = cgroups.memory_dir(c.cgroup) / name
        if file.exists():
            found[name] = file.read_text().split("\nunder_oom")[0].strip()
    return found


@scenario("wrapper-settings")
def wrapper_settings(t):
    """The runtime itself knows the settings: its update leaves them as the policy has them."""
    limit = 32 * bundle.MIB
    # Nothing of ours writes them once more.
    c = unguarded(t, "init 0 sleep", policy(settings={"swap": "0", "limit": {"default": limit},
                                                      "keep": False}),
                  limit=None, swap=None, disable_oom_killer=t.machine.has("v1"))
    Wrapper(t).call(c, "run", "-d", "-b", c.dir, c.id)
    c.wait_phase("watching")
    memory = config_of(c)["linux"]["resources"]["memory"]
    t.equal("limit", memory["limit"], limit)
    t.true("the killer is on", not memory.get("disableOOMKiller"))
    if "swap" in memory:  # the kernel accounts it
        t.equal("swap", memory["swap"], limit)
    outcomes = {e["key"]: e["outcome"] for e in c.events("setting")}
    t.equal("left to the hook", {k: v for k, v in outcomes.items()
                                 if v not in ("unchanged", "refused")}, {})
    before = memory_files(c)
    done = t.runtime.call("update", "--pids-limit", "100", c.id)
    t.equal(f"exit of update: {done.stdout}", done.returncode, 0)
    t.equal("what the kernel has after it", memory_files(c), before)
    t.true(f"the limit is there: {before}", str(limit) in before.values())


@scenario("wrapper-init")
def wrapper_init(t):
    """oomguard-init is process 1, and the workload's score is its own from the first moment."""
    c = unguarded(t, "init 0 sleep", policy(settings={
        "addInit": True, "oomScoreAdj": {"workload": 321}}))
    Wrapper(t).call(c, "run", "-d", "-b", c.dir, c.id)
    c.wait_phase("watching")
    c.wait_line("init")
    init = c.init_pid()
    with open(f"/proc/{init}/comm", encoding="utf-8") as file:
        t.equal("process 1", file.read().strip(), "oomguard-init")
    worker = t.wait("a workload", lambda: [p for p in c.pids("load") if p != init])[0]
    with open(f"/proc/{worker}/oom_score_adj", encoding="utf-8") as file:
        t.equal("score of the workload", int(file.read()), 321)
    text = (c.dir / "config.json").read_bytes()
    c.delete()
    Wrapper(t).call(c, "run", "-d", "-b", c.dir, c.id)
    t.equal("twice is once", (c.dir / "config.json").read_bytes(), text)


@scenario("wrapper-switched-off", runtimes=("",))
def wrapper_switched_off(t):
    """While the kill switch exists nothing is edited, nothing refused."""
    fake = Fake(t)
    file = t.dir / "config.json"
    file.write_text("{")
    t.guard.root.mkdir()
    (t.guard.root / "disabled").touch()
    own = ("--oomguard-root", t.guard.root, "--oomguard-failure", "closed")
    t.equal("switched off", fake.call("create", "-b", t.dir, "x", own=own)[:2], (42, ""))
    (t.guard.root / "disabled").unlink()
    t.equal("switched on", fake.call("create", "-b", t.dir, "x", own=own)[0], 1)
