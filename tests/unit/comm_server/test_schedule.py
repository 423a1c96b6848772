from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comm_server.schedule import Rules, Waiting, due, next_due

NOW = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
RULES = Rules(urgent_after=5, urgent_per_hour=3, every=3600, alive_every=86400)


def ago(**delta):
    return NOW - timedelta(**delta)


def decide(urgent=None, anything=False, last=ago(minutes=1), urgent_last_hour=0):  # noqa: B008
    return due(Waiting(urgent, anything, last, urgent_last_hour), RULES, NOW)


def test_the_first_mail_introduces_the_site_at_once():
    assert decide(last=None) == "alive"


def test_a_new_problem_waits_for_its_brothers_then_goes():
    assert decide(urgent=ago(seconds=4), anything=True) is None
    assert decide(urgent=ago(seconds=5), anything=True) == "urgent"


def test_urgent_mails_are_limited_and_the_rest_waits_for_the_schedule():
    assert decide(urgent=ago(minutes=5), anything=True, urgent_last_hour=3) is None
    late = decide(urgent=ago(minutes=5), anything=True, urgent_last_hour=3, last=ago(hours=1))
    assert late == "scheduled"


def test_known_problems_go_on_the_schedule():
    assert decide(anything=True, last=ago(minutes=59)) is None
    assert decide(anything=True, last=ago(minutes=60)) == "scheduled"


def test_a_quiet_site_says_each_day_that_it_is_alive():
    assert decide(last=ago(hours=23)) is None
    assert decide(last=ago(hours=24)) == "alive"


def following(urgent=None, anything=False, last=ago(minutes=1), urgent_last_hour=0):  # noqa: B008
    return next_due(Waiting(urgent, anything, last, urgent_last_hour), RULES, NOW)


def test_the_next_mail_is_the_first_that_comes_due_if_nothing_else_happens():
    minute = timedelta(minutes=1)
    assert following() == ("alive", NOW - minute + timedelta(days=1))
    assert following(anything=True) == ("scheduled", NOW + 59 * minute)
    assert following(urgent=NOW, anything=True) == ("urgent", NOW + timedelta(seconds=5))
    assert following(urgent=NOW, anything=True, urgent_last_hour=3)[0] == "scheduled"
    assert following(last=None) == ("alive", NOW)
    assert following(urgent=ago(seconds=9)) == ("urgent", NOW)
    assert following(last=NOW + timedelta(days=9))[1] <= NOW
