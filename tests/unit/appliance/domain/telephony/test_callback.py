"""The talk by keys in which a caller asks to be called back."""

from __future__ import annotations

import pytest

from appliance.domain.telephony.callback import MOST_DIGITS, Stage, begin, pressed, says, silent

OWN = "+8613800000000"


def may(number: str) -> bool:
    return len(number) > 4 and not number.startswith("00")


def after(own: str, keys: str):
    """After the keys; a blank is a while without one."""
    asking = begin(own, may)
    for key in keys:
        asking = silent(asking) if key == " " else pressed(asking, key, may)
    return asking


@pytest.mark.parametrize(
    ("own", "keys", "stage", "number"),
    [
        (OWN, "", Stage.CONFIRM, OWN),
        (OWN, "1", Stage.TAKEN, OWN),
        (OWN, "9", Stage.CONFIRM, OWN),
        (OWN, "*", Stage.BACK, OWN),
        (OWN, "2", Stage.TYPING, ""),
        (OWN, "2010555#", Stage.CHECK, "010555"),
        (OWN, "2010555#1", Stage.TAKEN, "010555"),
        (OWN, "2010555#2020444#1", Stage.TAKEN, "020444"),
        (OWN, " ", Stage.CONFIRM, OWN),
        (OWN, "  ", Stage.BACK, OWN),
        ("", "", Stage.TYPING, ""),  # withheld
        ("0049301234", "", Stage.TYPING, ""),  # may not be called
        ("", "12#", Stage.TYPING, ""),  # too short for anybody
        ("", "12#010555#1", Stage.TAKEN, "010555"),
        ("", "12#34#", Stage.BACK, "34"),
        ("", "010 ", Stage.TYPING, ""),
        ("", "010  ", Stage.BACK, ""),
    ],
)
def test_where_keys_lead(own, keys, stage, number):
    asking = after(own, keys)
    assert (asking.stage, asking.number) == (stage, number)


def test_a_number_that_cannot_be_called_is_said_to_be_so_until_a_key_comes():
    assert says(after("", "00123#")) == "refused"
    assert says(after("", "00123#0")) == "typing"


def test_who_leans_on_a_key_types_no_endless_number():
    assert len(after("", "1" * 200).number) == MOST_DIGITS


def test_what_is_over_stays_so():
    assert after(OWN, "12*").stage is Stage.TAKEN
