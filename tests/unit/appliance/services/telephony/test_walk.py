"""A caller in a flow, with the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance.domain.conversation import State
from appliance.domain.hours import Hours
from appliance.domain.telephony.phones import Number
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until


def says(text: str) -> list[dict[str, str]]:
    return [{"text": text, "language": "en"}]


STEPS = {
    "hello": {"kind": "play", "say": says("hello"), "ways": {"next": "when"}},
    "when": {"kind": "hours", "queue": 1, "ways": {"open": "menu", "closed": "bye"}},
    "menu": {
        "kind": "menu", "say": says("menu"), "keys": {"1": "sales", "2": "boss"},
        "ways": {"otherwise": "bye"}, "tries": 2, "seconds": 5.0,
    },
    "sales": {"kind": "queue", "queue": 1, "ways": {"otherwise": "bye"}},
    "boss": {"kind": "transfer", "queue": 1, "agent": 2},
    "bye": {"kind": "hang_up", "say": says("bye")},
}  # fmt: skip


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        draft = found.flows.add("main", {"start": "hello", "steps": STEPS})
        found.flows.publish(draft.id, "ada")
        found.phones.keep_number(Number(NUMBER, found.queue, draft.id))
        yield found


def until_hears(house: Exchange, caller: str, what: str) -> None:
    until(lambda: house.switch.heard(caller)[-1:] == [what], 60, what, house.state, every=0.01)


def at_menu(house: Exchange) -> str:
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    until_hears(house, caller, "hello")
    house.switch.played(caller)
    until_hears(house, caller, "menu")
    return caller


def told(house: Exchange, kind: str) -> list[dict[str, object]]:
    return house.events(kind)


def test_a_key_ends_what_is_said_and_leads_to_the_queue_and_the_agent(house):
    caller = at_menu(house)
    assert house.state() is State.NEW
    assert not house.switch.hears_music(caller)
    house.switch.presses(caller, "1")
    house.until_state(State.QUEUED)
    house.until_music(caller)
    assert not house.switch.hears(caller)
    house.ready(house.agents[0])
    house.switch.phone_answers(house.until_rings("101"))
    house.until_state(State.ACTIVE)
    assert told(house, "conversation.flow") == [{"flow": "main", "version": 1}]
    assert [one["step"] for one in told(house, "conversation.step")] == ["menu", "sales"]


def test_a_menu_without_a_key_asks_again_and_then_says_goodbye(house):
    caller = at_menu(house)
    house.switch.played(caller)
    house.later(1)
    assert house.switch.heard(caller) == ["hello", "menu"]
    until(lambda: [house.later(5), len(house.switch.heard(caller))][1] == 3, 60, "again")
    house.switch.presses(caller, "7")  # leads nowhere: the second try
    until_hears(house, caller, "bye")
    house.switch.played(caller)
    house.until_state(State.CLOSED)
    house.until_clear()


def test_out_of_hours_the_other_way_is_taken(house):
    closed = replace(house.floor.read(lambda work: work.queue(house.queue)), hours=Hours("UTC", {}))
    house.floor.write(lambda work: work.save_queue(closed))
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    until_hears(house, caller, "hello")
    house.switch.played(caller)
    until_hears(house, caller, "bye")


def test_a_queue_that_is_full_leads_on(house):
    full = replace(house.floor.read(lambda work: work.queue(house.queue)), most_waiting=1)
    house.floor.write(lambda work: work.save_queue(full))
    first, second = at_menu(house), at_menu(house)
    house.switch.presses(first, "1")
    house.until_music(first)
    house.switch.presses(second, "1")
    until_hears(house, second, "bye")


def test_a_transfer_rings_at_one_agent_whoever_has_been_free_for_longer(house):
    caller = at_menu(house)
    house.ready(house.agents[0])
    house.later(1)
    house.ready(house.agents[1])
    house.switch.presses(caller, "2")
    house.until_rings("102")
    assert house.conversation().only_agent == house.agents[1] == 2


def test_a_caller_who_hangs_up_in_the_menu_leaves_nothing(house):
    caller = at_menu(house)
    house.switch.hangs_up(caller)
    house.until_state(State.ABANDONED)
    house.until_clear()


def test_after_a_crash_the_step_is_said_again_and_keys_count(house):
    caller = at_menu(house)
    house.crash()
    until(lambda: house.switch.heard(caller) == ["hello", "menu", "menu"], 60, "the menu again")
    house.switch.presses(caller, "1")
    house.until_state(State.QUEUED)


def test_a_call_keeps_the_version_with_which_it_began(house):
    caller = at_menu(house)
    (draft,) = house.flows.all()
    steps = STEPS | {"menu": STEPS["menu"] | {"keys": {"1": "bye", "2": "boss", "3": "sales"}}}
    house.flows.change(draft.id, lambda one: replace(one, form={"start": "hello", "steps": steps}))
    assert house.flows.publish(draft.id, "ada").number == 2
    house.switch.presses(caller, "1")
    house.until_state(State.QUEUED)
    another = at_menu(house)
    house.switch.presses(another, "1")
    until_hears(house, another, "bye")
    assert [one["version"] for one in told(house, "conversation.flow")] == [1, 2]


def music_after_what_is_said(house, caller: str) -> bool:
    """Whether there is; the clock may have gone on so far that two announcements follow."""
    if house.switch.hears(caller):
        house.switch.played(caller)
    return house.switch.hears_music(caller)


def test_who_waits_is_told_the_place_between_the_music(house):
    first, second = at_menu(house), at_menu(house)
    for caller in (first, second):
        house.switch.presses(caller, "1")
        house.until_music(caller)
    policy = replace(house.floor.read(lambda work: work.queue(house.queue)).phone, language="en")
    queue = replace(house.floor.read(lambda work: work.queue(house.queue)), phone=policy)
    house.floor.write(lambda work: work.save_queue(queue))
    house.later(1)
    until(lambda: [house.later(50), house.switch.hears(second)][1], 60, "the announcement")
    assert house.switch.heard(second)[-1] == "There is one caller before you."
    assert not house.switch.hears_music(second)
    until(lambda: music_after_what_is_said(house, second), 60, "music", every=0.01)
