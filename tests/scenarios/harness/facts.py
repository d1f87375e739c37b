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
