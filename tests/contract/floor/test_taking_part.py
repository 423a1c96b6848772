"""What belongs to a chat beside its messages: marks, colleagues, notes, pages, ratings."""

from __future__ import annotations

import pytest

from appliance.domain.canned import Canned
from appliance.domain.conversation import State
from appliance.domain.marks import Marks, Side
from appliance.domain.participants import Part
from appliance.domain.rating import NotYetError
from appliance.services import talk
from appliance.services.canned_replies import TakenError, fill_in, remove_canned, save_canned
from appliance.services.marks import mark
from appliance.services.notes import Word
from appliance.services.rate import rate
from appliance.services.say_message import Saying, say_message
from appliance.services.take_part import (
    NotInvitedError,
    has_part,
    invite,
    listen,
    part,
    stop_listening,
)
from appliance.services.trouble import NotYoursError
from appliance.services.visited import visited
from appliance.store.live import SqlLive
from tests.contract.floor.test_conversations import answered


def told(house, topic: str) -> list[str]:
    return [event.kind for event in SqlLive(house.database).read(topic, 0)]


def say(house, conversation: int, agent: int | None, text: str) -> None:
    key = f"k{house.now(conversation).messages}"
    house.do(say_message, Saying(conversation, key, text, agent), 100)


def test_each_side_marks_how_far_it_is_and_the_other_one_hears_it(house):
    anna, bo, _chen = house.agents
    conversation = answered(house, anna)
    say(house, conversation, None, "hello")
    say(house, conversation, anna, "good morning")
    house.do(mark, conversation, None, delivered=2)
    both = house.do(mark, conversation, anna, read=1)
    assert both == {Side.CONTACT: Marks(2, 0), Side.AGENT: Marks(1, 1)}
    assert told(house, f"visitor/{conversation}")[-2:] == ["message.marked"] * 2
    before = len(told(house, f"conversation/{conversation}"))
    house.do(mark, conversation, anna, read=1)  # nothing new is not told
    assert len(told(house, f"conversation/{conversation}")) == before
    assert "message.marked" not in house.kinds(conversation)  # no event of the record
    with pytest.raises(NotYoursError):
        house.do(mark, conversation, bo, read=1)
    with pytest.raises(ValueError, match="cannot be marked"):
        house.do(mark, conversation, None, read=3)


def test_a_colleague_who_is_asked_in_speaks_until_they_go(house):
    anna, bo, chen = house.agents
    conversation = answered(house, anna)
    with pytest.raises(NotInvitedError, match="not signed in"):
        house.do(invite, conversation, anna, bo)
    house.ready(bo)
    with pytest.raises(NotYoursError):
        house.do(invite, conversation, chen, bo)
    (there,) = house.do(invite, conversation, anna, bo)
    assert (there.agent, there.part, there.invited_by) == (bo, Part.COLLEAGUE, anna)
    assert "conversation.join" in told(house, f"agent/{bo}")
    assert "conversation.join" in told(house, f"visitor/{conversation}")
    assert "conversation.join" in told(house, f"agent/{anna}"), "who has it is told, too"
    say(house, conversation, bo, "I know that one")
    assert house.do(part, conversation, bo, bo) == []
    assert "conversation.part" in told(house, f"agent/{anna}")
    with pytest.raises(NotYoursError):
        say(house, conversation, bo, "still here")
    assert house.now(conversation).agent == anna


def test_a_supervisor_listens_unnoticed_may_not_speak_and_takes_over(house):
    anna, _bo, boss = house.agents
    conversation = answered(house, anna)
    before = {
        topic: told(house, topic)
        for topic in (f"agent/{anna}", f"conversation/{conversation}", f"visitor/{conversation}")
    }
    house.do(listen, conversation, boss)
    assert {topic: told(house, topic) for topic in before} == before
    assert house.kinds(conversation)[-1] == "conversation.listen"
    with pytest.raises(NotYoursError):
        say(house, conversation, boss, "hello")
    house.do(talk.take_over, conversation, boss)
    assert house.now(conversation).agent == boss
    assert house.floor.read(lambda work: work.participants.of(conversation)) == []
    assert told(house, f"agent/{anna}")[-1] == "conversation.taken"
    say(house, conversation, boss, "I go on")


def test_who_listens_no_more_reads_no_more(house):
    anna, _bo, boss = house.agents
    conversation = answered(house, anna)
    house.do(listen, conversation, boss)
    may_read = lambda work: has_part(work, work.conversation(conversation), boss)  # noqa: E731
    assert house.floor.read(may_read)
    house.do(stop_listening, conversation, boss)
    assert not house.floor.read(may_read)


def test_when_it_is_closed_nobody_takes_part_any_more(house):
    anna, bo, _chen = house.agents
    conversation = answered(house, anna)
    house.ready(bo)
    house.do(invite, conversation, anna, bo)
    house.do(talk.end, conversation, anna)
    house.do(talk.close, conversation, anna)
    assert house.floor.read(lambda work: work.participants.joined_by(bo)) == []


def test_a_transfer_brings_its_note_to_agents_alone(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    house.do(talk.transfer_to_queue, conversation, anna, house.support, Word("angry", 100))
    (note,) = house.floor.read(lambda work: work.messages(conversation))
    assert (note.text, note.internal, note.agent) == ("angry", True, anna)
    assert "message.said" not in told(house, f"visitor/{conversation}")
    assert house.now(conversation).queue == house.support


def test_canned_replies_are_kept_filled_in_and_removed(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    texts = {"en": "Hello {{contact.name}}, {{agent.name}} of {{queue.name}} here"}
    kept = house.do(save_canned, Canned(0, "hi", texts), "user:1")
    text = house.floor.read(lambda work: fill_in(work, kept.id, conversation, anna, "zh-CN"))
    assert text == "Hello visitor, Anna of sales here"
    with pytest.raises(TakenError):
        house.do(save_canned, Canned(0, "hi", {"en": "x"}), "user:1")
    house.do(save_canned, Canned(kept.id, "hi", {"en": "x"}, house.sales), "user:1")
    assert [(one.texts, one.queue) for one in house.floor.read(lambda work: work.canned.all())] == [
        ({"en": "x"}, house.sales)
    ]
    house.do(remove_canned, kept.id, "user:1")
    assert house.floor.read(lambda work: work.canned.all()) == []


def test_the_last_pages_of_a_visitor_are_kept(house):
    conversation = house.come().conversation.id
    for number in (1, 2, 2, 3):
        house.do(visited, conversation, f"https://shop.example/{number}", f"Page {number}", 2)
    kept = house.floor.read(lambda work: work.visits.of(conversation))
    assert [one.title for one in kept] == ["Page 2", "Page 3"]
    assert told(house, f"conversation/{conversation}").count("message.visited") == 3


def test_a_contact_rates_once_it_is_over_and_may_change_their_mind(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    with pytest.raises(NotYetError):
        house.do(rate, conversation, 5, "")
    house.do(talk.end, conversation, None)
    house.do(rate, conversation, 2, "slow")
    house.do(talk.close, conversation, anna)
    house.do(rate, conversation, 5, " fine after all ")
    kept = house.floor.read(lambda work: work.ratings.of(conversation))
    assert (kept.stars, kept.comment, kept.agent) == (5, "fine after all", anna)
    assert house.kinds(conversation).count("conversation.rate") == 2


def test_a_message_left_at_a_full_queue_waits_all_the_same(house):
    house.change_queue(house.sales, most_waiting=1)
    house.come("a")
    left = house.come("b", leaves_message=True)
    assert left.conversation.state is State.QUEUED
