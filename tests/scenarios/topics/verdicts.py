# SPDX-License-Identifier: Apache-2.0
"""`oomguard report` says why: each verdict made for real, and beside it what looks alike."""

import os
import subprocess

from harness import cgroups, policy, processes, scenario
from harness.bundle import MIB

REPORT = {"process": "report", "init": "report", "ancestor": "report"}
FAST = {"max": 2, "backoff": {"initial": "50ms", "factor": 1, "max": "50ms"}}


def judge(t, c, incident, has=(), lacks=()):
    """The names of the verdicts, and the whole report."""
    document = c.report(incident)
    names = [verdict["name"] for verdict in document["verdicts"]]
    t.equal(f"verdicts that are missing of {c.id}, {names}", [n for n in has if n not in names], [])
    t.equal(f"verdicts too many of {c.id}, {names}", [n for n in lacks if n in names], [])
    return names, document


def first(t, c, **more):
    incident = c.wait_incident(**more)[0]
    return incident, c.report(incident)["answers"]


@scenario("verdict-how-much", runtimes=("runc",))
def how_much(t):
    """One large process, many small ones; the worker gone and the init alive, or the init gone."""
    one = t.container("init 0 leak", policy(REPORT), name="one")
    many = t.container("storm 60 1", policy(REPORT, settings={
        "oomScoreAdj": {"init": 0, "workload": 500}}), name="many")
    alone = t.container("leak", policy(REPORT), name="alone")
    for c in t.containers:
        c.start()
    one.wait_line("child 0 killed by 9")
    incident, answers = first(t, one)
    judge(t, one, incident, has=("one-process-too-large", "child-killed-init-alive"),
          lacks=("many-small-processes", "tmpfs", "kernel-memory", "ancestor-limit",
                 "score-misfit", "page-cache-not-the-cause", "oom-killer-off"))
    t.equal("whose limit", (answers["limit"]["whose"], answers["limit"]["bytes"]),
            ("own", 48 * MIB))
    t.true("it took the right one", answers["shouldHaveBeen"]["wasKilled"])
    many.wait_line("storm over")
    incident, _ = first(t, many)
    judge(t, many, incident, has=("many-small-processes",),
          lacks=("one-process-too-large", "restart-loop"))
    incident, _ = first(t, alone)
    judge(t, alone, incident, has=("one-process-too-large",), lacks=("child-killed-init-alive",))


@scenario("verdict-whose-limit", needs=("v1",), runtimes=("runc",))
def whose_limit(t):
    """The limit of a cgroup above, and the container's own one below a cgroup with a limit."""
    pods = []
    for name, above, own in (("pod", 32, 256), ("wide", 256, 48)):
        pod = f"{cgroups.TOP}/{t.name(name)}"
        cgroups.make(pod)
        cgroups.set_limit(pod, above * MIB)
        c = t.container("init 0 leak", policy(REPORT), name=name + "-c", cgroup=f"{pod}/container",
                        limit=own * MIB)
        t.on_end(lambda c=c, pod=pod: (c.delete(), cgroups.kill_and_remove(pod)))
        c.start()
        pods.append((pod, c))
    (pod, narrow), (_, wide) = pods
    narrow.wait_line("child 0 killed by 9")
    incident, answers = first(t, narrow)
    judge(t, narrow, incident, has=("ancestor-limit",))
    t.equal("the limit", (answers["limit"]["whose"], answers["limit"]["cgroup"],
                          answers["limit"]["bytes"]), ("ancestor", pod, 32 * MIB))
    wide.wait_line("child 0 killed by 9")
    incident, answers = first(t, wide)
    judge(t, wide, incident, has=("one-process-too-large",), lacks=("ancestor-limit",))
    t.equal("the limit", (answers["limit"]["whose"], answers["limit"]["bytes"]), ("own", 48 * MIB))


def tmpfs(t, name):
    path = t.dir / name
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", path], check=True,
                   timeout=30)
    t.on_end(lambda: subprocess.run(["umount", "-l", path], check=True, timeout=30))
    return path


@scenario("verdict-kinds", runtimes=("runc",))
def kinds(t):
    """Files on tmpfs, full pipes, and a plain leak beside them."""
    files = t.container("init 0 fill /more/file 30 -- await /box/go leak", policy(REPORT),
                        name="files", binds=[(tmpfs(t, "files"), "/more")])
    pipes = t.container("init 0 pipes 420 -- await /box/go leak", policy(REPORT), name="pipes")
    for c, line in ((files, "filled"), (pipes, "piped")):
        c.start()
        c.wait_line(line)
        c.wait_line("awaiting")
        c.go()
    for c in (files, pipes):
        c.wait_line("child 1 killed by 9")
    incident, answers = first(t, files)
    judge(t, files, incident, has=("tmpfs",),
          lacks=("kernel-memory", "one-process-too-large", "page-cache-not-the-cause"))
    t.true("no kill helps", answers["shouldHaveBeen"]["text"].startswith("nobody"))
    incident, _ = first(t, pipes)
    judge(t, pipes, incident, has=("kernel-memory",), lacks=("tmpfs", "one-process-too-large"))


