"""The quick look lets nothing through that the rules would take out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comm_server.scrub import KINDS, Phones, scrub
from comm_server.scrub.keys import is_number_key, is_secret_key
from comm_server.scrub.phones import mask_phones
from comm_server.scrub.quick import is_number, is_secret, may_hold_secret
from comm_server.scrub.values import scrub_text

ALL = Phones("all", KINDS)
DEFAULT = Phones()
PARTS = st.sampled_from(
    ["-----BEGIN PRIVATE KEY-----", "eyJ", "aaaaaaaa", ".", "Bearer ", "BASIC ", "://", "u:p@",
     "PassWord", "pa\u017f\u017fword", "to\u212aen", "secret", "api_key", "APIKEY", "='", "x' ",
     "4111 1111 1111 1111", "+49 30 1234567", "13812345678", "(010)", " 6552-9988", "ext. ",
     "12345", "SIP/", "Local/", "\u5206\u673a", " ", "-", "\n"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=40))
def test_what_it_passes_over_the_rules_leave_alone(text: str):
    for phones in (ALL, DEFAULT):
        counts: Counter[str] = Counter()
        clean = mask_phones(scrub_text(text, counts), phones, counts)
        if not may_hold_secret(text, extensions="extension" in phones.kinds):
            assert (clean, counts) == (text, Counter())
        assert scrub({"v": [text, text, "x"]}, phones)[0] == {"v": [clean, clean, "x"]}


def test_what_comes_again_is_counted_again():
    text = "https://app:hunter2@db"
    clean, counts = scrub([text, text, text])
    assert "hunter2" not in str(clean)
    assert counts["password"] == 3


@pytest.mark.parametrize("key", ["password", "PASSWORD-2", "pin", "spinner", "caller_id", "x" * 99])
def test_keys_are_judged_as_by_the_rules(key: str):
    for _ in range(2):  # the second answer is remembered
        assert is_secret(key) == is_secret_key(key)
        assert is_number(key) == is_number_key(key)


def test_an_ordinary_line_of_code_costs_nothing():
    line = "        return self._dispatch(way, campaign, remaining)"
    assert not may_hold_secret(line, extensions=False)
