from __future__ import annotations

from collections import Counter

import pytest

from comm_server.grouping.normalise import normalise_message
from comm_server.scrub import KINDS, Phones, scrub
from comm_server.scrub.phones import mask_phones
from comm_server.settings import ScrubSettings
from common.errors import OperatorError

EVERY = Phones("last4", KINDS)


def masked(text: str, phones: Phones = EVERY) -> str:
    return mask_phones(text, phones, Counter())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call 13812345678 failed", "call [phone *5678] failed"),
        ("请回拨13812345678谢谢", "请回拨[phone *5678]谢谢"),
        ("+86 138 1234 5678,", "[phone *5678],"),
        ("8613812345678", "[phone *5678]"),
        ("0086-13812345678", "[phone *5678]"),
        ("138-1234-5678.", "[phone *5678]."),
        ("sip:13812345678@pbx", "sip:[phone *5678]@pbx"),
        ("010-87654321", "[phone *4321]"),
        ("(021)6234 5678", "[phone *5678]"),
        ("0755-2345678转8001", "[phone *8001]"),
        ("02162345678", "[phone *5678]"),
        ("+86 10 8765 4321", "[phone *4321]"),
        ("+44 20 7946 0958", "[phone *0958]"),
        ("to +1 (202) 555-0143!", "to [phone *0143]!"),
        ("分机8001 忙", "分机[phone] 忙"),
        ("PJSIP/8001-0000", "PJSIP/[phone]-0000"),
        ("ext. 204", "ext. [phone]"),
    ],
)
def test_numbers_are_masked_and_the_text_around_them_stays(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "at 2026-11-21T08:30:00.000Z",
        "1795249800000 ms",  # a time
        "0x13812345678",
        "f13812345678a",
        "12812345678",  # no mobile network
        "3.13812345678",
        "01234567-89ab-4cde-8f01-021623456789",
        "exit code 204, line 8001",
        "10.0.0.13812345678",
        "version 1.2.3-13812345678",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert masked(text) == text


def test_the_administrator_decides_how_much_and_which() -> None:
    text = "13812345678 and 010-87654321"
    assert masked(text, Phones("off", KINDS)) == text
    assert masked(text, Phones("all", KINDS)) == "[phone] and [phone]"
    assert masked(text, Phones("all", ("cn-landline",))) == "13812345678 and [phone]"
    assert masked("ext 204", Phones()) == "ext 204"  # not by default: it names a seat


def test_a_report_is_masked_everywhere_and_counted() -> None:
    event = {
        "message": "13812345678 hung up",
        "extra": {"caller": 13812345678, "free_bytes": 16777216000, "numbers": ["+442079460958"]},
    }
    clean, counts = scrub(event)
    assert clean == {
        "message": "[phone *5678] hung up",
        "extra": {
            "caller": "[phone *5678]",
            "free_bytes": 16777216000,
            "numbers": ["[phone *0958]"],
        },
    }
    assert counts == {"phone": 3}


def test_a_number_with_its_country_code_is_no_payment_card() -> None:
    clean, counts = scrub("+86 138 1234 5678")  # its 13 digits pass the cards' check
    assert (clean, counts) == ("[phone *5678]", {"phone": 1})
    assert scrub("+8613812345678", Phones("off"))[0] == "+8613812345678"


def test_calls_of_two_numbers_are_still_one_problem() -> None:
    one, other = (normalise_message(masked(f"call {n} failed")) for n in (13812345678, 15987654321))
    assert one == other


@pytest.mark.parametrize("mode", ["off", "last4", "all"])
def test_what_is_masked_does_not_change_what_is_one_problem(mode: str) -> None:
    said = {
        normalise_message(masked(f"call {n} failed", Phones(mode, KINDS)))
        for n in (13812345678, 42, "010-87654321".replace("-", ""))
    }
    assert said == {"call <n> failed"}


def test_a_megabyte_of_digits_takes_no_time_of_note() -> None:
    for text in ("1" * 1_000_000, "+1 " * 300_000, "(021)" * 200_000, "138 " * 250_000):
        masked(text)


def test_a_kind_that_does_not_exist_is_refused_in_words() -> None:
    with pytest.raises(OperatorError, match="fax, but knows only cn-mobile"):
        ScrubSettings(phone_kinds=("cn-mobile", "fax"))
