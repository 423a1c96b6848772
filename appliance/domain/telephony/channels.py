"""The channels in which telephones ring, and when they cannot."""

from __future__ import annotations

from appliance.domain.telephony.callback import CALLBACK
from appliance.domain.telephony.outgoing import OUTBOUND

PHONE = "phone"  # the channel's name in conversations and reports
CALLS = frozenset({PHONE, CALLBACK, OUTBOUND})


def can_ring(channel: str, *, switch_silent: bool) -> bool:
    """Whether an offer of this channel reaches an agent; a chat needs no telephone.

    What cannot ring is not offered, and whoever does not take it has missed nothing.
    """
    return not (switch_silent and channel in CALLS)
