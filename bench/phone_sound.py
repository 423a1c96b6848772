"""Recorded calls at a time: whether every 20 ms of both voices are in what was kept."""

from __future__ import annotations

import io
import math
import sqlite3
import time
import wave
from array import array
from operator import mul
from pathlib import Path

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
_CALLER, _AGENT = 400, 1000  # Hz
_FRAME = 160  # samples: 20 ms
_QUIET = 0.3  # of what is usual in that recording: the frame was lost


def measure(folder: Path, many: int) -> bool:
    """Print how many were recorded, and what is missing; whether nothing is."""
    if not many:
        return True
    phone_house.furnish(folder / phone_house.DATA, many, record=True)
    for name, pitch in (("caller", _CALLER), ("agent", _AGENT)):
        (folder / f"{name}.alaw").write_bytes(tone(pitch))
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
    lost = sum(one["lost"] for one in found)
    frames = sum(one["frames"] for one in found)
    shortest = min((one["seconds"] for one in found), default=0.0)
    print(
        f"\n{many} recorded calls, {_TALK:.0f} s each, {_EACH_SECOND} more each second: {spoke} "
        f"spoke, {len(found)} recordings kept, the shortest {shortest:.1f} s; of {frames} pieces "
        f"of 20 ms {lost} lack a voice ({100 * lost / max(1, frames):.3f} %). Processors: {used}."
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


def tone(pitch: int) -> bytes:
    """A second of it in A-law (G.711)."""
    return bytes(alaw(round(6000 * math.sin(2 * math.pi * pitch * n / 8000))) for n in range(8000))


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


def _recorded(folder: Path) -> list[dict[str, float]]:
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


def _looked(data: bytes) -> dict[str, float]:
    with wave.open(io.BytesIO(data)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    frames = [samples[at : at + _FRAME] for at in range(0, len(samples) - _FRAME + 1, _FRAME)]
    strong = [(_strength(one, _CALLER), _strength(one, _AGENT)) for one in frames]
    usual = [sorted(each)[len(strong) // 2] * _QUIET for each in zip(*strong, strict=True)]
    both = [all(a > b for a, b in zip(one, usual, strict=True)) for one in strong]
    if not any(both):  # all of it is lost
        return {"seconds": len(samples) / 8000, "frames": len(both), "lost": len(both)}
    first, last = both.index(True), len(both) - both[::-1].index(True)
    return {
        "seconds": len(samples) / 8000,
        "frames": last - first,
        "lost": both[first:last].count(False),
    }


def _waves(pitch: int) -> tuple[list[float], list[float]]:
    turns = [2 * math.pi * pitch * n / 8000 for n in range(_FRAME)]
    return [math.sin(one) for one in turns], [math.cos(one) for one in turns]


_WAVES = {pitch: _waves(pitch) for pitch in (_CALLER, _AGENT)}


def _strength(frame: array[int], pitch: int) -> float:
    sines, cosines = _WAVES[pitch]
    return math.hypot(sum(map(mul, frame, sines)), sum(map(mul, frame, cosines)))
