"""The quick look lets nothing through that the rules would take out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from comm_server.scrub import _MOST_REMEMBERED, KINDS, Phones, _found_clean, scrub
from comm_server.scrub.phones import mask_phones
from comm_server.scrub.quick import _MOMENT, may_hold_secret
from comm_server.scrub.values import _RULES, scrub_text

ALL = Phones("all", KINDS)
DEFAULT = Phones()
PARTS = st.sampled_from(
    ["-----BEGIN PRIVATE KEY-----", "eyJ", "aaaaaaaa", ".", "Bearer ", "BASIC ", "://", "u:p@",
     "PassWord", "pa\u017f\u017fword", "to\u212aen", "secret", "api_key", "APIKEY", "='", "x' ",
     "4111 1111 1111 1111", "+49 30 1234567", "13812345678", "(010)", " 6552-9988", "ext. ",
     "12345", "SIP/", "Local/", "\u5206\u673a", " ", "-", "\n"]
)  # fmt: skip


MOMENTS = st.from_regex(_MOMENT, fullmatch=True)


@given(st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=40) | MOMENTS)
def test_what_it_passes_over_the_rules_leave_alone(text: str):
    for phones in (ALL, DEFAULT):
        counts: Counter[str] = Counter()
        clean = mask_phones(scrub_text(text, counts), phones, counts)
        if not may_hold_secret(text, extensions="extension" in phones.kinds):
            assert (clean, counts) == (text, Counter())
        assert scrub({"v": [text, text, "x"]}, phones)[0] == {"v": [clean, clean, "x"]}


@given(st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=40))
def test_a_rule_whose_words_are_missing_would_not_have_struck(text: str):
    for words, pattern, _, _ in _RULES:
        if text.isascii() and not any(word in text.lower() for word in words):
            assert not pattern.search(text)


def test_what_is_remembered_between_reports_is_bounded():
    phones = Phones("off")
    for batch in range(5):
        scrub([f"line {batch} {one}" for one in range(10_000)], phones)
    assert len(_found_clean(phones)) <= _MOST_REMEMBERED


def test_what_comes_again_is_counted_again():
    text = "https://app:hunter2@db"
    clean, counts = scrub([text, text, text])
    assert "hunter2" not in str(clean)
    assert counts["password"] == 3


def test_an_ordinary_line_of_code_costs_nothing():
    line = "        return self._dispatch(way, campaign, remaining)"
    assert not may_hold_secret(line, extensions=False)
