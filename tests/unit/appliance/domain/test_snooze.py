from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.agent_state import Presence
from appliance.domain.records import Agent
from appliance.domain.snooze import NotSnoozableError, judge, straight_back

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.mark.parametrize(
    ("until", "call", "kind"),
    [
        (NOW, False, "snooze-past"),
        (NOW + MONTH + timedelta(seconds=1), False, "snooze-long"),
        (None, True, "snooze-call"),
    ],
)
def test_what_cannot_be_set_aside_says_why(until, call, kind):
    with pytest.raises(NotSnoozableError) as refused:
        judge(until, NOW, MONTH, call=call)
    assert refused.value.kind == kind


@pytest.mark.parametrize("until", [None, NOW + timedelta(minutes=20), NOW + MONTH])
def test_a_chat_is_set_aside_until_a_time_or_until_its_contact_writes(until):
    judge(until, NOW, MONTH, call=False)


@pytest.mark.parametrize(
    ("presence", "load", "drained", "straight"),
    [
        (Presence.AVAILABLE, 75, False, True),
        (Presence.AVAILABLE, 76, False, False),
        (Presence.AVAILABLE, 0, True, False),
        (Presence.AWAY, 0, False, False),
        (Presence.NOT_RESPONDING, 0, False, False),
        (Presence.OFFLINE, 0, False, False),
    ],
)
def test_it_comes_straight_back_to_an_agent_who_is_there_and_has_room(
    presence, load, drained, straight
):
    anna = Agent(1, "Anna", presence, capacity=100)
    assert straight_back(anna, load, 25, drained=drained) is straight
