"""How loud a recording is from its beginning to its end, in few numbers: what a player draws."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable

BARS = 400  # more than a player is wide in them; 400 bytes a recording


def peaks_of(pieces: Iterable[bytes], samples: int, bars: int = BARS) -> bytes:
    """The loudest of each of ``bars`` equal parts, 0 to 255, one byte a part.

    Args:
        pieces: PCM of 16 bits, little-endian, one channel, in any portions.
        samples: how many there are.
        bars: parts; fewer when there are fewer samples.
    """
    bars = max(1, min(bars, samples))
    found = bytearray(bars)
    at, rest = 0, b""
    for piece in pieces:
        heard, rest = _samples(rest + piece)
        first = 0
        while first < len(heard) and at < samples:
            bar = at * bars // samples
            # The first sample of the next part: the smallest n with n * bars // samples > bar.
            next_part = -(-(bar + 1) * samples // bars)
            last = min(len(heard), first + next_part - at)
            part = heard[first:last]
            highest, lowest = max(part), min(part)
            found[bar] = max(found[bar], min(255, max(highest, -lowest) >> 7))
            at += last - first
            first = last
    return bytes(found)


def _samples(data: bytes) -> tuple[array[int], bytes]:
    whole = len(data) - len(data) % 2
    heard = array("h", data[:whole])
    if sys.byteorder == "big":
        heard.byteswap()
    return heard, data[whole:]
