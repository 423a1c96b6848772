"""Tags, dispositions and away reasons that an administrator keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.labels import (
    Colour,
    Label,
    LabelKind,
    check_away,
    check_disposition,
    offered,
)
from appliance.domain.names import WrongInputError


def disposition(word: str, **more: object) -> Label:
    return Label(1, LabelKind.DISPOSITION, word, {"en": word.title()}, **more)  # type: ignore[arg-type]


SOLVED, SOLD = disposition("solved", position=2), disposition("sold", queues=frozenset({7}))
RETIRED = disposition("lost", retired=True)
VIP = Label(4, LabelKind.TAG, "vip", {"zh-CN": "贵宾"})
ALL = [SOLVED, SOLD, RETIRED, VIP]


def test_a_queue_offers_its_own_and_those_of_all_in_their_order_and_nothing_retired():
    assert offered(ALL, LabelKind.DISPOSITION, 7) == [SOLD, SOLVED]
    assert offered(ALL, LabelKind.DISPOSITION, 8) == [SOLVED]
    assert offered(ALL, LabelKind.TAG, 8) == [VIP]


def test_how_it_went_is_one_of_what_the_queue_offers_or_nothing():
    check_disposition(ALL, 7, "sold")
    check_disposition(ALL, 7, "")
    for word in ("sold", "lost", "vip", "anything"):
        with pytest.raises(WrongInputError):
            check_disposition(ALL, 8, word)


def test_where_nothing_is_offered_any_word_is_taken():
    check_disposition([SOLD, RETIRED, VIP], 8, "anything")


@pytest.mark.parametrize("word", ["", "  ", "a,b", "a\uff0cb", "x" * 41])
def test_a_word_that_agents_could_not_type_is_refused(word):
    with pytest.raises(WrongInputError):
        disposition(word)


def test_tags_are_of_no_queue():
    with pytest.raises(WrongInputError):
        Label(0, LabelKind.TAG, "vip", {"en": "VIP"}, queues=frozenset({1}))


def test_an_away_reason_is_one_that_is_offered_even_where_none_is():
    lunch = Label(5, LabelKind.AWAY, "lunch", {"en": "Lunch"})
    check_away([*ALL, lunch], "lunch")
    check_away([], "")
    for labels, word in (([*ALL, lunch], "vip"), ([replace(lunch, retired=True)], "lunch")):
        with pytest.raises(WrongInputError):
            check_away(labels, word)


def test_an_away_reason_has_no_colour():
    with pytest.raises(WrongInputError):
        Label(0, LabelKind.AWAY, "lunch", {"en": "Lunch"}, Colour.RED)
