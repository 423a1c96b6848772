"""Recorded calls at a time: whether every 20 ms of both voices are in what was kept.

Each piece of a voice has a pitch of its own, in a song that begins anew twice a second: what is
missing, doubled or out of order shows in what was recorded, and what only came late does as well.
"""

from __future__ import annotations

import io
import itertools
import math
import sqlite3
import time
import wave
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import mul
from pathlib import Path
from typing import NamedTuple

import phone_house
from phone_house import NUMBER, OUTSIDE, House

from appliance.app import recordings_of
from appliance.domain.telephony.recording import Stage
from appliance.office import Office
from appliance.settings import ApplianceSettings
from common.clock import SystemClock
from tests.support.real_switch import alaw, free_port

_TALK = 20.0  # seconds
_EACH_SECOND = 10  # callers
_RATE = 8000  # samples a second
_PIECE = 160  # samples: 20 ms, a packet
_STEP = _RATE // _PIECE  # Hz; pitches that lie so far apart do not disturb each other in a piece
_SONG = 25  # pieces
_VOICES = {"caller": 6, "agent": 34}  # each one's first pitch, in steps: 300 and 1,700 Hz
_LOUD = 6000
_LEAST = 0.5 * _LOUD * _PIECE / 2  # half as strong as it was sent


def measure(folder: Path, many: int) -> bool:
    """Print how many were recorded, and what is missing; whether nothing is."""
    if not many:
        return True
    phone_house.furnish(folder / phone_house.DATA, many, record=True)
    for name, first in _VOICES.items():
        (folder / f"{name}.alaw").write_bytes(song(first))
    says = _says("agent")
    with (
        phone_house.house(folder, many, _TALK, says) as (made, phones),
        phone_house.appliance(made),
    ):
        before, begun = made.cpu(), time.monotonic()
        made.sipp(
            "callers", OUTSIDE, free_port(), "-s", NUMBER, "-r", str(_EACH_SECOND), "-m",
            str(many), "-l", str(many), "-key", "run", "500", voice=_says("caller"),
        )  # fmt: skip
        phone_house.until_done(made, _TALK + many / _EACH_SECOND + 20)
        took, after = time.monotonic() - begun, made.cpu()
        clean = nothing_left(made)
        spoke = len(phone_house.times(phones)["up"])
    used = " and ".join(f"{(after[one] - before[one]) / took:.2f} of the {one}" for one in after)
    found = _recorded(folder / phone_house.DATA)
    heard, lost, late = (sum(one[at] for one in found) for at in (1, 2, 3))
    shortest = min((one.seconds for one in found), default=0.0)
    print(
        f"\n{many} recorded calls, {_TALK:.0f} s each, {_EACH_SECOND} more each second: {spoke} "
        f"spoke, {len(found)} recordings kept, the shortest {shortest:.1f} s; of {heard + lost} "
        f"pieces of 20 ms of either voice {lost} are lost, and {late} times one came later than "
        f"its time ({100 * late / max(1, heard):.3f} %). Processors: {used}."
    )
    return clean and spoke == len(found) == many and lost == 0 and shortest > _TALK - 2


def nothing_left(made: House, seconds: float = 20) -> bool:
    """Whether no channel, no bridge, no call and no busy agent stays; what does is printed."""
    until = time.monotonic() + seconds
    while True:
        left = [made.left(), *_unfinished(made.folder / phone_house.DATA / "appliance.db")]
        if not any(left):
            print("\nNothing stayed behind: no channel, no bridge, no call, no busy agent.")
            return True
        if time.monotonic() > until:
            print("\nStayed behind:", "; ".join(filter(None, left)))
            return False
        time.sleep(0.5)


def song(first: int) -> bytes:
    """Half a second in A-law (G.711): each piece with the next pitch."""
    turns = [2 * math.pi * (first + n) * k / _PIECE for n in range(_SONG) for k in range(_PIECE)]
    return bytes(alaw(round(_LOUD * math.sin(turn))) for turn in turns)


def _says(name: str) -> str:
    return f'<nop><action><exec rtp_stream="{name}.alaw,-1,8"/></action></nop>'


def _unfinished(database: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)
    try:
        calls = connection.execute("SELECT count(*) FROM calls WHERE NOT over").fetchone()[0]
        states = connection.execute(
            "SELECT state, count(*) FROM conversations WHERE state NOT IN ('closed', 'abandoned') "
            "GROUP BY state"
        ).fetchall()
    finally:
        connection.close()
    return [
        *([f"{calls} calls that are not over"] if calls else []),
        *(f"{count} conversations {state}" for state, count in states),
    ]


def _recorded(folder: Path) -> list[_Heard]:
    settings, clock = ApplianceSettings(data_dir=str(folder)), SystemClock()
    found = []
    with Office.opened(settings, clock) as office:
        kept = recordings_of(settings, office, clock)
        connection = sqlite3.connect(f"file:{folder / 'appliance.db'}?mode=ro", uri=True)
        ids = [row[0] for row in connection.execute("SELECT id FROM recordings")]
        connection.close()
        for number in ids:
            one = kept.one(number)
            if one.stage is Stage.KEPT:
                found.append(_looked(b"".join(kept.sound(one, 0, one.size - 1))))
    return found


class _Heard(NamedTuple):
    """One recording: pieces of both voices that are in it, that never came, and that came late."""

    seconds: float
    heard: int
    lost: int
    late: int


def _looked(data: bytes) -> _Heard:
    with wave.open(io.BytesIO(data)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    pieces = [samples[at : at + _PIECE] for at in range(0, len(samples) - _PIECE + 1, _PIECE)]
    voices = [list(_sung(pieces, first)) for first in _VOICES.values()]
    # Of a talk: what one still sends while the other puts down the receiver is said to nobody.
    talk = [at for at, each in enumerate(zip(*voices, strict=True)) if None not in each]
    if not talk:
        return _Heard(len(samples) / _RATE, 0, len(pieces), 0)
    followed = [_followed(voice[talk[0] : talk[-1] + 1]) for voice in voices]
    heard, lost, late = (sum(each) for each in zip(*followed, strict=True))
    return _Heard(len(samples) / _RATE, heard, lost, late)


def _sung(pieces: Iterable[array[int]], first: int) -> Iterator[int | None]:
    """Which piece of a voice's song is heard in each; None: none of it is."""
    likely = 0
    for piece in pieces:
        in_order = ((likely + n) % _SONG for n in range(_SONG))
        found = next((n for n in in_order if _strength(piece, first + n) > _LEAST), None)
        likely = likely if found is None else (found + 1) % _SONG
        yield found


def _followed(heard: Sequence[int | None]) -> tuple[int, int, int]:
    """Of one voice: pieces that came, that never did, and how often the next was late."""
    came = [one for one in heard if one is not None]
    lost = sum((after - one - 1) % _SONG for one, after in itertools.pairwise(came))
    return len(came), lost, len(heard) - len(came)


@cache
def _waves(pitch: int) -> tuple[list[float], list[float]]:
    turns = [2 * math.pi * pitch * n / _PIECE for n in range(_PIECE)]
    return [math.sin(one) for one in turns], [math.cos(one) for one in turns]


def _strength(piece: array[int], pitch: int) -> float:
    sines, cosines = _waves(pitch)
    return math.hypot(sum(map(mul, piece, sines)), sum(map(mul, piece, cosines)))
