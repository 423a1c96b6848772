"""What an administrator lets agents fill in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.domain.custom_fields import CustomField, FieldKind, Subject, filled, in_use, missing
from appliance.domain.desk import Contact, merged
from appliance.domain.names import WrongInputError

NAMES = {"en": "Order", "zh-CN": "订单"}


def field(key: str, kind: FieldKind = FieldKind.TEXT, **more: object) -> CustomField:
    return CustomField(1, Subject.CONTACT, key, NAMES, kind, **more)  # type: ignore[arg-type]


KNOWN = [
    field("order"),
    field("count", FieldKind.NUMBER),
    field("size", FieldKind.CHOICE, choices=("small", "large")),
    field("due", FieldKind.DATE),
    field("paid", FieldKind.YES_NO, required=True),
    field("old", retired=True, required=True),
]


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("order", "  A 17 ", "A 17"),
        ("count", 3, 3),
        ("count", 0.5, 0.5),
        ("size", "large", "large"),
        ("due", "2026-03-31", "2026-03-31"),
        ("paid", False, False),
    ],
)
def test_each_kind_takes_what_is_of_its_kind(key, value, kept):
    assert filled(KNOWN, Subject.CONTACT, {}, {key: value}) == {key: kept}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("order", 17), ("order", "x" * 1001), ("count", "3"), ("count", True),
        ("count", float("nan")), ("count", 10**16), ("size", "medium"), ("due", "31.3.2026"),
        ("due", "2026-02-30"), ("paid", "yes"), ("old", "x"), ("strange", "x"), ("order", ["x"]),
    ],
)  # fmt: skip
def test_what_is_not_of_its_kind_is_refused_by_the_name_of_the_field(key, value):
    with pytest.raises(WrongInputError) as refused:
        filled(KNOWN, Subject.CONTACT, {}, {key: value})
    assert refused.value.where == key


def test_null_or_an_empty_text_takes_away_and_what_is_not_given_stays_even_when_retired():
    before = {"order": "A", "count": 1, "old": "kept"}
    after = filled(KNOWN, Subject.CONTACT, before, {"order": " ", "count": None})
    assert after == {"old": "kept"}
    assert before["order"] == "A"


def test_a_no_is_filled_in_and_what_is_retired_is_not_missed():
    assert missing(KNOWN, Subject.CONTACT, {}) == KNOWN[4]
    assert missing(KNOWN, Subject.CONTACT, {"paid": False}) is None
    assert missing(KNOWN, Subject.CONVERSATION, {}) is None


def test_fields_stand_in_their_order():
    later, first = field("later", position=2), field("first", position=1)
    assert [one.key for one in in_use([later, first], Subject.CONTACT)] == ["first", "later"]


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"key": "Order"}, "key"), ({"key": "1st"}, "key"), ({"key": ""}, "key"),
        ({"names": {}}, "names"), ({"names": {"en": " "}}, "names"),
        ({"names": {"fr": "Commande"}}, "names"), ({"names": {"en": "x" * 61}}, "names"),
        ({"kind": FieldKind.CHOICE}, "choices"), ({"choices": ("a",)}, "choices"),
        ({"kind": FieldKind.CHOICE, "choices": ("x" * 61,)}, "choices"),
    ],
)  # fmt: skip
def test_a_field_that_nobody_could_fill_in_is_refused(wanted, where):
    with pytest.raises(WrongInputError) as refused:
        CustomField(0, Subject.CONTACT, **{"key": "order", "names": NAMES, **wanted})
    assert refused.value.where == where


def test_a_contact_who_turns_out_to_be_another_keeps_what_is_known_of_both():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    one = Contact(1, "", at, frozenset({"vip"}), "calls back", {"order": "A"})
    other = Contact(2, "Li", at, frozenset({"late"}), "by night", {"order": "B", "paid": True})
    both = merged(one, [other])
    assert (both.id, both.name, both.tags) == (1, "Li", {"vip", "late"})
    assert both.note.split("\n") == ["calls back", "by night"]
    assert both.fields == {"order": "A", "paid": True}
