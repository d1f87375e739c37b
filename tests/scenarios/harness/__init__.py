# SPDX-License-Identifier: Apache-2.0
"""What the scenarios are written with; see run.py for how they are run."""

from .context import Context, Failure, Skip
from .guard import policy
from .registry import scenario

__all__ = ["Context", "Failure", "Skip", "policy", "scenario"]