# In a virtual machine the files lie on a tmpfs, which is no page cache of the reader's.
@scenario("verdict-near-limit", needs=("host",), runtimes=("runc",))
def near_limit(t):
    """Page cache at the limit is not the cause; the same usage as shared memory is."""
    document = policy(profile={"onNearLimit": {"at": "90%", "of": "usage",
                                               "actions": ["report", "snapshot"]}})
    file = t.dir / "file"
    file.write_bytes(os.urandom(MIB) * 40)
    fd = os.open(file, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # else it is charged to somebody else
    os.close(fd)
    cache = t.container("init 0 cache /file", document, name="cache", limit=24 * MIB, swap=None,
                        binds=[(file, "/file")])
    shared = t.container("init 0 shmem 22", document, name="shared", limit=24 * MIB)
    for c in t.containers:
        c.start()
    incident, _ = first(t, cache)
    judge(t, cache, incident, has=("page-cache-not-the-cause",),
          lacks=("tmpfs", "one-process-too-large"))
    incident, _ = first(t, shared)
    judge(t, shared, incident, has=("tmpfs",), lacks=("page-cache-not-the-cause",))


@scenario("verdict-again-and-again", runtimes=("runc",))
def again_and_again(t):
    """It dies at once after each start; the first of its restarts is no loop yet."""
    c = t.container("init 0 leak", policy({"process": "restart"}, FAST))
    c.start()
    last = c.wait_incident(result="gave-up")[0]
    judge(t, c, last, has=("restart-loop", "limit-below-start", "one-process-too-large"))
    restarted = c.wait_incident(result="restarted", count=2)
    judge(t, c, restarted[0], has=("one-process-too-large",), lacks=("restart-loop",))


@scenario("verdict-scores", runtimes=("runc",))
def scores(t):
    """A small process with a high score is taken before a large one; at one score it is not."""
    for name, value in (("misfit", 900), ("fair", 0)):
        rules = [{"name": "^small$", "value": value}]
        c = t.container("init 0 name big touch 34 -- name small await /box/go leak",
                        policy(REPORT, evidence={"budget": "10s"}, settings={"oomScoreAdj": {
                            "init": 0, "workload": 0, "rules": rules}}), name=name, score=0)
        c.start()
        c.wait_line("touched")
        c.wait_line("awaiting")
        small = c.pids("small")[0]
        c.wait("it has its score", lambda s=small, v=value: processes.score(s) == v)
        c.go()
    misfit, fair = t.containers
    misfit.wait_line("child 1 killed by 9")
    incident, answers = first(t, misfit)
    judge(t, misfit, incident, has=("score-misfit",))
    t.equal("who should have been", (answers["shouldHaveBeen"]["comm"],
                                     answers["shouldHaveBeen"]["wasKilled"]), ("big", False))
    fair.wait_line("child 0 killed by 9")
    incident, answers = first(t, fair)
    judge(t, fair, incident, lacks=("score-misfit",))
    t.equal("who should have been", (answers["shouldHaveBeen"]["comm"],
                                     answers["shouldHaveBeen"]["wasKilled"]), ("big", True))


@scenario("verdict-growth-and-arenas", needs=("v1",), runtimes=("runc",))
def growth_and_arenas(t):
    """A slow leak is seen on its way; a fast one is not called steady; arenas are counted."""
    slow = t.container("init 0 drip 30", policy(REPORT), name="slow")
    fast = t.container("init 0 leak", policy(REPORT), name="fast")
    arenas = t.container("init 0 arenas 12 1 -- await /box/go leak", policy(REPORT), name="arenas")
    for c in t.containers:
        c.start()
    arenas.wait_line("malloced")
    arenas.go()
    incident, _ = first(t, fast)
    judge(t, fast, incident, lacks=("steady-growth", "glibc-arenas"))
    incident, _ = first(t, arenas)
    judge(t, arenas, incident, has=("glibc-arenas",))
    incident, _ = first(t, slow)
    judge(t, slow, incident, has=("steady-growth", "one-process-too-large"),
          lacks=("glibc-arenas",))


@scenario("verdict-what-stays", runtimes=("runc",))
def what_stays(t):
    """Files on tmpfs are still charged when all is dead; without them nothing is."""
    kill = policy({"process": "kill"})
    stays = t.container("init 0 fill /more/file 24 -- await /box/go leak", kill, name="stays",
                        binds=[(tmpfs(t, "stays"), "/more")])
    goes = t.container("init 0 await /box/go leak", kill, name="goes")
    for c in t.containers:
        c.start()
        c.wait_line("awaiting")
    stays.wait_line("filled")
    for c in t.containers:
        c.go()
    incident, _ = first(t, stays, result="killed")
    judge(t, stays, incident, has=("memory-survives-restart", "tmpfs"))
    incident, _ = first(t, goes, result="killed")
    judge(t, goes, incident, lacks=("memory-survives-restart", "tmpfs"))
