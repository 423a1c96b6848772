"""Agents who call numbers outside, with the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance.domain.agent_state import Said
from appliance.domain.contact import Identity
from appliance.domain.conversation import State
from appliance.domain.participants import Part, Participant
from appliance.domain.telephony.dialling import NumberRefusedError
from appliance.domain.telephony.supervision import Rung
from appliance.services import talk
from appliance.services.presence import say
from appliance.services.telephony.call_out import NotCalledError, Wanted, call_out
from appliance.services.telephony.supervise import NotSupervisedError, supervise
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until

OUTSIDE = "+8613800000000"


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        queue = found.floor.read(lambda work: work.queue(found.queue))
        policy = replace(queue.phone, number="4000", record=True)
        found.floor.write(lambda work: work.save_queue(replace(queue, phone=policy)))
        found.ready(found.agents[0])
        yield found


def begin(house: Exchange, **wanted):
    agent = house.agents[0]
    wanted = Wanted(**{"number": "+86 138-0000-0000", **wanted})
    return house.do(call_out, agent, wanted, house.desk.dialling)


def until_dialled(house: Exchange) -> str:
    what = f"{OUTSIDE} to be called"
    return until(lambda: house.switch.ringing(OUTSIDE), 60, what, house.state, every=0.01) or ""


def calling(house: Exchange) -> tuple[str, str]:
    """The agent has picked up, and the number rings; both legs."""
    begin(house)
    leg = house.until_rings("101")
    assert not house.switch.dialled
    house.switch.phone_answers(leg)
    return leg, until_dialled(house)


def test_the_agents_phone_rings_first_and_then_the_number_and_they_speak(house):
    leg, out = calling(house)
    kept = house.conversation()
    assert (kept.state, kept.channel, kept.queue) == (State.ACTIVE, "outbound", house.queue)
    assert kept.answered_at is None
    assert house.switch.shown(out) == "4000"
    until(lambda: house.switch.hears_ringing(leg), 60, "ringing", every=0.01)
    assert not house.switch.recordings()
    house.switch.phone_answers(out)
    house.until_together(leg, out)
    assert house.conversation().answered_at is not None
    until(house.switch.recordings, 60, "the recording", every=0.01)  # by the queue's policy
    house.switch.hangs_up(out)
    house.until_state(State.WRAP_UP)
    house.until_clear()
    house.do(talk.close, kept.id, house.agents[0], "sold")
    assert house.conversation().disposition == "sold"
    known = house.floor.read(lambda work: work.contacts_of([Identity("number", OUTSIDE)]))
    assert list(known.values()) == [kept.contact]


def test_who_was_called_is_known_when_they_call(house):
    _leg, out = calling(house)
    contact = house.conversation().contact
    house.switch.phone_answers(out)
    house.switch.hangs_up(out)
    house.until_state(State.WRAP_UP)
    house.switch.arrives(NUMBER, OUTSIDE)
    until(lambda: house.conversation().channel == "phone", 60, "the caller", every=0.01)
    assert house.conversation().contact == contact


def test_while_it_goes_on_the_agent_is_offered_nothing(house):
    calling(house)
    house.switch.arrives(NUMBER, "+8613900000000")
    house.until_state(State.QUEUED)
    house.later(1)
    assert house.state() is State.QUEUED


def begun(house, moment):
    """A call until the agent's phone or the number rings, or both speak; with the two channels."""
    one, out = begin(house), ""
    leg = house.until_rings("101")
    if moment != "phone":
        house.switch.phone_answers(leg)
        out = until_dialled(house)
        if moment == "speaks":
            house.switch.phone_answers(out)
            house.until_together(leg, out)
    return one, leg, out


@pytest.mark.parametrize("moment", ["phone", "number"])
def test_nobody_listens_to_a_call_before_somebody_answered_it(house, moment):
    one, _leg, _out = begun(house, moment)
    with pytest.raises(NotSupervisedError) as refused:
        house.do(supervise, one.id, house.agents[1], Rung.LISTEN)
    assert refused.value.kind == "supervise-not-spoken"


def test_a_supervisor_listens_once_it_is_answered(house):
    one, _leg, _out = begun(house, "speaks")
    house.do(supervise, one.id, house.agents[1], Rung.LISTEN)
    house.until_rings("102")


@pytest.mark.parametrize("moment", ["phone", "number", "speaks"])
def test_an_agent_who_ends_it_at_the_desk_leaves_nothing(house, moment):
    one, _leg, _out = begun(house, moment)
    house.do(talk.end, one.id, house.agents[0])
    house.until_clear()
    assert house.state() is State.WRAP_UP


