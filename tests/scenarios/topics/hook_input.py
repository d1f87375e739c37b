# SPDX-License-Identifier: Apache-2.0
"""The static hook is fed what no runtime would say: it never crashes and never blocks a start."""

import itertools
import json
import os
import subprocess

from harness import Failure, bundle, cgroups, policy, scenario

# What stands in for each byte: ends of strings, of objects, of text; nesting; a bad UTF-8 byte.
SUBSTITUTES = (b"", b"\0", b'"', b"{", b"]", b"\\", b"9", b"-", b"\xff")


class Hook:
    """Direct calls of the hook in --dry-run: nothing is set and no shim is started."""

    def __init__(self, t, config):
        self.t = t
        self.bundle = t.dir / "bundle"
        self.bundle.mkdir()
        self.write_config(config)
        self.policy = t.dir / "policy.json"
        self.policy.write_text(json.dumps(policy()))
        victim = subprocess.Popen(["sleep", "infinity"])
        cgroup = f"{cgroups.TOP}/{t.name('victim')}"
        t.on_end(cgroups.kill_and_remove, cgroup)
        t.on_end(victim.wait)
        t.on_end(victim.kill)
        cgroups.make(cgroup)
        cgroups.move(cgroup, victim.pid)
        self.state = json.dumps({
            "ociVersion": "1.0.2", "id": "mutilated", "status": "creating", "pid": victim.pid,
            "bundle": str(self.bundle), "annotations": {"oomguard.io/profile": "default"},
        }).encode()

    def write_config(self, text):
        (self.bundle / "config.json").write_bytes(text)

    def call(self, state, what, failure="open", codes=(0,)):
        args = self.t.guard.hook_args("createRuntime", self.policy, failure, "30s")
        result = subprocess.run([*args, "--dry-run"], executable=self.t.machine.hook, input=state,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={},
                                timeout=120, check=False)
        if result.returncode not in codes:
            raise Failure(f"{what}: exit {result.returncode}: {result.stdout[-300:]!r}; "
                          f"input {state[:200]!r}")
        return result


def small_config():
    document = bundle.config("/rootfs", ["/bin/load", "sleep"], "/oomguard-tests/none", "/box",
                             hooks={"poststop": [{"path": "/usr/libexec/oomguard/oomguard-hook"}]},
                             annotations={"oomguard.io/on-oom-process": "kill"})
    return json.dumps(document).encode()


def mutilations(text):
    """(position, text): the text cut short there, and every byte replaced in turn."""
    for position in range(len(text)):
        yield position, text[:position]
        for substitute in SUBSTITUTES:
            yield position, text[:position] + substitute + text[position + 1:]


