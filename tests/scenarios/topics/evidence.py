# SPDX-License-Identifier: Apache-2.0
"""The record of an incident is the whole scene: where the memory was, who was there, what was
done."""

import json
import subprocess

from harness import cgroups, policy, processes, scenario
from harness.bundle import MIB

# Enough for a machine that has much else to do: nothing is to be cut.
WHOLE = {"budget": "10s"}
LIMIT = 48 * MIB


def by_name(incident, comm):
    return [p for p in incident["processes"]["list"] if p["comm"] == comm]


def text_of(c):
    """All records of the container as they stand in their files."""
    return "".join(path.read_text() for path in c.guard.incidents_dir.glob(f"*{c.id}*.json"))


def check_limit(t, c, incident):
    """Which limit was hit, and where the memory was."""
    own, memory = incident["limits"][0], incident["memory"]
    t.equal("own cgroup", own["cgroup"], incident["cgroup"])
    t.equal("own limit", own["limit"], LIMIT)
    t.equal("the limit that was hit", [level["hit"] for level in incident["limits"]].index(True), 0)
    t.equal("working set", memory["workingSet"],
            max(memory["usage"] - memory["inactiveFile"], 0))
    t.true("usage is of the shortage, not of the time after it", memory["usage"] > LIMIT // 2)
    t.true("the host's memory", incident["host"]["memTotal"] > LIMIT)
    t.equal("pressure is of v2", incident["pressure"] is not None,
            c.context.machine.has("v2"))


@scenario("evidence-whole")
def evidence_whole(t):
    """An OOM that is only reported: every part of the record is there."""
    c = t.container("init 0 await /box/go leak -- name worker sleep -- "
                    "name --password=hunter2 sleep -- "
                    "exec /bin/load name clerk sleep --token hunter2",
                    policy({"process": "report"}, evidence=WHOLE))
    c.start()
    c.wait("the last one has its name", lambda: c.pids("clerk"))
    c.go()
    c.wait_line("child 0 killed by 9")
    incident = c.wait_incident(result="reported")[0]
    t.equal("nothing was cut", incident["evidence"]["cut"], [])
    t.true("its cost is known",
           0 < incident["evidence"]["delayUs"] <= incident["evidence"]["tookUs"])
    check_limit(t, c, incident)
    everyone = incident["processes"]
    t.true("all are counted", everyone["count"] == len(everyone["list"]) >= 4)
    init = everyone["list"][0]
    t.true("the init comes first", init["init"] and init["pid"] == c.init_pid())
    t.equal("as the container sees it", init["nsPid"], 1)
    t.true("its command line", init["cmdline"].startswith("/bin/load init 0 await"))
    worker = by_name(incident, "worker")[0]
    t.equal("the worker's parent", worker["ppid"], init["pid"])
    t.true("its memory", worker["rssAnon"] is not None and worker["oomScore"] is not None)
    t.equal("scores as found", incident["settings"]["scores"]["init"], processes.score(init["pid"]))
    t.true("the largest are looked at closely",
           incident["details"][0]["rss"] and incident["details"][0]["mappings"])
    t.equal("secrets are masked", by_name(incident, "clerk")[0]["cmdline"],
            "/bin/load name clerk sleep --token ***")
    t.true("wherever they stand", "hunter2" not in text_of(c))
    t.true("in names, too, which are short", by_name(incident, "--password=***"))
    t.true("wherever the kernel tells them", "=hunt" not in text_of(c))
    t.equal("nothing was done", incident["actions"], [])
    t.equal("the policy restarts nothing", incident["restarts"], None)
    t.equal("armed before it", incident["armed"]["counters"]["oomKill"], 0)


@scenario("evidence-kernel-report", needs=("host",))
def evidence_kernel_report(t):
    """The kernel's own lines of this event, and of no other one."""
    other = t.container("init 0 await /box/go leak", policy({"process": "report"}), name="other")
    c = t.container("init 0 await /box/go leak", policy({"process": "report"}, evidence=WHOLE))
    for each in (other, c):
        each.start()
        each.wait_line("awaiting")
    other.go()
    other.wait_incident(result="reported")
    c.go()
    incident = c.wait_incident(result="reported")[0]
    report = incident["kernelReport"]
    t.true("the log can be read", report is not None)
    victim = incident["victims"][0]
    if victim["source"] == "kmsg":
        t.true("who was killed", any(f"Killed process {victim['pid']} " in line for line in report))
        t.true("nothing of the other one", not any(other.id in line for line in report))


@scenario("evidence-kill")
def evidence_kill(t):
    """What was done, with its times, and what was still charged afterwards."""
    c = t.container("init 0 leak -- name --secret=hunter2 sleep", policy({"process": "kill"}))
    c.start()
    c.wait_stopped()
    incident = c.wait_incident(result="killed")[0]
    done = [(a["action"], a["result"]) for a in incident["actions"]]
    t.equal("actions", done, [("signal-init", "done"), ("kill", "done")])
    times = [a["atUs"] for a in incident["actions"]]
    t.true("in order, after the evidence", incident["evidence"]["delayUs"] <= times[0] <= times[1])
    t.true("the processes were read before they were gone", incident["processes"]["count"] >= 2)
    t.true("what outlives them", incident["removedCharge"]["shmem"] < MIB)


@scenario("evidence-act-first")
def evidence_act_first(t):
    """With no budget the action comes first, and what was too late is named."""
    kill = t.container("init 0 leak", policy({"process": "kill"}, evidence={"budget": "0s"}),
                       name="kill")
    kill.start()
    kill.wait_stopped()
    incident = kill.wait_incident(result="killed")[0]
    # Behind ten reports in five seconds the kernel leaves one out, and with it whose the victim was.
    unsaid = [] if incident["kernelReport"] else ["victims"]
    t.equal("too late for", incident["evidence"]["cut"], ["processes", *unsaid, "memory"])
    t.equal("nobody is left to be listed", incident["processes"], None)
    report = t.container("init 0 leak -- name worker sleep",
                         policy({"process": "report"}, evidence={"budget": "0s"}), name="report")
    report.start()
    report.wait_line("child 0 killed by 9")
    incident = report.wait_incident(result="reported")[0]
    t.equal("only the memory is of later", incident["evidence"]["cut"], ["memory"])
    t.true("who lives on is read", by_name(incident, "worker")[0]["cmdline"])


@scenario("evidence-hostile-names")
def evidence_hostile_names(t):
    """Names and command lines that would drive a terminal do not."""
    c = t.container("init 0 await /box/go leak", policy({"process": "report"}, evidence=WHOLE))
    c.config["process"]["args"] = ["/bin/load", "init", "0", "await", "/box/go", "leak", "--",
                                   "exec", "/bin/load", "name", "\033[2J\u202e)\n", "sleep",
                                   "\033]0;owned\007", "--passwd", "hunter2"]
    (c.dir / "config.json").write_text(json.dumps(c.config))
    c.start()
    c.wait("the other one has its name",
           lambda: any("[2J" in processes.name(pid) for pid in c.pids()))
    c.go()
    incident = c.wait_incident(result="reported")[0]
    named = [p for p in incident["processes"]["list"] if "[2J" in p["comm"]]
    t.true("it is listed by its name, with its command line", "owned" in named[0]["cmdline"])
    text = text_of(c)
    t.true("no control character in the file",
           all(ch == "\n" or ch >= " " for ch in text) and "\u202e" not in text)
    t.true("no secret", "hunter2" not in text)
    said = subprocess.run([c.guard.machine.cli, *c.guard.root_words, "report", incident["name"]],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    t.true("the name is on the terminal", "[2J" in said)
    t.true("and drives nothing", "\033" not in said and "\u202e" not in said)


@scenario("evidence-timeline")
def evidence_timeline(t):
    """A snapshot near the limit, then the OOM: the way there is in its record."""
    near = {"onNearLimit": {"at": "80%", "of": "usage", "actions": ["snapshot"]}}
    c = t.container("init 0 hold 41 await /box/go leak -- await /box/more touch 1",
                    policy({"process": "report"}, evidence=WHOLE, profile=near))
    c.start()
    c.wait_line("holding")
    with cgroups.above_high(c.cgroup):
        c.go("more")
        snapshot = c.wait("the snapshot",
                          lambda: [i for i in c.incidents() if i["kind"] == "near-limit"])[0]
    t.true("who holds it", snapshot["processes"]["list"][0]["rssAnon"] is not None)
    t.true("the snapshot is whole", snapshot["details"] and snapshot["limits"])
    c.go()
    incident = c.wait("the OOM", lambda: [i for i in c.incidents() if i["kind"] == "oom"])[0]
    ages = [sample["ageMs"] for sample in incident["timeline"]]
    t.true("there are samples", ages)
    t.equal("oldest first", ages, sorted(ages, reverse=True))
    t.true("near the limit", incident["timeline"][-1]["usage"] > LIMIT * 3 // 4)


@scenario("evidence-asleep", needs=("v1",), runtimes=("runc",))
def evidence_asleep(t):
    """Tasks that sleep for memory are first in the list, with what they sleep in."""
    stall = {"onStall": {"after": "200ms", "ladder": ["report"]}}
    c = t.container("init 0 name big touch 30 -- await /box/go name sleeper leak -- sleep",
                    policy(settings={"oomKiller": "leave"}, evidence=WHOLE, profile=stall),
                    disable_oom_killer=True)
    c.start()
    c.wait_line("touched")
    c.wait_line("awaiting")
    c.go()
    incident = c.wait_incident(result="stalled")[0]
    asleep = by_name(incident, "sleeper")[0]
    t.equal("its state", asleep["state"], "D")
    t.true("what it sleeps in", asleep["wchan"])
    t.true("not the largest", asleep["rssAnon"] < by_name(incident, "big")[0]["rssAnon"])
    t.equal("right behind the init", incident["processes"]["list"].index(asleep), 1)
    t.true("counted", incident["processes"]["byState"]["D"] >= 1)
    t.equal("the killer as found", incident["settings"]["oomKiller"], "off")
    t.equal("waiting for it", incident["limits"][0]["underOom"], True)
    t.true("its own limit", incident["limits"][0]["hit"])
    (cgroups.memory_dir(c.cgroup) / "memory.oom_control").write_text("0")
