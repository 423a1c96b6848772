"""One routing decision: 200 agents, 1,000 waiting."""

from __future__ import annotations


def table(runs: int) -> None:
    """To be measured."""
