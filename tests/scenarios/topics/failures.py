# SPDX-License-Identifier: Apache-2.0
"""Something of ours, or below us, breaks."""

import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import struct
import subprocess

from harness import cgroups, policy, scenario
from harness.container import ended

PATIENT = {"signal": "SIGTERM", "grace": "5m"}
BROKEN = '{ "version": 1, "profiles": { "default": { "onOom": { "process": "explode" } } } }'


def kill_shim(t, c):
    """SIGKILL to the shim that the status names, and proof that it is gone."""
    pid = c.status()["shim"]["pid"]
    t.true("the status names a shim", pid in t.guard.shims())
    fd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        # Not before all of it: it holds its lock for a moment longer than its memory.
        c.wait("the shim is gone", lambda: select.select([fd], [], [], 0)[0])
    finally:
        os.close(fd)
    t.true("no shim of that number is left", pid not in t.guard.shims())


@scenario("shim-killed")
def shim_killed(t):
    """The shim dies between the OOM and the action: status says so, poststop cleans up."""
    c = t.container("ignore init 0 leak", policy({"process": "kill"}, kill=PATIENT))
    c.start()
    c.wait_event("kill")
    kill_shim(t, c)
    c.wait("no helper outlives its shim", lambda: not t.guard.shims())
    t.true("the container still runs", c.running())
    code, document, said = t.guard.cli("status", c.id)
    t.equal("status", code, 0)
    t.true("status tells that no shim is there",
           "shim" in said and any(word in said for word in ("gone", "dead", "not running", "lost",
                                                            "died", "no shim")))
    t.true("status is a JSON document", document)


@scenario("shim-killed-with-helper")
def shim_killed_with_helper(t):
    """The restart helper ends with its shim."""
    restart = {"backoff": {"initial": "5m", "max": "5m"}}
    c = t.container("init 0 leak", policy({"process": "restart"}, restart))
    c.start()
    c.wait_phase("backoff")
    kill_shim(t, c)
    c.wait("no helper outlives its shim", lambda: not t.guard.shims())
    t.true("nothing runs", not c.running())


@scenario("cgroup-removed")
def cgroup_removed(t):
    """The container's processes and cgroup vanish without the runtime: the shim leaves."""
    c = t.container("init 0 sleep", policy({"process": "kill"}))
    c.start()
    c.wait_line("started")
    c.wait_phase("watching")
    cgroups.kill_and_remove(c.cgroup)
    c.wait("the shim leaves", lambda: not t.guard.shims())
    t.equal("incidents", c.incidents(), [])


@scenario("policy-broken-open")
def policy_broken_open(t):
    """A broken policy does not stop the container: the default guards it, status says so."""
    c = t.container("init 0 leak", BROKEN)
    c.start()
    t.equal("action", c.wait_incident(result="reported")[0]["decision"], "report")
    code, _, said = t.guard.cli("status", c.id)
    t.equal("status", code, 0)
    t.true("status names what is wrong", "explode" in said)
    t.true("init still runs", c.running())


@scenario("policy-broken-closed")
def policy_broken_closed(t):
    """Under failure closed a broken policy stops the container, and says why."""
    c = t.container("init 0 sleep", BROKEN, failure="closed")
    c.start(expect=1)
    t.true("nothing runs", not c.running())
    t.equal("state directories left", t.guard.directories(), [])


@scenario("hook-twice")
def hook_twice(t):
    """What only the second run of the hook stumbles over is in the status all the same."""
    c = t.container("init 0 sleep", policy())
    broken = c.dir / "broken.json"
    broken.write_text(BROKEN)
    c.config["hooks"]["createRuntime"] += t.guard.hooks(broken)["createRuntime"]
    (c.dir / "config.json").write_text(json.dumps(c.config))
    c.start()
    said = t.guard.cli("status", c.id)[2]
    t.true("status names what is wrong", "explode" in said)
    t.equal("one shim guards it", len(t.guard.shims()), 1)


@scenario("shim-says-why", runtimes=("",))
def shim_says_why(t):
    """A shim that cannot arm gives its reason to the hook, and none of it harms a terminal."""
    t.guard.root.mkdir(mode=0o700)
    (t.guard.root / "containers").mkdir(mode=0o700)
    ours, theirs = os.pipe()
    with open(ours, "rb") as pipe:
        done = subprocess.run(
            [t.machine.shim, "--state", t.guard.root, "--key", "none\033[2J", "--ready-fd",
             str(theirs)], pass_fds=[theirs], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            check=False, timeout=60)
        os.close(theirs)
        word = pipe.read()
    t.true("it fails", done.returncode > 0)
    t.true("the hook is told", word.startswith(b"e") and b"No such file" in word)
    t.true("the terminal is told", b"No such file" in done.stderr)
    t.true("nothing harms it", b"\033" not in done.stderr)


