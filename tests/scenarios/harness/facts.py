# SPDX-License-Identifier: Apache-2.0
"""What must hold of every record of a kind, whichever scenario made it."""


def check_process_incident(t, container, incident):
    """One child was killed at the container's own limit."""
    t.equal("slot", incident["slot"], "process")
    t.equal("kills", incident["kills"], 1)
    t.equal("container", incident["id"], container.id)
    victims = incident["victims"]
    t.equal("victims named", [victim["comm"] for victim in victims], ["load"])
    t.true("the victim is not init", not victims[0]["init"])
    if victims[0]["source"] == "kmsg":
        t.true("the victim's size is told", victims[0]["rss"] > 0)


def check_answers(t, c, incident, *, verdicts, whose=None, killed=None, should=None, done=None,
                  change=None):
    """What a tired person asks, answered by `oomguard report` from the record alone.

    `verdicts` are names that must be there, the first of them in front of all others; the other
    words are parts of what is told. Returns the whole report.
    """
    document = c.report(incident)
    answers = document["answers"]
    names = [verdict["name"] for verdict in document["verdicts"]]
    t.equal(f"verdict of {c.id} in front of {names}", names[:1], list(verdicts[:1]))
    t.equal(f"verdicts missing in {names}", [name for name in verdicts if name not in names], [])
    t.equal("whose limit", answers["limit"]["whose"], whose or answers["limit"]["whose"])
    for what, part, text in (("killed", killed, answers["killed"]),
                             ("should have been", should, answers["shouldHaveBeen"]["text"]),
                             ("done", done, answers["done"]),
                             ("change", change, answers["change"])):
        t.true(f"{what}: {part!r} is told in {text!r}", part is None or part in text)
    return document
