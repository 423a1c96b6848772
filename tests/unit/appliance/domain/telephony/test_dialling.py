"""Which numbers outside may be called."""

from __future__ import annotations

import pytest

from appliance.domain.telephony.dialling import Dialling, NumberRefusedError

RULES = Dialling(possible=True, allowed=("0", "+86", "00491"), denied=("00", "+8616", "0900"))


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("010 5550-1234", "01055501234"),
        ("+86 (138) 0000.0000", "+8613800000000"),
        ("0049172000000", "0049172000000"),  # the longest prefix decides
    ],
)
def test_what_is_allowed_is_dialled_without_what_people_write_between(number, dialled):
    assert RULES.judge(number) == dialled


@pytest.mark.parametrize(
    ("rules", "number", "kind"),
    [
        (RULES, "0044200000000", "dial-not-allowed"),
        (RULES, "09001234567", "dial-not-allowed"),
        (RULES, "+861600000000", "dial-not-allowed"),
        (RULES, "+4930123456", "dial-not-allowed"),  # no prefix fits
        (RULES, "sip:anna@example.org", "dial-form"),
        (RULES, "1", "dial-form"),
        (RULES, "010#21#", "dial-form"),
        (Dialling(possible=True), "010", "dial-not-allowed"),
        (Dialling(allowed=("*",)), "010", "dial-no-trunk"),
        (Dialling(possible=True, allowed=("0",), denied=("0",)), "010", "dial-not-allowed"),
    ],
)
def test_all_else_is_refused_with_its_reason(rules, number, kind):
    with pytest.raises(NumberRefusedError) as refused:
        rules.judge(number)
    assert refused.value.kind == kind
    assert not rules.allows(number)


def test_a_star_is_every_number_and_still_less_than_a_prefix():
    rules = Dialling(possible=True, allowed=("*",), denied=("00",))
    assert rules.allows("12345")
    assert not rules.allows("0012345")


def test_pauses_grow_and_end():
    rules = Dialling(tries=4, pause=5)
    assert [rules.pause_after(tries) for tries in (1, 2, 3, 4)] == [5, 10, 20, None]
