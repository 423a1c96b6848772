"""Marks, visits, ratings, transcripts: the small rules of a chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.conversation import State
from appliance.domain.marks import Marks, moved
from appliance.domain.rating import Rating, may_rate
from appliance.domain.transcript import (
    MOST_TRIES,
    Transcript,
    TranscriptRefusedError,
    TranscriptState,
    address,
    not_sent,
    sent,
    tried,
)
from appliance.domain.visits import news, visit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=20))
def test_a_mark_never_goes_back_and_what_is_read_was_delivered(told):
    marks = Marks()
    for delivered, read in told:
        after = moved(marks, delivered, read, 20)
        assert after.delivered >= max(marks.delivered, after.read)
        assert after.read >= marks.read
        marks = after


def test_more_than_was_said_cannot_be_marked():
    with pytest.raises(ValueError, match="last message has number 3; 4 cannot"):
        moved(Marks(), 4, 0, 3)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/p?id=5#token", "https://shop.example/p?id=5"),
        ("https://li:secret@shop.example/", "https://shop.example/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//shop.example/", None),
        ("https://", None),
        ("http://[", None),
    ],
)
def test_only_the_address_of_a_page_is_kept_and_nothing_secret_of_it(url, kept):
    found = visit(url, "  A \n page ", NOW)
    assert (found and found.url) == kept
    if found:
        assert found.title == "A page"


def test_a_reload_is_no_visit():
    first = visit("https://shop.example/", "A", NOW)
    again = visit("https://shop.example/#x", "A", NOW + timedelta(seconds=5))
    assert first is not None
    assert again is not None
    assert news([], first)
    assert not news([first], again)


def test_only_what_was_answered_and_is_over_is_rated():
    assert may_rate(State.CLOSED, answered=True)
    assert may_rate(State.WRAP_UP, answered=True)
    assert not may_rate(State.CLOSED, answered=False)
    assert not may_rate(State.ACTIVE, answered=True)
    for stars in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            Rating(1, stars, "", NOW)


@pytest.mark.parametrize("text", ["li@example.com", " a.b-c+d@mail.example.co ", "1@2.3"])
def test_a_mail_address_is_taken(text):
    assert address(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "", "li", "li@", "@example.com", "li@example.com, x@example.com", "li@exa mple.com",
        "li@example.com\nBcc: x@example.com", "<li@example.com>", "li@例子.com", "a@b..c",
        "x" * 65 + "@example.com", '"a b"@example.com',
    ],
)  # fmt: skip
def test_what_is_no_mail_address_is_refused_in_words(text):
    with pytest.raises(TranscriptRefusedError, match=r"name@example\.com"):
        address(text)


def test_tries_grow_apart_and_end():
    one = Transcript(1, 7, "li@example.com", "en", 5, NOW, "contact:1", NOW)
    pauses, now = [], NOW
    while one.state is TranscriptState.WAITING:
        one = tried(one, now)
        pauses.append(one.next_at - now)
        now = one.next_at
        one = not_sent(one, now, "the relay is away", for_good=False)
    assert (len(pauses), one.state) == (MOST_TRIES, TranscriptState.FAILED)
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert pauses[-1] == timedelta(hours=4)
    assert timedelta(hours=24) < sum(pauses, timedelta()) < timedelta(hours=48)


def test_a_refusal_for_good_ends_it_at_once_and_a_success_does_too():
    one = tried(Transcript(1, 7, "li@example.com", "en", 5, NOW, "contact:1", NOW), NOW)
    assert not_sent(one, NOW, "no such mailbox", for_good=True).state is TranscriptState.FAILED
    assert sent(one, NOW).state is TranscriptState.SENT
