"""What happens in every state that a call can be in; afterwards nothing of it is left anywhere."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from appliance.domain.agent_state import Presence, Said
from appliance.domain.conversation import State
from appliance.domain.telephony.supervision import Rung
from appliance.services import talk
from appliance.services.answer_offer import accept_offer
from appliance.services.presence import say
from appliance.services.telephony.supervise import supervise
from tests.support.call_states import AGENT, COLLEAGUE, OWN, PLACES, SUPERVISOR, furnish
from tests.support.exchange import PATIENCE, Exchange, exchange
from tests.support.waiting import until

EXTENSIONS = ("101", "102", "103")


class InMemory:
    """Hands at the switch in memory; see `tests.support.call_states.Hands`."""

    def __init__(self, house: Exchange) -> None:
        self.house, self.floor, self.agents = house, house.floor, house.agents
        self.do, self.conversation = house.do, house.conversation
        self.caller = ""

    def calls(self, number: str, keys: Sequence[str] = ()) -> None:
        self.caller = self.house.switch.arrives(number, OWN)
        self.until(lambda: self.house.taken(self.caller), "the call to be taken")
        if keys:
            self.house.until_music(self.caller)
        for key in keys:
            self.house.switch.presses(self.caller, key)

    def picks_up(self, *agents: int, does: bool = True) -> None:
        for agent in agents:
            (self.house.switch.answering.add if does else self.house.switch.answering.discard)(
                EXTENSIONS[agent]
            )

    def party(self, *, picks_up: bool) -> None:
        (self.house.switch.answering.add if picks_up else self.house.switch.answering.discard)(OWN)

    def ready(self, agent: int) -> None:
        self.house.ready(self.agents[agent])

    def until(self, probe: Callable[[], object], what: str) -> None:
        until(
            probe,
            PATIENCE,
            what,
            lambda: (self.house.conversation(), self.house.switch),
            every=0.005,
        )

    def hears_out(self) -> None:
        self.until(self.hears, "something to be said")
        self.house.switch.played(self.caller)

    def room(self) -> int:
        name = f"call-{self.conversation().id}"
        return next((len(one.channels) for one in self.house.switch.bridges() if one.id == name), 0)

    def channels(self) -> int:
        return len(self.house.switch.channels())

    def hears(self) -> bool:
        return self.house.switch.hears(self.caller)

    def recording(self) -> bool:
        for name in self.house.switch.recordings():
            with wave.open(str(self.house.spool(name)), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(b"\1\2" * 16000)
        return bool(self.house.switch.recordings())


@pytest.fixture(scope="module")
def houses(tmp_path_factory) -> Iterator[list[Exchange]]:
    with contextlib.ExitStack() as stack:

        class Houses(list[Exchange]):
            """The one in use; another one after a test that failed."""

            def build(self) -> None:
                folder: Path = tmp_path_factory.mktemp("every")
                house = stack.enter_context(exchange(folder, agents=3))
                furnish(house.floor, house.flows, house.phones, house.queue)
                self[:] = [house]

        yield Houses()


@pytest.fixture
def hands(houses, request) -> InMemory:
    if not houses or request.session.testsfailed:
        houses.build()
    house = houses[0]
    house.switch.phones.update(EXTENSIONS)
    house.switch.answering.clear()
    return InMemory(house)


def finish(hands: InMemory, after: State) -> None:
    """It ends so; whatever is left for people to do is done, and nothing is left anywhere."""
    house, read = hands.house, hands.floor.read
    if after is State.OFFERED:
        house.until_rings("101")
        house.do(say, house.agents[0], Said.STEP_AWAY)  # who declines is asked again, if alone
        after = State.QUEUED
    hands.until(lambda: hands.conversation().state is after, f"the state {after}")
    hands.until(lambda: not house.switch.channels(), "no channel to be left")
    conversation = hands.conversation().id
    for agent in house.agents:
        for one in read(lambda work, agent=agent: list(work.held_by(agent))):
            assert one.state is State.WRAP_UP, one
            house.do(talk.close, one.id, agent)
    if after is State.QUEUED:  # it waits for the next agent, and has no telephone
        house.do(talk.leave, conversation)
    hands.until(lambda: not read(lambda work: list(work.calls.going_on())), "its end")
    hands.until(lambda: not house.switch.bridges(), "no room to be left")
    assert house.switch.recordings() == set()
    hands.until(lambda: not house.recordings.unfinished(), "recordings to be put away")
    hands.until(lambda: not read(lambda work: list(work.guests.legs())), "no colleague")
    hands.until(lambda: not read(lambda work: list(work.supervisions.all())), "no supervisor")
    assert read(lambda work: list(work.participants.of(conversation))) == []
    for agent in house.agents:
        assert house.seen(agent) in {"available", "away", "not_responding", "offline"}
        if read(lambda work, agent=agent: work.agent(agent)).presence is not Presence.OFFLINE:
            house.do(say, agent, Said.SIGN_OUT)


def leg_of(hands: InMemory, who: str) -> str:
    """A telephone of the call: the ``caller``'s, the ``agent``'s, a ``third`` one's."""
    call = hands.floor.read(lambda work: work.calls.of(hands.conversation().id))
    assert call is not None
    if who == "caller":
        return call.asked_by or call.channel
    if who == "agent":
        return call.leg
    there = (hands.house.switch.leg_of(phone) for phone in ("102", "103", OWN))
    return next((one for one in there if one), "")


