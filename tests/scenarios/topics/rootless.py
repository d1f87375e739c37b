# SPDX-License-Identifier: Apache-2.0
"""A user without rights starts a container in a cgroup that was delegated to it."""

import json
import os
import subprocess

from harness import cgroups, policy, scenario
from topics.wrapper import STAGES, Wrapper

USER = 65534
ENTER = ('echo 0 >"$0/cgroup.procs" && '
         f'exec setpriv --reuid {USER} --regid {USER} --clear-groups -- "$@"')


def own(path):
    for directory, _, files in os.walk(path):
        for name in (".", *files):
            os.chown(os.path.join(directory, name), USER, USER)


def open_way(path):
    """The user has to get to the programs. In a virtual machine this is a copy of the folders."""
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if mode & 0o5 != 0o5:
            directory.chmod(mode | 0o5)


def delegate(t):
    """A cgroup of the user's, and in it one for what it starts. Returns its path."""
    cgroup = f"{cgroups.TOP}/{t.name('user')}"
    cgroups.make(f"{cgroup}/session")
    directory = cgroups.memory_dir(cgroup)
    own(directory)
    t.on_end(cgroups.kill_and_remove, cgroup)
    return cgroup


def user_container(t, args, rules, **options):
    cgroup = delegate(t)
    # pylint: disable=protected-access
    t.runtime._prefix = ["sh", "-c", ENTER, str(cgroups.memory_dir(f"{cgroup}/session"))]
    c = t.container(args, rules, cgroup=f"{cgroup}/c", **options)
    mapping = [{"containerID": 0, "hostID": USER, "size": 1}]
    c.config["linux"]["namespaces"].append({"type": "user"})
    c.config["linux"].update(uidMappings=mapping, gidMappings=mapping)
    (c.dir / "config.json").write_text(json.dumps(c.config))
    t.guard.root.mkdir(mode=0o700)
    for part in (t.machine.hook, t.machine.cli, t.rootfs, t.dir):
        open_way(part if part.is_dir() else part.parent)
    own(t.dir)
    return c


def user_cli(t, *words):
    """What the user's own oomguard says."""
    result = subprocess.run([*t.runtime.wrap(t.machine.cli, "--root", t.guard.root, "--json"),
                             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            timeout=60, check=False)
    t.equal(f"oomguard {words[0]}", result.returncode, 0)
    return json.loads(result.stdout)


@scenario("rootless", needs=("v2", "vm"))
def rootless(t):
    """Guarded, restarted and given up as root's are; what a user cannot have is named."""
    rules = policy({"process": "restart"}, {"max": 1, "within": "10m",
                                            "backoff": {"initial": "50ms"}})
    c = user_container(t, "init 0 leak", rules)
    c.start()
    t.equal("results", sorted(i["result"] for i in c.wait_incident(2)), ["gave-up", "restarted"])
    t.true("no right is missed", "capabilities" not in
           " ".join(e["message"] for e in c.wait_event("armed", 2)))
    status = user_cli(t, "status", c.id)
    t.equal("the state's owner", os.stat(t.guard.directory(c.id)).st_uid, USER)
    t.true("guarded", status["guarded"])


@scenario("rootless-wrapper", needs=("v2", "vm"))
def rootless_wrapper(t):
    """The user's own wrapper edits the user's bundle, and hands all else on as it is."""
    c = user_container(t, "init 0 leak", policy({"process": "report"}), hooks={})
    c.errors.touch()
    c.output.touch()
    own(c.dir)
    wrapper = Wrapper(t)
    open_way(wrapper.path.parent)
    for words in (("features",), ("--version",)):
        ours, theirs = (subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
                        for argv in (wrapper.argv(c, *words), t.runtime.argv(*words)))
        t.equal(words[0], (ours.returncode, ours.stdout.replace(str(wrapper.path), str(t.runtime.path))),
                (theirs.returncode, theirs.stdout))
    wrapper.call(c, "run", "-d", "-b", c.dir, c.id)
    file = c.dir / "config.json"
    t.equal("stages", sorted(json.loads(file.read_text())["hooks"]), sorted(STAGES))
    t.equal("owner of the file", file.stat().st_uid, USER)
    c.wait_incident(result="reported")
    t.true("guarded", user_cli(t, "status", c.id)["guarded"])
