# SPDX-License-Identifier: Apache-2.0
"""Incident records to make reports of, complete by schema/incident.schema.json."""
import json
import pathlib

MIB = 1 << 20
SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = "\"><img src=x onerror=alert(1)>"
TERMINAL = "\033[31mred\u202e"


def process(pid, ppid, comm, anon, score, **more):
    """One row of the list; `anon` in MiB."""
    row = {"pid": pid, "nsPid": pid - 4699, "ppid": ppid, "comm": comm, "cmdline": None,
           "state": "S", "wchan": None, "threads": 1, "rssAnon": int(anon * MIB),
           "rssFile": MIB, "rssShmem": 0, "swap": 0, "oomScore": None, "oomScoreAdj": score,
           "startedMs": 123456, "minorFaults": 10, "majorFaults": 0, "init": False}
    return {**row, **more}


def level(cgroup, limit, usage, **more):
    row = {"cgroup": cgroup, "limit": limit and limit * MIB, "usage": usage * MIB,
           "swapLimit": None, "swapUsage": 0, "high": None, "failcnt": 0, "underOom": False,
           "hit": False}
    return {**row, **more}


def timeline():
    """A minute in which anonymous memory grows and takes the page cache's place."""
    samples = []
    for i in range(40):
        anon, cache = 9 + 1.15 * i, min(8, (40 - i) / 1.5)
        samples.append({"ageMs": (40 - i) * 1500, "usage": int((anon + cache + 6) * MIB),
                        "anon": int(anon * MIB), "file": int((cache + 3) * MIB),
                        "shmem": 3 * MIB, "kernel": 3 * MIB, "swap": 0, "pressureFull": None})
    return samples


def kernel_report():
    return [
        "leaky invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=500",
        "memory: usage 65536kB, limit 65536kB, failcnt 70",
        "Memory cgroup stats for /pods/web:",
        "anon 59768832",
        "shmem 3145728",
        "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name",
        f"[   4713]     0  4713      512      300     45056        0             0 {SCRIPT[:15]}",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web,mems_allowed=0,"
        "oom_memcg=/pods/web,task_memcg=/pods/web,task=leaky,pid=4711,uid=0",
        "Memory cgroup out of memory: Killed process 4711 (leaky) total-vm:51200kB, "
        "anon-rss:49152kB, file-rss:1024kB, shmem-rss:0kB, UID:0 pgtables:140kB "
        "oom_score_adj:500",
    ]


def memory(**more):
    values = {"usage": 64, "limit": 64, "swapUsage": 0, "swapLimit": 0, "peak": 64, "anon": 57,
              "file": 4, "inactiveFile": 0.5, "shmem": 3, "kernel": 3, "activeFile": 0.5,
              "slabReclaimable": 0.5, "slabUnreclaimable": 1, "kernelStack": 0.25,
              "pageTables": 0.5, "sock": 0, "mappedFile": 0.25, "dirty": 0, "writeback": 0,
              "workingSet": 63, "reclaimable": 1}
    values.update(more)
    return {**{key: None if value is None else int(value * MIB) for key, value in values.items()},
            "swapAccounted": True}


def record(name="20261125T101112.345Z-web-1", **changes):
    """A worker that leaked; hostile names around it."""
    counters = {"oomKill": 0, "oomGroupKill": 0, "oom": 0, "max": 12, "underOom": False,
                "killDisabled": False}
    whole = {
        "version": 1, "name": name, "time": "2026-11-25T10:11:12.345Z", "id": "web",
        "image": "registry.example/shop/web:2.4", "namespace": "shop", "pod": "web-7c9f",
        "podUid": "11f2", "container": "web", "manager": "containerd",
        "runtime": "/usr/sbin/runc", "runtimeRoot": "/run/runc",
        "bundle": "/run/bundles/web", "cgroup": "/pods/web", "profile": "default",
        "kind": "oom", "slot": "process", "basis": "kmsg", "limitCgroup": "/pods/web",
        "kills": 1, "counters": {"before": counters, "after": {**counters, "oomKill": 1}},
        "memory": memory(),
        "victims": [{"pid": 4711, "comm": "leaky", "rss": 48 * MIB, "init": False,
                     "source": "kmsg"}],
        "victimsMore": 0, "stall": None, "rungs": [], "sleepers": [], "sleepersMore": 0,
        "asked": "restart", "decision": "restart", "reason": "number 1 of 3, after 1000 ms",
        "times": {"decidedUs": 210, "actedUs": 228, "emptyMs": 4}, "killed": 4, "left": [],
        "restartNumber": 1, "backoffMs": 1000, "result": "restarted",
        "actions": [
            {"action": "signal-init", "result": "done", "atUs": 228, "detail": "signal 9, pid 4700"},
            {"action": "kill", "result": "done", "atUs": 4100, "detail": "all processes are gone"},
            {"action": "restart", "result": "done", "atUs": 1004100, "detail": SCRIPT}],
        "restarts": {"used": 1, "max": 3, "withinMs": 600000},
        "armed": {"time": "2026-11-25T10:09:58.000Z", "counters": None},
        "evidence": {"budgetMs": 100, "delayUs": 4200, "tookUs": 9100, "cut": ["cmdline"]},
        "limits": [level("/pods/web", 64, 64, failcnt=70, hit=True), level("/pods", 256, 91)],
        "host": {"memTotal": 8192 * MIB, "memAvailable": 5100 * MIB, "memFree": 900 * MIB,
                 "swapTotal": 0, "swapFree": 0},
        "pressure": None,
        "settings": {"oomKiller": "on", "oomGroup": None,
                     "scores": {"init": 0, "min": 0, "max": 500}},
        "processes": {
            "count": 6, "threads": 18, "byState": {"S": 4, "R": 1, "D": 1}, "more": 0,
            "list": [
                process(4700, 1, "web-init", 1, 0, init=True, cmdline="/sbin/web-init -c web.conf"),
                process(4711, 4700, "leaky", 48, 500, state="R", threads=9,
                        cmdline="/bin/leaky --token=*** --rate 1.2"),
                process(4712, 4700, "nginx", 3, 500, cmdline="nginx: worker process"),
                process(4713, 4712, SCRIPT, 0.5, 500, cmdline=ATTRIBUTE),
                process(4714, 4712, TERMINAL, 0.5, 500),
                process(4715, 4713, "sh", 0.5, 500, state="D", wchan="io_schedule")],
            "zombies": []},
        "details": [{
            "pid": 4711, "comm": "leaky", "rss": 49 * MIB, "pss": 48 * MIB,
            "privateDirty": 48 * MIB, "anonymous": 48 * MIB, "swap": 0, "arenas": 2,
            "arenaBytes": 3 * MIB, "mappings": [
                {"kind": "heap", "size": 44 * MIB, "rss": 43 * MIB, "name": None},
                {"kind": "file", "size": 2 * MIB, "rss": MIB, "name": ATTRIBUTE}]}],
        "kernelReport": kernel_report(), "timeline": timeline(),
        "removedCharge": {"shmem": 0, "file": 0},
    }
    assert set(changes) <= set(whole), changes
    return {**whole, **changes}


def write(root, *records):
    """Puts records below a state root, as the shim does."""
    folder = pathlib.Path(root, "incidents")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in records:
        pathlib.Path(folder, one["name"] + ".json").write_text(json.dumps(one))
