"""Every state that a call can be in, and how it comes there: for what happens in each of them.

A state is reached by people alone: somebody calls and presses keys, phones are picked up or not,
agents press the desk's buttons. So the same states are there on the switch in memory and on the
real one (`Hands`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from appliance.domain.conversation import State
from appliance.domain.queue import Queue
from appliance.domain.records import Conversation
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.phones import Number
from appliance.domain.telephony.supervision import Rung
from appliance.domain.work import Floor
from appliance.services import talk
from appliance.services.take_part import invite
from appliance.services.telephony.numbers import ask_number, hand_over_to_number
from appliance.services.telephony.supervise import supervise
from appliance.store.flows import SqlFlows
from appliance.store.phones import SqlPhones

QUEUE, MENU, BOX, PLAY = "100", "200", "300", "400"  # numbers that are called
OWN = "+8613800000000"  # the caller's, and whoever is called outside
_RULES = Dialling(possible=True, allowed=("*",))
AGENT, COLLEAGUE, SUPERVISOR = 0, 1, 2
_SAY = [{"text": "Good day. " * 20, "language": "en"}]


class Hands(Protocol):
    """Who has telephones, and what is seen of the call."""

    floor: Floor
    agents: list[int]

    def calls(self, number: str, keys: Sequence[str] = ()) -> None:
        """The caller calls, and presses these keys when they are asked for."""

    def picks_up(self, *agents: int, does: bool = True) -> None:
        """These agents sit at their phones, and will pick up, or let it ring."""

    def party(self, *, picks_up: bool) -> None:
        """Whoever is called back will pick up, or lets it ring."""

    def ready(self, agent: int) -> None:
        """An agent, by index, may be offered something."""

    def do(self, use_case: Callable[..., object], *arguments: object) -> object:
        """Somebody presses a button of the desk."""

    def conversation(self) -> Conversation:
        """The newest."""

    def until(self, probe: Callable[[], object], what: str) -> None:
        """Wait for something to be so."""

    def hears_out(self) -> None:
        """The caller listens to the end."""

    def room(self) -> int:
        """How many hear each other in the call's own room."""

    def channels(self) -> int:
        """How many the switch has, those that record among them not."""

    def hears(self) -> bool:
        """Whether something is being said to the caller."""

    def recording(self) -> bool:
        """Whether the caller's words are being recorded."""


def furnish(floor: Floor, flows: SqlFlows, phones: SqlPhones, queue: int) -> None:
    """The numbers that the states call; the queue records, and calls back by the key 1."""
    menu = {
        "start": "menu",
        "steps": {
            "menu": {"kind": "menu", "say": _SAY, "keys": {"1": "sales"}, "seconds": 20,
                     "ways": {"otherwise": "bye"}},
            "sales": {"kind": "queue", "queue": queue},
            "bye": {"kind": "hang_up"},
        },
    }  # fmt: skip
    play = {
        "start": "hello",
        "steps": {
            "hello": {"kind": "play", "say": _SAY, "ways": {"next": "sales"}},
            "sales": {"kind": "queue", "queue": queue},
        },
    }
    box = {"start": "box", "steps": {"box": {"kind": "voicemail", "queue": queue,
           "say": [{"text": "Speak.", "language": "en"}]}}}  # fmt: skip
    for number, flow in ((MENU, menu), (BOX, box), (PLAY, play)):
        draft = flows.add(number, flow)
        flows.publish(draft.id, "ada")
        phones.keep_number(Number(number, queue, draft.id))

    def policy(work) -> Queue:
        found = work.queue(queue)
        phone = replace(found.phone, callback="1", language="en", record=True, announce=10.0)
        return work.save_queue(replace(found, ring=120.0, phone=phone))

    floor.write(policy)


def menu(hands: Hands) -> None:
    """The caller is asked to press a key."""
    hands.calls(MENU)
    hands.until(hands.hears, "the question")


def announcement(hands: Hands) -> None:
    """The caller hears something that is said to all."""
    hands.calls(PLAY)
    hands.until(hands.hears, "what is said")


def waiting(hands: Hands) -> None:
    """In the queue, with music."""
    hands.calls(QUEUE)
    _until_state(hands, State.QUEUED)


def asking(hands: Hands) -> None:
    """In the queue, and has asked to be called back; not agreed yet."""
    hands.calls(QUEUE, keys=["1"])
    _until_state(hands, State.QUEUED)
    hands.until(hands.hears, "the question")


def voicemail(hands: Hands) -> None:
    """The caller speaks after the tone."""
    hands.calls(BOX)
    hands.hears_out()
    hands.until(hands.recording, "the tone")