def telephones(hands: InMemory) -> set[str]:
    """All that there are; ears end with them."""
    ours = (one.id for one in hands.house.switch.channels())
    return {one for one in ours if not one.startswith(("ear-", "beep-"))}


def of_all(after: str) -> list[str]:
    """The states in which there is something to happen."""
    return [name for name, place in PLACES.items() if getattr(place, after) is not None]


def to_agent(hands: InMemory) -> None:
    """The agent is free now, and picks up."""
    hands.picks_up(AGENT)
    hands.ready(AGENT)
    speak(hands)


def speak(hands: InMemory, telephones: int = 2) -> None:
    """They do."""
    hands.until(lambda: hands.conversation().state is State.ACTIVE, "a talk")
    hands.until(lambda: hands.room() == telephones, "all to be in the room")


def press(hands: InMemory) -> None:
    """The menu is asked again, and answered."""
    hands.until(lambda: len(hands.house.switch.heard(hands.caller)) == 2, "the question again")
    hands.house.switch.presses(hands.caller, "1")
    to_agent(hands)


def listen_out(hands: InMemory) -> None:
    """What was said is said again."""
    hands.until(lambda: len(hands.house.switch.heard(hands.caller)) == 2, "it to be said again")
    hands.hears_out()
    to_agent(hands)


def say_goodbye(hands: InMemory) -> None:
    """The same, and the receiver is put down."""
    heard = hands.house.switch.heard
    hands.until(lambda: heard(hands.caller)[-2:-1] == heard(hands.caller)[-1:], "it again")
    hands.hears_out()


def leave_word(hands: InMemory) -> None:
    """The caller has said all."""
    hands.house.switch.hangs_up(hands.caller)


def pick_up(hands: InMemory) -> None:
    """What rings."""
    hands.house.switch.phone_answers(hands.house.until_rings("101"))
    speak(hands)


def resume(hands: InMemory, telephones: int = 2) -> None:
    """The caller is on hold no more."""
    hands.do(talk.resume, hands.conversation().id, hands.agents[AGENT])
    speak(hands, telephones)


def hold_and_resume(hands: InMemory, others: int = 0) -> None:
    """The desk's buttons do what they say."""
    hands.do(talk.hold, hands.conversation().id, hands.agents[AGENT])
    hands.until(lambda: hands.room() == 1 + others, "the caller to be on hold")
    resume(hands, 2 + others)


def comes_in(hands: InMemory) -> None:
    """The colleague picks up."""
    hands.house.switch.phone_answers(hands.house.until_rings("102"))
    hands.until(lambda: hands.room() == 2, "the colleague")
    resume(hands, 3)


def comes_in_from_outside(hands: InMemory) -> None:
    """Whoever has the number picks up."""
    hands.house.switch.phone_answers(hands.house.switch.ringing(OWN) or "")
    hands.until(lambda: hands.room() == 2, "somebody outside")


