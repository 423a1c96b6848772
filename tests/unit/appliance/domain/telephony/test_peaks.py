"""What a player draws."""

from __future__ import annotations

from array import array

import pytest

from appliance.domain.telephony.peaks import peaks_of


@pytest.mark.parametrize("portion", [1, 3, 1000, 100_000])
def test_each_part_is_as_high_as_its_loudest_sample_whatever_the_portions(portion):
    samples = [0] * 1000 + [100, -32768] + [0] * 998 + [16384] * 1000 + [0] * 1000
    sound = array("h", samples).tobytes()
    pieces = (sound[at : at + portion] for at in range(0, len(sound), portion))
    assert list(peaks_of(pieces, 4000, 4)) == [0, 255, 128, 0]


def test_a_short_or_torn_sound_has_as_many_parts_as_it_can():
    assert list(peaks_of([array("h", [32767, 0]).tobytes()], 2, 400)) == [255, 0]
    assert list(peaks_of([], 0)) == [0]
    assert len(peaks_of([b"\0\1\2"], 5000)) == 400