def ringing(hands: Hands) -> None:
    """The agent's phone rings."""
    hands.picks_up(AGENT, does=False)
    waiting(hands)
    hands.ready(AGENT)
    _until_state(hands, State.OFFERED)
    hands.until(lambda: hands.channels() == 2, "the phone to ring")


def bridged(hands: Hands) -> None:
    """They speak."""
    hands.picks_up(AGENT)
    waiting(hands)
    hands.ready(AGENT)
    _until_state(hands, State.ACTIVE)
    _until_they_speak(hands)


def held(hands: Hands) -> None:
    """The caller hears music beside the agent."""
    bridged(hands)
    hands.do(talk.hold, hands.conversation().id, hands.agents[AGENT])
    hands.until(lambda: hands.room() == 1, "the caller to be held")


def asked_in(hands: Hands) -> None:
    """A colleague's phone rings, the caller is on hold."""
    held(hands)
    _ask_in(hands, does=False)
    hands.until(lambda: hands.channels() == 3, "the colleague's phone to ring")


def consultation(hands: Hands) -> None:
    """The agent and a colleague speak, the caller is on hold."""
    held(hands)
    _ask_in(hands, does=True)
    hands.until(lambda: hands.room() == 2, "the colleague")


def three_way(hands: Hands) -> None:
    """All three speak."""
    consultation(hands)
    hands.do(talk.resume, hands.conversation().id, hands.agents[AGENT])
    hands.until(lambda: hands.room() == 3, "all three")


def number_asked_in(hands: Hands) -> None:
    """A number outside rings, the caller is on hold."""
    held(hands)
    hands.party(picks_up=False)
    _ask_number(hands)
    hands.until(lambda: hands.channels() == 3, "the number to ring")


def number_consulted(hands: Hands) -> None:
    """The agent and somebody outside speak, the caller is on hold."""
    held(hands)
    hands.party(picks_up=True)
    _ask_number(hands)
    hands.until(lambda: hands.room() == 2, "somebody outside")


def blind_transfer(hands: Hands) -> None:
    """The caller hears music until somebody outside answers."""
    bridged(hands)
    hands.party(picks_up=False)
    _ask_number(hands, blind=True)
    hands.until(lambda: hands.channels() == 3, "the number to ring")
    hands.until(lambda: hands.room() == 1, "the caller to be held")


def left_alone(hands: Hands) -> None:
    """The caller and somebody outside speak on, the agent has still to write."""
    number_consulted(hands)
    hands.do(hand_over_to_number, hands.conversation().id, hands.agents[AGENT], OWN)
    hands.until(lambda: hands.channels() == 2, "the agent's phone to end")
    hands.until(lambda: hands.room() == 2, "both to speak")


def listening(hands: Hands, rung: Rung = Rung.LISTEN) -> None:
    """A supervisor hears both."""
    bridged(hands)
    hands.picks_up(SUPERVISOR)
    hands.do(supervise, hands.conversation().id, hands.agents[SUPERVISOR], rung)
    spoken = lambda work: [one.spoken and bool(one.ear) for one in work.supervisions.all()]  # noqa: E731
    if rung is Rung.JOIN:
        hands.until(lambda: hands.room() == 3, "the supervisor to join")
    else:
        hands.until(lambda: hands.floor.read(spoken) == [True], "the supervisor to hear")


def whispering(hands: Hands) -> None:
    """A supervisor speaks with the agent alone."""
    listening(hands, Rung.WHISPER)


def joined(hands: Hands) -> None:
    """A supervisor speaks with both."""
    listening(hands, Rung.JOIN)


def goodbye(hands: Hands) -> None:
    """The caller will be called back, and still hears that."""
    hands.calls(QUEUE, keys=["1", "1"])
    _until_state(hands, State.QUEUED)
    hands.until(lambda: hands.conversation().channel == "callback", "a callback")
    hands.until(hands.hears, "the goodbye")


def called_back(hands: Hands) -> None:
    """The callback keeps its place; nobody is at a telephone."""
    goodbye(hands)
    hands.hears_out()
    hands.until(lambda: hands.channels() == 0, "the receiver to be put down")


def callback_ringing(hands: Hands) -> None:
    """It is its turn, and the agent's phone rings."""
    called_back(hands)
    hands.picks_up(AGENT, does=False)
    hands.ready(AGENT)
    _until_state(hands, State.OFFERED)
    hands.until(lambda: hands.channels() == 1, "the phone to ring")


