"""Sound as the switch plays it: signed 16-bit samples, 16,000 a second, one channel (``sln16``).

Recordings that people upload come in every rate; the standard library reads WAV files, and what is
missing, another rate, is a filter of a few lines (a windowed sinc).
"""

from __future__ import annotations

import io
import math
import sys
import wave
from array import array
from collections.abc import Sequence
from operator import mul

from appliance.domain.refusals import InvalidError

RATE = 16_000
_LOBES = 8  # of the sinc on either side; more is not heard on a telephone
_RATES = range(8_000, 48_001)
_BYTES = 2


class NotPlayableError(InvalidError):
    """What is wrong with the file, and what to do."""


def from_wav(data: bytes, most_seconds: float) -> bytes:
    """The samples of a WAV file: PCM of 16 bits, 8 to 48 kHz, mono or stereo.

    Raises:
        NotPlayableError: it is another file, or too long.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            # espeak-ng, which writes to a pipe, says that there are more than there are.
            raw = file.readframes(min(file.getnframes(), len(data)))
    except (wave.Error, EOFError) as error:
        raise NotPlayableError("sound-no-wav") from error
    if width != _BYTES or channels not in {1, 2} or rate not in _RATES:
        raise NotPlayableError(
            "sound-form", bits=width * 8, channels=channels, rate=rate,
            least=_RATES[0], most=_RATES[-1],
        )  # fmt: skip
    samples = array("h", raw[: len(raw) - len(raw) % (_BYTES * channels)])
    if sys.byteorder == "big":
        samples.byteswap()
    seconds = len(samples) / channels / rate
    if not 0 < seconds <= most_seconds:
        raise NotPlayableError("sound-length", length=round(seconds), most=round(most_seconds))
    if channels == 2:
        left, right = samples[::2], samples[1::2]
        samples = array("h", ((a + b) // 2 for a, b in zip(left, right, strict=True)))
    return _bytes(resampled(samples, rate))


def to_wav(samples: bytes) -> bytes:
    """The samples as a WAV file, for browsers."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_BYTES)
        file.setframerate(RATE)
        file.writeframes(samples)
    return out.getvalue()


def seconds_of(samples: bytes) -> float:
    """How long they sound."""
    return len(samples) / _BYTES / RATE


def resampled(samples: Sequence[int], rate: int) -> array[int]:
    """``samples`` of ``rate`` as those of `RATE`."""
    if rate == RATE:
        return array("h", samples)
    common = math.gcd(rate, RATE)
    up, down = RATE // common, rate // common
    # Below the lower of the two rates' half nothing may be left that would fold back.
    width = max(1.0, rate / RATE)
    taps = math.ceil(_LOBES * width)
    phases = [_phase(n / up, taps, width) for n in range(up)]
    padded = array("d", [0.0] * taps)
    padded.extend(array("d", samples))
    padded.extend([0.0] * (taps + 1))
    out = array("h")
    for n in range(len(samples) * up // down):
        whole, phase = divmod(n * down, up)
        found = sum(map(mul, padded[whole + 1 : whole + 1 + 2 * taps], phases[phase]))
        out.append(max(-32768, min(32767, round(found))))
    return out


def _phase(part: float, taps: int, width: float) -> array[float]:
    weights = []
    for n in range(-taps + 1, taps + 1):
        x = (n - part) / width
        window = 0.5 + 0.5 * math.cos(math.pi * x / _LOBES) if abs(x) < _LOBES else 0.0
        weights.append((math.sin(math.pi * x) / (math.pi * x) if x else 1.0) * window)
    whole = sum(weights)
    return array("d", (one / whole for one in weights))


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    return samples.tobytes()