def climb(hands: InMemory, rung: Rung) -> None:
    """The supervisor, to another rung."""
    hands.do(supervise, hands.conversation().id, hands.agents[SUPERVISOR], rung)
    caller, agent = leg_of(hands, "caller"), leg_of(hands, "agent")
    mine = leg_of(hands, "third")
    hears = {caller, agent, mine} if rung is not Rung.LISTEN else {caller, agent}
    hands.until(lambda: hands.house.switch.hears_of(agent) == hears - {agent}, "the new rung")


def call_back(hands: InMemory) -> None:
    """It is its turn."""
    hands.picks_up(AGENT)
    hands.party(picks_up=True)
    hands.ready(AGENT)
    speak(hands)


def reached(hands: InMemory) -> None:
    """Whoever is called picks up."""
    hands.until(lambda: hands.house.switch.ringing(OWN), "the number to be called")
    hands.house.switch.phone_answers(hands.house.switch.ringing(OWN))
    speak(hands)


def ring_back(hands: InMemory) -> None:
    """The agent picks up, then they."""
    hands.house.switch.phone_answers(hands.house.until_rings("101"))
    reached(hands)


GOES_ON: dict[str, tuple[Callable[[InMemory], None], State]] = {
    "menu": (press, State.WRAP_UP),
    "announcement": (listen_out, State.WRAP_UP),
    "waiting": (to_agent, State.WRAP_UP),
    "asking": (to_agent, State.WRAP_UP),
    "voicemail": (leave_word, State.QUEUED),
    "ringing": (pick_up, State.WRAP_UP),
    "bridged": (hold_and_resume, State.WRAP_UP),
    "held": (resume, State.WRAP_UP),
    "asked in": (comes_in, State.WRAP_UP),
    "consultation": (lambda hands: resume(hands, 3), State.WRAP_UP),
    "three-way": (lambda hands: hold_and_resume(hands, 1), State.WRAP_UP),
    "number asked in": (
        lambda hands: (comes_in_from_outside(hands), resume(hands, 3))[1],
        State.WRAP_UP,
    ),
    "number consulted": (lambda hands: resume(hands, 3), State.WRAP_UP),
    "blind transfer": (comes_in_from_outside, State.WRAP_UP),
    "left alone": (lambda hands: hands.until(lambda: hands.room() == 2, "both"), State.WRAP_UP),
    "listening": (lambda hands: climb(hands, Rung.WHISPER), State.WRAP_UP),
    "whispering": (lambda hands: climb(hands, Rung.JOIN), State.WRAP_UP),
    "joined": (lambda hands: climb(hands, Rung.LISTEN), State.WRAP_UP),
    "goodbye": (say_goodbye, State.QUEUED),
    "called back": (call_back, State.WRAP_UP),
    "callback ringing": (ring_back, State.WRAP_UP),
    "callback dialled": (reached, State.WRAP_UP),
    "callback bridged": (hold_and_resume, State.WRAP_UP),
    "wrap-up": (lambda _hands: None, State.WRAP_UP),
}


@pytest.mark.parametrize("name", of_all("after_caller"))
def test_the_caller_hangs_up(hands, name):
    PLACES[name].arrive(hands)
    hands.house.switch.hangs_up(leg_of(hands, "caller"))
    finish(hands, PLACES[name].after_caller)


@pytest.mark.parametrize("name", of_all("after_agent"))
def test_the_agents_phone_is_gone(hands, name):
    PLACES[name].arrive(hands)
    hands.house.switch.phones.discard("101")
    hands.house.switch.hangs_up(leg_of(hands, "agent"))
    if name == "ringing":  # the call waits on
        hands.until(lambda: hands.conversation().state is State.QUEUED, "the queue")
        hands.house.switch.hangs_up(leg_of(hands, "caller"))
        finish(hands, State.ABANDONED)
    else:
        finish(hands, PLACES[name].after_agent)


@pytest.mark.parametrize("name", of_all("third"))
def test_the_phone_of_a_third_one_is_gone_and_the_others_speak_on(hands, name):
    PLACES[name].arrive(hands)
    talks = {leg_of(hands, "caller"), leg_of(hands, "agent")}
    hands.house.switch.hangs_up(leg_of(hands, "third"))
    nobody = lambda work: not work.guests.legs() and not work.supervisions.all()  # noqa: E731
    hands.until(lambda: hands.floor.read(nobody), "them to be out")
    assert telephones(hands) == talks
    if hands.conversation().state is State.HELD:
        hands.do(talk.resume, hands.conversation().id, hands.agents[AGENT])
    hands.house.until_together(*talks)
    hands.house.switch.hangs_up(leg_of(hands, "caller"))
    finish(hands, State.WRAP_UP)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("killed", [False, True], ids=["alone", "with the appliance"])
