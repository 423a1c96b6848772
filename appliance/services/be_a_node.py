"""A process says that it is there, and does not stay among others that sign with another key."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.nodes import Node, Nodes, stranger
from common.clock import Clock
from common.errors import OperatorError


def say_here(nodes: Nodes, me: Node, clock: Clock) -> None:
    """Give a sign of life.

    Raises:
        OperatorError: another living node has another key; nothing was said then.
    """
    now = clock.now()
    other = stranger(me, nodes.all(), now)
    if other is not None:
        raise OperatorError(
            f"The node on {other.machine}, port {other.port}, signs with another key, so that each "
            "would refuse the other's sessions. Copy the file session.key of one node's data "
            "folder to all of them, and start them again."
        )
    nodes.say(replace(me, seen_at=now))