def callback_dialled(hands: Hands) -> None:
    """The agent has picked up, and the number is called."""
    called_back(hands)
    hands.party(picks_up=False)
    _picked_up(hands)
    hands.until(lambda: hands.channels() == 2, "the number to be called")


def callback_bridged(hands: Hands) -> None:
    """They were reached, and speak."""
    called_back(hands)
    hands.party(picks_up=True)
    _picked_up(hands)
    _until_they_speak(hands)


def wrap_up(hands: Hands) -> None:
    """They have parted; the agent has still to write."""
    bridged(hands)
    hands.do(talk.end, hands.conversation().id, hands.agents[AGENT])
    hands.until(lambda: hands.channels() == 0, "the phones to end")


@dataclass(frozen=True)
class Place:
    """One of the states; ``after…`` is the conversation's state once that has happened.

    Attributes:
        arrive: how a call comes there.
        after_caller: the caller (or the one who is called) is gone; None: nobody is there.
        after_agent: the agent's phone is gone; None: there is none, or nothing hangs on it.
        after_switch: the switch has died.
        third: the phone of a colleague, a supervisor or a number outside is there.
    """

    arrive: Callable[[Hands], None]
    after_caller: State | None
    after_agent: State | None
    after_switch: State
    third: int | None = None


_LEFT, _WRAP, _QUEUED = State.ABANDONED, State.WRAP_UP, State.QUEUED
PLACES: dict[str, Place] = {
    "menu": Place(menu, _LEFT, None, _LEFT),
    "announcement": Place(announcement, _LEFT, None, _LEFT),
    "waiting": Place(waiting, _LEFT, None, _LEFT),
    "asking": Place(asking, _LEFT, None, _LEFT),
    "voicemail": Place(voicemail, _QUEUED, None, _QUEUED),
    "ringing": Place(ringing, _LEFT, _QUEUED, _LEFT),
    "bridged": Place(bridged, _WRAP, _WRAP, _WRAP),
    "held": Place(held, _WRAP, _WRAP, _WRAP),
    "asked in": Place(asked_in, _WRAP, _WRAP, _WRAP, COLLEAGUE),
    "consultation": Place(consultation, _WRAP, _WRAP, _WRAP, COLLEAGUE),
    "three-way": Place(three_way, _WRAP, _WRAP, _WRAP, COLLEAGUE),
    "number asked in": Place(number_asked_in, _WRAP, _WRAP, _WRAP, COLLEAGUE),
    "number consulted": Place(number_consulted, _WRAP, _WRAP, _WRAP, COLLEAGUE),
    "blind transfer": Place(
        blind_transfer, _WRAP, None, _WRAP, COLLEAGUE
    ),  # waits on for the answer
    "left alone": Place(left_alone, _WRAP, None, _WRAP),
    "listening": Place(listening, _WRAP, _WRAP, _WRAP, SUPERVISOR),
    "whispering": Place(whispering, _WRAP, _WRAP, _WRAP, SUPERVISOR),
    "joined": Place(joined, _WRAP, _WRAP, _WRAP, SUPERVISOR),
    "goodbye": Place(goodbye, _QUEUED, None, _QUEUED),
    "called back": Place(called_back, None, None, _QUEUED),
    "callback ringing": Place(callback_ringing, None, _QUEUED, State.OFFERED),  # it rings again
    "callback dialled": Place(callback_dialled, _QUEUED, _QUEUED, _QUEUED),
    "callback bridged": Place(callback_bridged, _WRAP, _WRAP, _WRAP),
    "wrap-up": Place(wrap_up, None, None, _WRAP),
}


def _until_they_speak(hands: Hands) -> None:
    hands.until(lambda: hands.room() == 2, "both to speak")
    hands.until(hands.recording, "a recording")


def _until_state(hands: Hands, state: State) -> None:
    hands.until(lambda: hands.conversation().state is state, f"the state {state}")


def _ask_in(hands: Hands, *, does: bool) -> None:
    hands.picks_up(COLLEAGUE, does=does)
    hands.ready(COLLEAGUE)
    hands.do(invite, hands.conversation().id, hands.agents[AGENT], hands.agents[COLLEAGUE])


def _ask_number(hands: Hands, *, blind: bool = False) -> None:
    ask = partial(ask_number, blind=blind)
    hands.do(ask, hands.conversation().id, hands.agents[AGENT], OWN, _RULES)


def _picked_up(hands: Hands) -> None:
    hands.picks_up(AGENT)
    hands.ready(AGENT)
    _until_state(hands, State.ACTIVE)
