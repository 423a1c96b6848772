"""What the switch tells of a channel's end, as the core knows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.domain.telephony.provider import End, Ended, SwitchEvent
from appliance.telephony.ari.provider import AriProvider


@pytest.fixture
def tells(monkeypatch) -> Callable[..., SwitchEvent]:
    """The switch tells that a channel is destroyed; what the core hears of it."""
    heard: list[SwitchEvent] = []
    provider = AriProvider(1, "-")
    monkeypatch.setattr(provider, "_told", heard.append)

    def tell(cause: int, state: str = "Ringing") -> SwitchEvent:
        provider._take({
            "type": "ChannelDestroyed", "cause": cause, "cause_txt": "",
            "channel": {"id": "out-1", "state": state},
        })  # fmt: skip
        return heard.pop()

    return tell


@pytest.mark.parametrize(
    ("why", "causes"),
    [
        (End.BUSY, (17, 21)),  # busy; declined
        (End.NO_ANSWER, (16, 18, 19)),
        (End.CONGESTED, (34, 38, 41, 42, 44)),  # no circuit, out of order, failure, congestion
        (End.NO_NUMBER, (1, 22, 28)),  # unallocated, changed, not a number
        (End.UNREACHABLE, (0, 3, 20, 27)),
        (End.FAILED, (111, 127)),  # whatever else an exchange may say
    ],
)
def test_why_nobody_was_reached_is_known_by_the_cause_of_q850(tells, why, causes):
    assert {cause: tells(cause) for cause in causes} == dict.fromkeys(causes, Ended("out-1", why))


def test_who_was_reached_has_hung_up_whatever_the_cause(tells):
    assert tells(34, state="Up") == Ended("out-1", End.HUNG_UP)
