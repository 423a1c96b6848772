"""Sound as the switch plays it."""

from __future__ import annotations

import io
import math
import wave
from array import array

import pytest

from appliance.telephony.audio import RATE, NotPlayableError, from_wav, seconds_of, to_wav


def wav(rate: int, hertz: float, seconds: float = 0.2, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        every = range(int(rate * seconds))
        samples = (round(10_000 * math.sin(2 * math.pi * hertz * n / rate)) for n in every)
        data = array("h", (s for s in samples for _ in range(channels))).tobytes()
        file.writeframes(data if width == 2 else data[::2])
    return out.getvalue()


def share_of(samples: bytes, hertz: float) -> float:
    """How loud one tone is in it (Goertzel)."""
    found = array("h", samples)[800:-800]  # without the ends, where the filter has half of it
    turns = [2 * math.pi * hertz * n / RATE for n in range(len(found))]
    real = sum(s * math.cos(t) for s, t in zip(found, turns, strict=True))
    other = sum(s * math.sin(t) for s, t in zip(found, turns, strict=True))
    return 2 * math.hypot(real, other) / len(found)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_a_tone_is_the_same_tone_at_every_rate(rate):
    samples = from_wav(wav(rate, 1000.0, channels=2), 10)
    assert seconds_of(samples) == pytest.approx(0.2, abs=0.01)
    assert share_of(samples, 1000.0) == pytest.approx(10_000, rel=0.02)


def test_what_is_too_high_for_the_switch_is_left_out_and_does_not_fold_back():
    samples = from_wav(wav(48_000, 11_000.0), 10)
    assert share_of(samples, 5_000.0) < 200  # 16 kHz less 11 kHz


def test_browsers_get_it_as_wav():
    samples = from_wav(wav(16_000, 400.0), 10)
    with wave.open(io.BytesIO(to_wav(samples))) as file:
        assert (file.getframerate(), file.readframes(file.getnframes())) == (RATE, samples)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no WAV file"),
        (b"ID3 an MP3", "Save it as WAV"),
        (wav(16_000, 400.0, width=1), "8 bits"),
        (wav(96_000, 400.0), "96000 Hz"),
        (wav(16_000, 400.0, seconds=0.0), "0 seconds long"),
        (wav(8_000, 400.0, seconds=2.0), "2 seconds long"),
    ],
)
def test_what_cannot_be_played_is_refused_with_what_to_do(data, sentence):
    with pytest.raises(NotPlayableError, match=sentence):
        from_wav(data, 1.0)
