"""One scale for the work of all channels, so that a call and three chats can be compared.

An agent has 100 by default, a call weighs 100, a chat 25: one call, or four chats, never a call
beside a chat. A channel says what its conversations weigh; a queue may say otherwise for its own
(`appliance.domain.queue.Queue.weights`), and capacity is each agent's. The core knows no channel by
name.
"""

from __future__ import annotations

from collections.abc import Mapping

FULL = 100
LEAST_WEIGHT, MOST_WEIGHT = 1, 1000


def weight_of(channel: str, usual: int, weights: Mapping[str, int]) -> int:
    """What one conversation of ``channel`` takes: as the queue says, else as is usual there."""
    return weights.get(channel, usual)