@pytest.mark.parametrize("moment", ["phone", "number", "speaks"])
def test_a_kill_of_the_appliance_goes_on_where_it_was(house, moment):
    _one, leg, out = begun(house, moment)
    house.crash()
    if moment == "phone":
        house.switch.phone_answers(house.until_rings("101"))
    if moment != "speaks":
        out = until_dialled(house)
        house.switch.phone_answers(out)
    house.until_together(leg, out)
    assert house.switch.dialled == [OUTSIDE]
    house.switch.hangs_up(leg)
    house.until_clear()


def test_an_agent_whose_phone_was_put_down_while_the_appliance_was_away_is_not_rung_again(house):
    leg, _out = calling(house)
    house.calls.stop()
    house.switch.hangs_up(leg)
    house.crash()
    house.until_state(State.WRAP_UP)
    house.until_clear()
    assert house.events("conversation.end")[0]["because"] == "agent"


def test_whoever_is_busy_leaves_the_agent_with_the_reason_and_the_work_after_it(house):
    _leg, out = calling(house)
    house.switch.phone_declines(out)
    house.until_state(State.WRAP_UP)
    house.until_clear()
    call = house.floor.read(lambda work: work.calls.of(house.conversation().id))
    assert (call.outcome, call.reached) == ("busy", False)
    assert house.events("conversation.end")[0]["because"] == "busy"


def test_a_phone_that_cannot_ring_ends_it_at_once_and_leaves_no_work(house):
    house.switch.phones.clear()
    begin(house)
    house.until_state(State.CLOSED)
    house.until_clear()
    assert house.events("conversation.unreached")[0]["because"] == "no_phone"
    assert house.seen(house.agents[0]) == "available"


def test_for_a_conversation_its_contact_is_called_who_has_the_number_from_then_on(house):
    house.switch.arrives(NUMBER, "+8613700000000")
    house.switch.phone_answers(house.until_rings("101"))
    house.until_state(State.ACTIVE)
    first = house.conversation()
    house.do(talk.end, first.id, house.agents[0])
    house.until_clear()
    begin(house, about=first.id)
    assert house.conversation().contact == first.contact
    known = house.floor.read(lambda work: work.contacts_of([Identity("number", OUTSIDE)]))
    assert list(known.values()) == [first.contact]


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ({"number": "12a"}, "dial-form"),
        ({"number": "+1 555"}, "dial-not-allowed"),
        ({"queue": "other"}, "dial-not-your-queue"),
    ],
)
def test_what_is_wrong_with_the_number_or_the_queue_is_said(house, wanted, kind):
    if "queue" in wanted:
        queue = house.floor.read(lambda work: work.queue(house.queue))
        other = house.floor.write(lambda work: work.save_queue(replace(queue, id=0, name="other")))
        wanted = {"queue": other.id}
    with pytest.raises((NumberRefusedError, NotCalledError)) as refused:
        begin(house, **wanted)
    assert refused.value.kind == kind
    assert house.state() is None


def test_while_an_update_waits_no_call_begins_and_one_that_rings_goes_on(house, monkeypatch):
    _leg, out = calling(house)
    monkeypatch.setattr(house.floor, "_drained", lambda: True)
    with pytest.raises(NotCalledError) as refused:
        begin(house)
    assert refused.value.kind == "dial-updating"
    house.switch.phone_answers(out)
    until(lambda: house.conversation().answered_at, 60, "the talk", every=0.01)
    house.switch.hangs_up(out)
    house.until_clear()


def test_an_agent_who_is_on_the_phone_or_offline_or_in_no_queue_calls_nobody(house):
    agent = house.agents[0]

    def refused() -> str:
        with pytest.raises(NotCalledError) as error:
            begin(house)
        return error.value.kind

    one = begin(house)
    assert refused() == "dial-busy"
    house.do(talk.end, one.id, agent)
    house.until_clear()
    house.do(talk.close, one.id, agent)
    other = house.do(call_out, house.agents[1], Wanted("010"), house.desk.dialling) if (
        house.do(say, house.agents[1], Said.SIGN_IN)
    ) else None  # fmt: skip
    assert other is not None
    house.do(
        lambda work: work.participants.set(
            Participant(other.id, agent, Part.COLLEAGUE, work.now, house.agents[1])
        )
    )
    assert refused() == "dial-busy"
    house.do(talk.end, other.id, house.agents[1])
    person = house.floor.read(lambda work: work.agent(agent))
    house.floor.write(lambda work: work.save_agent(replace(person, queues=frozenset())))
    assert refused() == "dial-no-queue"
    house.do(say, agent, Said.SIGN_OUT)
    assert refused() == "dial-offline"
