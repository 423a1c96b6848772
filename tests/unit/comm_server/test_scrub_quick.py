"""The quick look lets nothing through that the rules would take out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from comm_server.scrub import KINDS, Phones, scrub
from comm_server.scrub.phones import mask_phones
from comm_server.scrub.quick import _MOMENT, may_hold_secret
from comm_server.scrub.values import scrub_text

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


def test_what_comes_again_is_counted_again():
    text = "https://app:hunter2@db"
    clean, counts = scrub([text, text, text])
    assert "hunter2" not in str(clean)
    assert counts["password"] == 3


def test_an_ordinary_line_of_code_costs_nothing():
    line = "        return self._dispatch(way, campaign, remaining)"
    assert not may_hold_secret(line, extensions=False)
