"""The phone in the desk: a telephone that exists as long as the desk is open.

It signs in at the switch as `seat_of` its agent, with a proof that is made for one session of the
desk, from a number that is no secret and a key that only the appliance has. So nothing is kept: the
proof is put on the switch when the desk's connection opens, and taken off it when it closes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

from appliance.domain.telephony.phones import Phone

# A tone of the switch's own: whoever calls it hears themselves.
ECHO = "*43"
_SEAT = "seat-"
_NUMBER = re.compile(r"[0-9a-f]{32}")


def seat_of(agent: int) -> str:
    """The name in SIP of an agent's phone in the desk; no extension looks like it."""
    return f"{_SEAT}{agent}"


def is_seat(name: str) -> bool:
    """Whether a phone of this name in SIP is one in a desk."""
    return name.startswith(_SEAT)


def new_number() -> str:
    """Of one session of the desk's phone."""
    return secrets.token_hex(16)


def is_number(text: str) -> bool:
    """Whether it may be one of `new_number`."""
    return _NUMBER.fullmatch(text) is not None


def proof_of(key: bytes, agent: int, number: str) -> str:
    """HA1 (RFC 2617, 32 hexadecimal digits) of this session's sign-in; no password has it."""
    told = f"desk phone {agent} {number}".encode()
    return hmac.new(key, told, hashlib.sha256).hexdigest()[:32]


def devices_of(agent: int, phones: Iterable[Phone]) -> list[str]:
    """Where it rings for an agent: in the desk, or, when no desk has its phone on, at the phone."""
    return [seat_of(agent), *(one.extension for one in phones if one.agent == agent)]
