# SPDX-License-Identifier: Apache-2.0
"""How a scenario ends when it does not pass."""


class Failure(Exception):
    """Something that must hold does not."""


class Skip(Exception):
    """Something the scenario needs is not here."""
