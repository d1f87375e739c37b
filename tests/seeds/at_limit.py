# SPDX-License-Identifier: Apache-2.0
"""Failure 6: usage stands at the limit. With page cache nothing is wrong; else there is."""

import os
import pathlib

from harness import cgroups, policy, processes, scenario
from harness.bundle import MIB

LIMIT = 24 * MIB


def big_file(t):
    """Twice the limit and more, on a disk; a tmpfs has no page cache to give back."""
    if t.machine.kind == "vm":
        path = pathlib.Path("/usr/bin/containerd")
    else:
        path = t.dir / "file"
        path.write_bytes(os.urandom(MIB) * 48)
    # What is cached already is charged to somebody else.
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    return path


def fill_with_cache(t, make):
    c = make("init 0 cache /file", name="cache", limit=LIMIT, swap=None,
             binds=[(big_file(t), "/file")])
    c.start()
    c.wait("the cache fills the limit", lambda: cgroups.usage(c.cgroup) > LIMIT * 97 // 100)
    c.wait("and goes on at the limit", lambda: cgroups.failures(c.cgroup) > 100)
    c.wait_line("round", count=2)
    return c


@scenario("seed6-at-limit-control", runtimes=("runc",))
def control(t):
    """Usage and failcnt are no alarm: they say the same of cache and of trouble."""
    cache = fill_with_cache(t, t.bare)
    failures, rounds = cgroups.failures(cache.cgroup), len(cache.lines("round"))
    cache.wait("it reads on, and the failures grow with it",
               lambda: len(cache.lines("round")) > rounds + 1 and
               cgroups.failures(cache.cgroup) > failures)
    anon = t.bare("init 0 touch 22", name="anon", limit=LIMIT)
    anon.start()
    anon.wait_line("touched")
    t.true("nobody tells of either", cache.running() and anon.running())
    t.note(f"page cache: usage {cgroups.usage(cache.cgroup) * 100 // LIMIT} % of the limit, "
           f"failcnt {cgroups.failures(cache.cgroup)} and growing, and all is well")


@scenario("seed6-page-cache-cure", runtimes=("runc",), limit_s=240)
def page_cache(t):
    """No alarm, and the shim sleeps."""
    c = fill_with_cache(t, lambda args, **more: t.container(args, policy(), **more))
    shim = c.status()["shim"]["pid"]
    last = -1

    def settled():
        nonlocal last
        before, last = last, len(c.lines("round"))
        return before != last

    c.wait("it reads on", settled)
    seconds = 120 if t.full else 30
    c.wait_line("round", count=6)
    wakes, failures = processes.WakeUps(shim), cgroups.failures(c.cgroup)

    def calm():
        wakes.look()
        return not c.events("stall") and not c.events("near-limit")

    t.stays("no alarm", calm, seconds)
    t.true("the failures grew all the time", cgroups.failures(c.cgroup) > failures)
    t.equal("incidents", c.incidents(), [])
    # Two a minute, and one for where the minute begins.
    t.true(f"woken {wakes.count} times in {seconds} s", wakes.count <= seconds // 30 + 1)
    t.note(f"page cache at the limit for {seconds} s: no alarm, the shim woke {wakes.count} times "
           f"while failcnt rose by {cgroups.failures(c.cgroup) - failures}")


@scenario("seed6-anonymous-cure", runtimes=("runc",), limit_s=120)
def anonymous(t):
    """The same usage as memory that nothing can take back is an alarm."""
    for verb, done in (("touch", "touched"), ("shmem", "shared")):
        c = t.container(f"init 0 {verb} 22", policy(), name=verb, limit=LIMIT)
        c.start()
        c.wait_line(done)
    for c in t.containers:
        event = c.wait_event("near-limit")[0]
        t.true("it tells how near", event["workingSet"] >= LIMIT * 9 // 10)
        t.equal("stalls", c.events("stall"), [])
        t.true("it runs on", c.running())