def test_the_switch_dies_and_comes_back(hands, name, killed):
    """With the appliance it is as if everybody had hung up while nobody listened."""
    PLACES[name].arrive(hands)
    hands.house.switch.dies()
    if killed:
        hands.house.crash()
    hands.house.switch.returns()
    finish(hands, PLACES[name].after_switch)


@pytest.mark.parametrize("name", PLACES)
def test_the_appliance_is_killed_and_the_call_goes_on(hands, name):
    PLACES[name].arrive(hands)
    switch, before = hands.house.switch, hands.conversation().state
    channels = telephones(hands)
    if name == "blind transfer":  # whose agent is out when somebody answers
        channels.discard(leg_of(hands, "agent"))
    hands.house.crash()
    go_on, after = GOES_ON[name]
    go_on(hands)
    if name not in {"voicemail", "goodbye"}:  # where the caller puts the receiver down
        assert channels <= telephones(hands)
    assert before is not State.WRAP_UP or hands.conversation().state is before
    call = hands.floor.read(lambda work: work.calls.of(hands.conversation().id))
    if call is not None and not call.over and after is not State.QUEUED:
        switch.hangs_up(leg_of(hands, "caller"))
    finish(hands, after)


@pytest.mark.parametrize("name", of_all("after_agent"))
def test_the_switch_dies_and_no_other_one_comes_up(hands, name):
    PLACES[name].arrive(hands)
    hands.house.switch.dies()
    hands.house.calls.switch_has_ended()
    after = PLACES[name].after_switch
    hands.until(lambda: hands.conversation().state is after, f"the state {after}")
    assert after is State.OFFERED or hands.house.seen(hands.agents[AGENT]) != "busy"
    hands.house.switch.returns()
    finish(hands, after)


def test_two_agents_pick_up_at_once_and_one_of_them_has_the_call(hands):
    PLACES["ringing"].arrive(hands)
    switch = hands.house.switch
    first, caller = hands.house.until_rings("101"), leg_of(hands, "caller")
    hands.ready(COLLEAGUE)
    switch.held = []
    switch.phone_answers(first)  # the switch knows, and we do not yet
    hands.house.later(121)  # its time is over: the next one's turn
    hands.until(lambda: switch.ringing("102"), "the next phone to ring")
    second = switch.leg_of("102") or ""
    switch.phone_answers(second)
    while switch.held:
        switch.let_go()
    switch.held = None
    hands.until(lambda: telephones(hands) == {caller, second}, "the other phone to end")
    hands.house.until_together(caller, second)
    assert hands.conversation().agent == hands.agents[COLLEAGUE]
    assert hands.house.seen(hands.agents[AGENT]) == "not_responding"
    switch.hangs_up(caller)
    finish(hands, State.WRAP_UP)


@pytest.mark.parametrize("first", ["caller", "agent"])
def test_the_agent_picks_up_at_the_moment_in_which_the_caller_hangs_up(hands, first):
    PLACES["ringing"].arrive(hands)
    switch = hands.house.switch
    leg, caller = hands.house.until_rings("101"), leg_of(hands, "caller")
    switch.held = []
    switch.phone_answers(leg)
    switch.hangs_up(caller)
    switch.let_go(0 if first == "agent" else 1)
    switch.let_go()
    switch.held = None
    ended = lambda: hands.conversation().state in {State.ABANDONED, State.WRAP_UP}  # noqa: E731
    hands.until(ended, "the end")
    finish(hands, hands.conversation().state)


def test_an_agent_takes_the_call_at_the_desk_and_at_the_phone_at_once(hands):
    PLACES["ringing"].arrive(hands)
    switch = hands.house.switch
    leg = hands.house.until_rings("101")
    switch.held = []
    switch.phone_answers(leg)
    hands.do(accept_offer, hands.conversation().id, hands.agents[AGENT])
    switch.let_go()
    switch.held = None
    speak(hands)
    assert telephones(hands) == {leg, leg_of(hands, "caller")}
    switch.hangs_up(leg)
    finish(hands, State.WRAP_UP)
