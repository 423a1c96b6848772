"""Confidential values are in no record: dots stand in their place."""

from __future__ import annotations

from appliance.domain.confidential import MASK, given_anew, set_apart
from appliance.domain.custom_fields import CustomField, Subject, Value, filled

NAMES = {"en": "Card"}
CARD = CustomField(1, Subject.CONTACT, "card", NAMES, confidential=True)
PLAIN = CustomField(2, Subject.CONTACT, "city", NAMES)
# Of the same name, and of conversations: another field, and no secret.
OTHER = CustomField(3, Subject.CONVERSATION, "card", NAMES)
KNOWN = [CARD, PLAIN, OTHER]


def kept(
    before: dict[str, Value], given: dict[str, object], subject: Subject = Subject.CONTACT
) -> tuple[dict[str, Value], dict[str, Value | None]]:
    anew = given_anew(KNOWN, subject, given)
    return set_apart(KNOWN, subject, filled(KNOWN, subject, before, anew), anew)


def test_a_record_has_dots_and_the_value_is_to_be_sealed():
    shown, secrets = kept({}, {"card": " 1101 ", "city": "Wuhan"})
    assert shown == {"card": MASK, "city": "Wuhan"}
    assert secrets == {"card": "1101"}


def test_the_dots_say_nothing_of_the_length():
    assert kept({}, {"card": "1"})[0] == kept({}, {"card": "1" * 18})[0]


def test_dots_that_are_sent_back_change_nothing():
    before: dict[str, Value] = {"card": MASK}
    assert kept(before, {"card": MASK, "city": "Xi'an"}) == ({"card": MASK, "city": "Xi'an"}, {})


def test_a_value_that_is_taken_away_is_taken_away_from_both():
    assert kept({"card": MASK}, {"card": None}) == ({}, {"card": None})


def test_what_is_not_given_is_not_sealed_again():
    assert kept({"card": MASK}, {"city": "Wuhan"})[1] == {}


def test_dots_in_a_plain_field_are_a_text_as_any():
    assert kept({}, {"card": MASK}, Subject.CONVERSATION) == ({"card": MASK}, {})
