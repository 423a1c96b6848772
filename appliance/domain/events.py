"""Every kind of event: what it means, and what it tells beside who, when and what it is about.

Reports, webhooks and every live page are fed from these. docs/events.md is made from the table, and
a test holds that nothing else is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.domain.agent_state import Said
from appliance.domain.conversation import Event
from appliance.domain.live import (
    FLOOR,
    agent_topic,
    conversation_topic,
    is_at_every_desk,
    topics_of,
    visitor_topic,
)


@dataclass(frozen=True)
class EventKind:
    """One kind.

    Attributes:
        meaning: what happened.
        about: which of ``conversation``, ``agent`` and ``queue`` it names.
        fields: what it tells further, with its meaning; a name in brackets is not always there.
        live: told to those who follow it live alone, and not kept with the event.
        kept: whether it is in the table of events, for reports and webhooks.
    """

    meaning: str
    about: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    kept: bool = True


_CONVERSATION = ("conversation", "agent", "queue")
_FIELDS = "all that is filled in, by key; a confidential one as dots"
_STATE = {"state": "the state from now on", "channel": "such as `chat`"}
_ENDS = (
    "`busy`, `no_answer`, `congested`, `no_number`, `unreachable`, `failed`; `agent`: who put the "
    "receiver down before; `no_phone`: no phone of theirs could ring"
)
_MOVES: Mapping[Event, tuple[str, dict[str, str]]] = {
    Event.QUEUE: (
        "it has its place in a queue",
        {
            "[not_before]": "it was left out of hours, and is offered from then on",
            "[woken]": "it was set aside, and its agent is not free: `time` or `contact`",
        },
    ),
    Event.REASSIGN: (
        "a supervisor gave it to another queue or agent while it waited",
        {"[from]": "the queue that it left", "[to]": "the agent that it is for"},
    ),
    Event.OVERFLOW: ("it waits in another queue", {"from": "the queue that it left"}),
    Event.REFUSE: ("no queue could take it", {"because": "`full` or `closed`"}),
    Event.CALL_OUT: ("an agent calls the contact", {}),
    Event.CALLBACK: ("the contact will be called back, and keeps the place", {}),
    Event.OFFER: ("it rings at an agent", {"why": "why at this one: reason, rule, step, …"}),
    Event.MISS: ("the agent did not answer in time", {}),
    Event.WITHDRAW: ("it could not ring: the telephones' switch does not answer", {}),
    Event.DECLINE: ("the agent did not take it", {}),
    Event.ACCEPT: (
        "the agent answered", {"[at_phone]": "true: by picking up the telephone, not at the desk"},
    ),
    Event.TAKE: ("an agent picked it out of the queue", {}),
    Event.LEAVE: (
        "the contact left before anybody answered",
        {"[because]": "`switch_lost`: the switch was, and nobody knows of the caller"},
    ),
    Event.HOLD: ("the contact waits", {}),
    Event.RESUME: ("they speak again", {}),
    Event.SNOOZE: (
        "its agent set it aside",
        {"[until]": "when it comes back by itself; without it: when the contact writes"},
    ),
    Event.WAKE: (
        "what was set aside is back at its agent", {"woken": "`time`, `contact` or `agent`"},
    ),
    Event.TRANSFER: (
        "it is given away", {"[queue]": "to this queue", "[agent]": "to this agent"},
    ),
    Event.TAKE_OVER: (
        "a supervisor goes on in the agent's stead", {"from": "the agent who had it"},
    ),
    Event.LOSE_AGENT: ("the agent's desk is gone for good", {}),
    Event.RETRY: (
        "the contact was not reached, and is called again later",
        {"not_before": "when", "because": _ENDS, "tries": "how many there were"},
    ),
    Event.UNREACHED: (
        "the contact was not reached, and is not called any more",
        {"because": _ENDS, "[tries]": "how many there were"},
    ),
    Event.END: (
        "one of the two has ended it",
        {"[because]": f"`switch_lost`: nobody did; or a call of the agent reached nobody: {_ENDS}",
         "[number]": "outside, with which the caller goes on without us"},
    ),
    Event.CLOSE: (
        "the after-call work is done",
        {"[disposition]": "how it went", "[fields]": _FIELDS,
         "[missing]": "the key of a required field, when the time for it was over first"},
    ),
    Event.REOPEN: ("the contact speaks again", {}),
}  # fmt: skip
_PRESENCE = {"presence": "what the agent says of themselves", "reason": "why they are away"}
_NAMED = {"name": "of the agent", "channel": "of the conversation"}

KINDS: Mapping[str, EventKind] = {
    "conversation.new": EventKind(
        "a contact wants to speak", ("conversation", "queue"), {"channel": "such as `chat`"}
    ),
    **{
        f"conversation.{event}": EventKind(meaning, _CONVERSATION, {**_STATE, **fields})
        for event, (meaning, fields) in _MOVES.items()
    },
    "conversation.flow": EventKind(
        "a caller goes through a flow", _CONVERSATION,
        {"flow": "its name", "version": "the number of the version"},
    ),
    "conversation.step": EventKind(
        "a caller is at another step of the flow", _CONVERSATION,
        {"step": "its name", "heard": "the key, or `said`, `silence`, `refused`"},
    ),
    "conversation.private": EventKind(
        "an agent leaves what is said out of the recording, or no more", _CONVERSATION,
        {"on": "whether it is left out", "channel": "such as `phone`"},
    ),
    "conversation.mute": EventKind(
        "the switch lets nobody hear the desk phone of an agent, or everybody again", _CONVERSATION,
        {"by": "whose phone it is", "on": "whether nobody hears it", "channel": "such as `phone`"},
    ),
    "conversation.dial": EventKind(
        "a number outside is called", _CONVERSATION,
        {"channel": "such as `callback`", "try": "1, 2, 3, …"},
    ),
    "conversation.reached": EventKind(
        "somebody answered there", _CONVERSATION, {"channel": "such as `callback`"}
    ),
    "conversation.taken": EventKind(
        "somebody else goes on with an active one of this agent", _CONVERSATION, {"by": "who"}
    ),
    "conversation.join": EventKind(
        "a colleague takes part", _CONVERSATION,
        {**_NAMED, "[busy]": "true: it is a call, which makes them busy"},
    ),
    "conversation.pick_up": EventKind(
        "a colleague who was asked into a call is there, at the telephone", _CONVERSATION,
        {"channel": "such as `phone`", "at_phone": "true, as of `conversation.accept`"},
    ),
    "conversation.part": EventKind(
        "a colleague has left, or was not reached", _CONVERSATION,
        {**_NAMED, "[because]": "why their phone was not picked up: `busy` (declined, too), "
         "`no_answer`, `congested`, `no_number`, `unreachable`, `failed`"},
    ),
    "conversation.number_asked": EventKind(
        "a number outside is asked into a call", _CONVERSATION,
        {"channel": "such as `phone`", "number": "as it is dialled",
         "blind": "whether the caller goes on with it alone as soon as somebody answers"},
    ),
    "conversation.number_reached": EventKind(
        "somebody answered there", _CONVERSATION,
        {"channel": "such as `phone`", "number": "as it was dialled"},
    ),
    "conversation.number_gone": EventKind(
        "a number outside takes no part in a call any more, or was not reached", _CONVERSATION,
        {"channel": "such as `phone`", "number": "as it was dialled",
         "because": "`hung_up`: after they spoke; `agent`: sent out; `ended`: with the call; or "
         "`busy`, `no_answer`, `congested`, `no_number`, `unreachable`, `failed`"},
    ),
    "conversation.listen": EventKind("a supervisor listens in", _CONVERSATION, _NAMED),
    "conversation.unlisten": EventKind("a supervisor listens no more", _CONVERSATION, _NAMED),
    "conversation.supervise": EventKind(
        "a supervisor is in a call on another rung, or no more", _CONVERSATION,
        {"by": "the supervisor", "name": "of the supervisor", "channel": "such as `phone`",
         "rung": "`listen`, `whisper`, `join`; empty: no more",
         "there": "whether their phone was picked up just now",
         "reached": "the rung that the switch has confirmed; empty: none yet",
         "refused": "the rung that the switch has just refused; empty: none",
         "shown": "whether the agent is shown a banner"},
    ),
    "conversation.rate": EventKind("the contact rated it", _CONVERSATION, {"stars": "1 to 5"}),
    "message.said": EventKind(
        "somebody wrote a message", _CONVERSATION,
        {"number": "of the message, in its conversation", "internal": "a note among agents"},
        {"key": "the sender's own id", "author": "`contact`, `agent`, `system`", "text": "",
         "[files]": "what came with it"},
    ),
    "message.marked": EventKind(
        "somebody received or read messages", _CONVERSATION,
        {"side": "whose", "delivered": "up to this number", "read": "up to this number"},
        kept=False,
    ),
    "message.transcript": EventKind(
        "a transcript is to be mailed, was, or could not be", _CONVERSATION,
        {"id": "of the transcript", "state": "of its mail"},
    ),
    "message.visited": EventKind(
        "the visitor opened another page", _CONVERSATION,
        {"url": "of the page", "title": "of the page"}, kept=False,
    ),
    **{
        f"agent.{said}": EventKind(f"an agent's presence: {said}", ("agent",), _PRESENCE)
        for said in Said
    },
    "agent.updating": EventKind(
        "an update waits for this program, or waits no more", (),
        {"updating": "whether it waits"}, kept=False,
    ),
    "agent.switch": EventKind(
        "the telephones' switch does not answer, or answers again", (),
        {"silent": "whether it does not: no call is offered"}, kept=False,
    ),
    "agent.added": EventKind("somebody is at the desk for the first time", ("agent",)),
    "agent.set": EventKind("what an agent may be offered was changed", ("agent",)),
    "queue.set": EventKind(
        "a queue was made or changed", ("queue",), {"name": "of the queue", "target": "its target"}
    ),
    "canned.set": EventKind("a canned reply was made or changed", ("queue",), {"id": "of it"}),
    "canned.removed": EventKind("a canned reply was removed", ("queue",), {"id": "of it"}),
    "webhook.test": EventKind(
        "an administrator tries a webhook, which alone hears of it", (), {"webhook": "its name"}
    ),
    "field.set": EventKind(
        "custom fields were made, changed or ordered", (),
        {"id": "of the one; 0: the order of all", "subject": "`contact` or `conversation`"},
    ),
    "label.set": EventKind(
        "tags, dispositions or away reasons were made, changed or ordered", (),
        {"id": "of the one; 0: the order of all", "kind": "`tag`, `disposition` or `away`"},
    ),
    "conversation.set": EventKind(
        "an agent changed its tags, subject or fields", _CONVERSATION,
        {"tags": "all of them", "[fields]": _FIELDS},
    ),
    "contact.set": EventKind(
        "an agent changed what is known of a contact", ("agent",),
        {"contact": "whose", "[fields]": _FIELDS},
    ),
    "contact.merged": EventKind(
        "several contacts turned out to be one person", (),
        {"into": "the contact that stays", "same": "those that are one with it"},
    ),
}  # fmt: skip


def seen_by(kind: str) -> list[str]:
    """The topics of the feed in which it is told, in words."""
    about = KINDS[kind].about
    conversation = 1 if "conversation" in about else None
    agent = 2 if "agent" in about else None
    agents = [2] if is_at_every_desk(kind) else []
    words = {
        FLOOR: "`floor`", agent_topic(2): "`agent/N`",
        conversation_topic(1): "`conversation/N`", visitor_topic(1): "`visitor/N`",
    }  # fmt: skip
    return [words[one] for one in topics_of(kind, conversation, agent, {}, agents)]
