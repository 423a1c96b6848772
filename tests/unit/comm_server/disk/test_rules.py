from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comm_server.disk.rules import Act, Limits, judge

MIB = 2**20
LIMITS = Limits(ballast=64 * MIB, least_free=128 * MIB, resume_free=256 * MIB)


@pytest.mark.parametrize(
    ("free", "held", "taking", "refused", "act"),
    [
        (500, 64, True, False, Act.NOTHING),
        (128, 64, True, False, Act.NOTHING),
        (127, 64, True, False, Act.STOP),
        (500, 64, True, True, Act.STOP),
        (191, 0, False, False, Act.NOTHING),
        (319, 0, False, False, Act.NOTHING),
        (320, 0, False, False, Act.RESUME),
        (320, 0, False, True, Act.NOTHING),
        (500, 0, True, False, Act.FILL),
        (300, 0, True, False, Act.NOTHING),
    ],
)
def test_what_is_done(free, held, taking, refused, act):
    assert judge(LIMITS, free * MIB, held * MIB, taking=taking, refused=refused) is act


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), st.integers(0, 1000))
def test_after_taking_reports_again_it_does_not_stop_at_once(ballast, least, resume, free):
    limits = Limits(ballast, least, resume)
    if judge(limits, free, 0, taking=False, refused=False) is Act.RESUME:
        after = judge(limits, free - ballast, ballast, taking=True, refused=False)
        assert after is Act.NOTHING


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 1000))
def test_giving_the_ballast_back_is_not_room_enough_to_go_on(ballast, least, free):
    limits = Limits(ballast, least, least + ballast + 1)
    if judge(limits, free, ballast, taking=True, refused=False) is Act.STOP and free < least:
        assert judge(limits, free + ballast, 0, taking=False, refused=False) is Act.NOTHING
