"""A process says that it is there, and does not begin among others that have other keys."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.nodes import Node, Nodes, stranger
from common.clock import Clock
from common.errors import OperatorError


def join(nodes: Nodes, me: Node, clock: Clock) -> None:
    """Be one of them.

    Raises:
        OperatorError: another living node has other keys; nothing was said then.
    """
    other = stranger(me, nodes.all(), clock.now())
    if other is not None:
        raise OperatorError(
            f"The node on {other.machine}, port {other.port}, has other keys, so that each would "
            "refuse the other's sessions and secrets. Copy the files session.key and vault.keys of "
            "the first node's data folder into this one's, and start it again."
        )
    say_here(nodes, me, clock)


def say_here(nodes: Nodes, me: Node, clock: Clock) -> None:
    """Give a sign of life."""
    nodes.say(replace(me, seen_at=clock.now()))
