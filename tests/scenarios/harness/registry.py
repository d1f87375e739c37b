# SPDX-License-Identifier: Apache-2.0
"""Scenarios register themselves with the @scenario decorator, with what they need to run."""

import dataclasses
import typing

# What a machine may lack by its nature. Anything else that is missing is a fault of the setup.
NEEDS = ("v1", "v2", "swap", "negative-scores", "host", "vm")


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    run: typing.Callable
    needs: tuple
    runtimes: tuple  # "" stands for a scenario that starts no runtime itself
    limit_s: int
    full: bool  # only with --full
    once: bool  # it would run in a virtual machine, too, and does with --full


SCENARIOS = []


def scenario(name, needs=(), runtimes=("runc", "crun"), limit_s=60, full=False,
             once=False):
    """The function gets a Context. Its first line of documentation says what must hold."""
    assert all(need in NEEDS for need in needs), needs
    assert all(other.name != name for other in SCENARIOS), name

    def register(function):
        SCENARIOS.append(Scenario(name, function, tuple(needs), tuple(runtimes), limit_s,
                                  full, once))
        return function

    return register
