"""When a program may be restarted, as a table; and the window's hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.errors import OperatorError
from updater.gate import standing
from updater.gate_rules import Act, Facts, Hold, Window, decide
from updater.settings import WindowSettings

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OPENS = NOW + timedelta(hours=13)
SHUT, OPEN = Window(open=False, next=OPENS), Window(open=True)
HELD = Hold(made=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
OVER = Hold(made=NOW - timedelta(days=2), until=NOW - timedelta(seconds=1))
OLD = NOW - timedelta(hours=2)

TABLE = [
    ("nothing stands in the way: drain and ask", {}, Act.DRAIN, ""),
    ("free: go", {"asked": True}, Act.GO, ""),
    ("in use: drained, not cut", {"asked": True, "busy": "a call"}, Act.DRAIN, "a call"),
    ("not its turn", {"turn": False, "why": "Halted."}, Act.PUT_OFF, "Halted."),
    ("not its turn, though free", {"turn": False, "why": "H.", "asked": True}, Act.PUT_OFF, "H."),
    ("the window is shut", {"window": SHUT}, Act.PUT_OFF,
     "The window for updates is closed. It opens at 2026-11-21 22:00+00:00."),
    ("it shuts while a call goes on", {"window": SHUT, "asked": True, "busy": "a call"},
     Act.PUT_OFF, "The window for updates is closed. It opens at 2026-11-21 22:00+00:00."),
    ("the window is open", {"window": OPEN, "asked": True}, Act.GO, ""),
    ("postponed", {"hold": HELD}, Act.PUT_OFF,
     "It was postponed by an administrator until 2026-11-22 09:00+00:00."),
    ("postponed, in the window", {"hold": HELD, "window": OPEN}, Act.PUT_OFF,
     "It was postponed by an administrator until 2026-11-22 09:00+00:00."),
    ("the postponement is over", {"hold": OVER, "asked": True}, Act.GO, ""),
    ("critical, but not long enough", {"critical": True, "window": SHUT}, Act.PUT_OFF,
     "The window for updates is closed. It opens at 2026-11-21 22:00+00:00."),
    ("critical and waited: no window", {"critical": True, "since": OLD, "window": SHUT},
     Act.DRAIN, ""),
    ("critical and waited: no postponement",
     {"critical": True, "since": OLD, "hold": HELD, "asked": True}, Act.GO, ""),
    ("critical and waited: never into a call",
     {"critical": True, "since": OLD, "window": SHUT, "asked": True, "busy": "a call"},
     Act.DRAIN, "a call"),
    ("critical and waited: not before its turn",
     {"critical": True, "since": OLD, "turn": False, "why": "Halted."}, Act.PUT_OFF, "Halted."),
    ("waited, yet not critical", {"since": OLD, "window": SHUT}, Act.PUT_OFF,
     "The window for updates is closed. It opens at 2026-11-21 22:00+00:00."),
    ("somebody here said now", {"at_once": True, "window": SHUT, "hold": HELD, "asked": True},
     Act.GO, ""),
    ("now is not into a call", {"at_once": True, "asked": True, "busy": "a call"},
     Act.DRAIN, "a call"),
    ("now is not before its turn", {"at_once": True, "turn": False, "why": "Halted."},
     Act.PUT_OFF, "Halted."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "act", "sentence"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_table_of_the_gate(facts, act, sentence):
    assert decide(Facts(now=NOW, since=facts.pop("since", NOW), **facts)) == (act, sentence)


@pytest.mark.parametrize("years", [-20, -1, 1, 20])
def test_a_clock_that_is_wrong_by_years_holds_no_update_for_longer_than_the_postponement(years):
    """Made while the clock was wrong, looked at when it is right; and the other way round."""
    wrong = NOW + timedelta(days=365 * years)
    hold = Hold(made=wrong, until=wrong + timedelta(days=3))
    assert not hold.holds(NOW)
    assert Hold(made=NOW, until=NOW + timedelta(days=3)).holds(NOW)


NIGHT = ("0 22 * * mon-fri", 120, "Asia/Shanghai")  # 14:00 to 16:00 in UTC


@pytest.mark.parametrize(
    ("at", "is_open", "opens"),
    [
        ("2026-11-20T13:59:59", False, "2026-11-20T14:00:00"),
        ("2026-11-20T14:00:00", True, None),
        ("2026-11-20T15:59:59", True, None),
        ("2026-11-20T16:00:00", False, "2026-11-23T14:00:00"),  # a Friday
        ("2026-11-21T15:00:00", False, "2026-11-23T14:00:00"),
    ],
)
def test_the_window_is_meant_in_its_own_time_zone_and_over_when_it_is_over(at, is_open, opens):
    window = standing(WindowSettings(*NIGHT), datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert window.open is is_open
    expected = datetime.fromisoformat(opens).replace(tzinfo=UTC) if opens else None
    assert window.next == expected


def test_without_a_window_there_is_none_and_a_date_that_never_comes_is_never_open():
    assert standing(WindowSettings("", 60, "UTC"), NOW) is None
    never = standing(WindowSettings("0 0 30 2 *", 60, "UTC"), NOW)
    assert never == Window(open=False, next=None)


@pytest.mark.parametrize(
    ("cron", "zone", "told"),
    [
        ("0 22 * *", "UTC", r"updater\.window: .* Write five"),
        ("0 25 * * *", "UTC", "cannot be read"),
        ("0 22 * * *", "Mars/Base", "no time zone"),
        ("0 22 * * someday", "UTC", "cannot be read"),
    ],
)
def test_a_window_that_cannot_be_understood_says_how_to_write_it(cron, zone, told):
    with pytest.raises(OperatorError, match=told):
        standing(WindowSettings(cron, 60, zone), NOW)
