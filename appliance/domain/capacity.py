"""One scale for the work of all channels, so that a call and three chats can be compared.

An agent has 100 by default, a call weighs 100, a chat 25: one call, or four chats, never a call
beside a chat. Weights and capacities are data; the core knows no channel by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

FULL = 100


def weight_of(channel: str, weights: Mapping[str, int]) -> int:
    """What one conversation of ``channel`` takes; one that is not listed takes a whole agent."""
    return weights.get(channel, FULL)


def load(channels: Iterable[str], weights: Mapping[str, int]) -> int:
    """What an agent's conversations take together."""
    return sum(weight_of(channel, weights) for channel in channels)
