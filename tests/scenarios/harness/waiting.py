# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to happen: short polling with a deadline, never a sleep for luck."""

import time

from .errors import Failure

INTERVAL_S = 0.01


def wait_for(what, probe, limit_s):
    """Returns the first true value of probe(). Says what did not happen, and what was there."""
    end = time.monotonic() + limit_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"{what}: not within {limit_s:.0f} s, last seen {value!r}")
        time.sleep(INTERVAL_S)


def hold_for(what, probe, for_s):
    """Fails as soon as probe() is no longer true."""
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        value = probe()
        if not value:
            raise Failure(f"{what}: no longer, {value!r}")
        time.sleep(INTERVAL_S * 5)