def set_lock(fd, kind):
    """A lock of the open file description on the whole file, as the hook takes it."""
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, 0, 0, 0))


def hold_lock(t, c):
    """Makes the hook wait for this container's lock. The directory's name is learned by a run."""
    c.start()
    key = t.guard.directory(c.id)
    c.delete()
    t.wait("the state is removed", lambda: not key.exists())
    key.mkdir(mode=0o700)
    fd = os.open(key / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    set_lock(fd, fcntl.F_WRLCK)
    t.on_end(os.close, fd)
    return fd


def let_go(fd):
    set_lock(fd, fcntl.F_UNLCK)


@scenario("hook-late-open")
def hook_late_open(t):
    """The hook's own deadline ends in a started container."""
    c = t.container("init 0 sleep", policy(), deadline="300ms")
    fd = hold_lock(t, c)
    c.start()
    t.true("the container runs", c.running())
    let_go(fd)


@scenario("hook-late-closed")
def hook_late_closed(t):
    """The same under failure closed is a container that does not start."""
    c = t.container("init 0 sleep", policy(), failure="closed")
    fd = hold_lock(t, c)
    # Too short for a run that has to succeed, as the one was that told the directory's name.
    c.config["hooks"] = t.guard.hooks(c.dir / "policy.json", "closed", "300ms")
    (c.dir / "config.json").write_text(json.dumps(c.config))
    c.start(expect=1)
    t.true("nothing runs", not c.running())
    let_go(fd)
    # The hook refused before it could look into the directory, which is the test's own.
    shutil.rmtree(t.guard.directory(c.id))


@scenario("hook-endless-input", runtimes=("",))
def hook_endless_input(t):
    """A state that never ends: the deadline decides, by what --failure says."""
    file = t.dir / "policy.json"
    file.write_text(json.dumps(policy()))
    for failure, code in (("open", "0"), ("closed", "1")):
        args = t.guard.hook_args("createRuntime", file, failure, "200ms")
        hook = subprocess.Popen(args, executable=t.machine.hook, stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={})
        t.on_end(hook.kill)
        hook.stdin.write(b'{"id":')
        hook.stdin.flush()
        t.equal(f"exit under {failure}", t.wait("the hook ends", lambda h=hook: ended(h)), code)
        hook.stdin.close()


@scenario("exit-while-arming")
def exit_while_arming(t):
    """Init dies while the hook works on it: the hook ends, and nothing is left of it."""
    c = t.container("init 0 sleep", policy())
    fd = hold_lock(t, c)
    with open(c.errors, "ab") as errors:
        run = subprocess.Popen(t.runtime.argv("run", "-d", "-b", c.dir, c.id),
                               stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
    t.on_end(run.kill)
    pids = c.wait("the hook waits for the lock", lambda: waiting_init(c))
    os.kill(pids[0], signal.SIGKILL)
    c.wait("init is dead", lambda: not cgroups.remaining(c.cgroup) or
           pids[0] not in cgroups.processes(c.cgroup))
    let_go(fd)
    c.wait("the runtime gives up", lambda: ended(run))
    t.true("nothing runs", not c.running())
    t.equal("incidents", c.incidents(), [])
    c.delete()
    # A runtime that failed before the start may run no poststop hook. The shim leaves by itself,
    # and the state goes when the next container starts.
    c.wait("no shim is left", lambda: not t.guard.shims())
    t.container("init 0 sleep", policy(), name="next").start()
    t.equal("state that is left", t.guard.directory(c.id), None)


def waiting_init(c):
    """The processes of a container while its createRuntime hook runs, which waits for the lock."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"oomguard-hook", b"createRuntime"] and str(c.guard.root).encode() in words:
            return cgroups.processes(c.cgroup)
    return None


@scenario("short-lives")
def short_lives(t):
    """Containers that are over as soon as they began: no incident, nothing left, no failure."""
    for number in range(10 if t.machine.kind == "host" else 4):
        c = t.container("exit 0", policy({"init": "restart"}), name=f"n{number}")
        c.start()
        c.wait("it is over", lambda c=c: not c.running())
        c.delete()
        t.equal("incidents", c.incidents(), [])