def check_mutilations(t, text, every, call):
    """`every` third, say, of all: the ten of a byte and a number prime to ten reach every byte."""
    tried = 0
    for position, mutilated in itertools.islice(mutilations(text), 0, None, every[t.machine.kind]):
        call(mutilated, f"byte {position}")
        tried += 1
    t.true("mutilations tried", tried > len(text) // every[t.machine.kind])


@scenario("state-mutilated", runtimes=("",), limit_s=120)
def state_mutilated(t):
    """Every byte of the state on stdin."""
    hook = Hook(t, small_config())
    hook.call(hook.state, "the whole state", failure="closed")
    check_mutilations(t, hook.state, {"host": 3, "vm": 37}, hook.call)


@scenario("state-mutilated-closed", runtimes=("",), limit_s=120)
def state_mutilated_closed(t):
    """Under failure closed the same is an exit code, never a signal."""
    hook = Hook(t, small_config())
    check_mutilations(t, hook.state, {"host": 11, "vm": 77},
                      lambda text, what: hook.call(text, what, "closed", (0, 1)))


@scenario("config-mutilated", runtimes=("",), limit_s=120)
def config_mutilated(t):
    """Bytes of the bundle's config.json."""
    hook = Hook(t, small_config())

    def call(text, what):
        hook.write_config(text)
        hook.call(hook.state, what)

    check_mutilations(t, small_config(), {"host": 11, "vm": 111}, call)


@scenario("hook-hostile-input", runtimes=("",))
def hook_hostile_input(t):
    """Sizes and shapes past every bound."""
    hook = Hook(t, small_config())
    for what, state in (("nothing", b""), ("deep", b"[" * 200000),
                        ("large", b'{"id":"' + b"x" * 2000000 + b'"}'),
                        ("a list", b"[]"), ("a path as id", b'{"id":"../../etc","pid":1}'),
                        ("no bundle", b'{"id":"a","pid":1,"bundle":"/nonexistent"}')):
        hook.call(state, what)
    for what, config in (("no bytes", b""), ("deep", b'{"a":' * 100000),
                         ("large", b'{"a":"' + b"x" * (5 << 20) + b'"}')):
        hook.write_config(config)
        hook.call(hook.state, f"config.json: {what}")
    os.unlink(hook.bundle / "config.json")
    os.mkfifo(hook.bundle / "config.json")
    hook.call(hook.state, "config.json: a pipe")


@scenario("config-liberal")
def config_liberal(t):
    """What the runtimes take, duplicate keys and text behind the end, does not leave us out."""
    c = t.container("init 0 leak", policy({"process": "report"}))
    text = json.dumps(c.config)
    text = text[:-1] + ', "hostname": "second"}'
    if t.runtime.name == "runc":
        text += " trailing"
    (c.dir / "config.json").write_text(text)
    c.start()
    c.wait_incident(result="reported")


@scenario("precreate-late", runtimes=("",))
def precreate_late(t):
    """podman takes what is printed for the config: a deadline that passes prints what came in."""
    config = json.dumps({"ociVersion": "1.0.2", "process": {"args": ["true"]}, "hooks": {}}).encode()
    file = t.dir / "in.json"  # all of it is there at once
    file.write_bytes(config)
    # Long enough to read that one millisecond is over first.
    rules = [{"match": {"id": f"^{i}$"}, "profile": "default"} for i in range(8000)]
    policy_file = t.dir / "policy.json"
    policy_file.write_text(json.dumps({"version": 1, "rules": rules}))
    argv = [t.machine.hook, "precreate", "--root", t.guard.root, "--policy", policy_file,
            "--deadline", "1ms"]
    for failure, code, printed in (("open", 0, config), ("closed", 1, b"")):
        with open(file, "rb") as stdin:
            done = subprocess.run([*argv, "--failure", failure], stdin=stdin, capture_output=True,
                                  timeout=60, check=False)
        t.equal(f"{failure}: exit, output", (done.returncode, done.stdout), (code, printed))


@scenario("precreate-slow-input", runtimes=("",))
def precreate_slow_input(t):
    """A writer that never comes to an end does not hold the hook: it says so and ends."""
    argv = [t.machine.hook, "precreate", "--root", t.guard.root, "--deadline", "200ms"]
    for failure, code in (("open", 0), ("closed", 1)):
        read_end, write_end = os.pipe()
        try:
            os.write(write_end, b'{"ociVersion":')
            done = subprocess.run([*argv, "--failure", failure], stdin=read_end, timeout=60,
                                  capture_output=True, check=False)
        finally:
            os.close(read_end)
            os.close(write_end)
        t.equal(f"{failure}: exit, output", (done.returncode, done.stdout), (code, b""))
        t.true(f"{failure}: told: {done.stderr}", b"config.json cannot be read" in done.stderr)


@scenario("precreate-passes", runtimes=("",))
def precreate_passes(t):
    """What cannot be done under `open`, or is switched off, prints what comes in, however long."""
    config = json.dumps({"ociVersion": "1.0.2", "process": {"args": ["true"]}}).encode()
    small, big = t.dir / "small.json", t.dir / "big.json"
    small.write_bytes(config)
    big.write_bytes(config + b" " * (5 << 20))

    def call(file, *words, **options):
        with open(file, "rb") as stdin:
            done = subprocess.run([t.machine.hook, *words, "--root", t.guard.root], stdin=stdin,
                                  capture_output=True, timeout=60, check=False, **options)
        return done.returncode, done.stdout, done.stderr.decode()

    for file in (small, big):
        for words in (("--deadlne", "1s"), ("--deadline", "11m"), ("--policy", "p"), ("again",)):
            code, printed, said = call(file, "precreate", *words)
            t.equal(f"{words}: exit", code, 0)
            t.true(f"{words}: all of {file.name} is printed", printed == file.read_bytes())
            t.true(f"{words}: told: {said}", words[-1] in said or words[0] in said)
            code, printed, said = call(file, "precreate", *words, "--failure", "closed")
            t.equal(f"{words}: closed", (code, printed), (1, b""))
    code, printed, said = call(big, "precreate")
    t.true("above the bound", code == 0 and printed == big.read_bytes())
    t.true(f"told: {said}", "longer than 4194304 bytes; it stays as it came" in said)
    code, printed, said = call(big, "precreate", "--failure=closed")
    t.equal("above the bound, closed", (code, printed), (1, b""))
    t.true(f"refused: {said}", "refused: config.json" in said)
    t.guard.root.mkdir()
    (t.guard.root / "disabled").touch()
    for words in ((), ("--deadlne", "1s"), ("--failure", "closed")):
        code, printed, said = call(big, "precreate", *words)
        t.true(f"switched off, {words}: {said}", code == 0 and printed == big.read_bytes())
