"""Colleagues who are asked into a conversation, and supervisors who listen in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from appliance.domain.agent_state import Presence
from appliance.domain.conversation import SPOKEN_IN
from appliance.domain.participants import MOST_COLLEAGUES, Part, Participant
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.work import Work
from appliance.services.moves import by_agent
from appliance.services.trouble import NotYoursError

DECLINED = "busy"  # as `End` has it
NOTHING: Mapping[str, object] = MappingProxyType({})


class NotInvitedError(InvalidError):
    """The colleague cannot be asked in now; the sentence says why."""


def speaks(work: Work, conversation: Conversation, agent: int) -> bool:
    """Whether what ``agent`` says there reaches the contact."""
    if conversation.agent == agent:
        return True
    found = work.participants.one(conversation.id, agent)
    return found is not None and found.part is Part.COLLEAGUE


def has_part(work: Work, conversation: Conversation, agent: int) -> bool:
    """Whether ``agent`` may read it without asking: has it, had it last, or takes part."""
    return agent in (conversation.agent, conversation.last_agent) or (
        work.participants.one(conversation.id, agent) is not None
    )


def asked_in(work: Work) -> dict[int, datetime]:
    """Who takes part in a colleague's call, and since when."""
    return {
        agent: min(one.since for one in work.participants.joined_by(agent)
                   if one.part is Part.COLLEAGUE)
        for agent in work.participants.weigh()
    }  # fmt: skip


def invite(work: Work, conversation: int, agent: int, colleague: int) -> list[Participant]:
    """Whoever has the conversation asks a colleague in, who reads and speaks from then on.

    Raises:
        NotInvitedError, NotYoursError, UnknownError.
    """
    found = mine(work, conversation, agent)
    if found.state not in SPOKEN_IN:
        raise NotInvitedError("invite-not-spoken")
    person = work.agent(colleague)
    if colleague == agent:
        raise NotInvitedError("invite-yourself")
    if person.presence is Presence.OFFLINE:
        raise NotInvitedError("invite-offline", name=person.name)
    others = [one for one in work.participants.of(conversation) if one.agent != colleague]
    if sum(one.part is Part.COLLEAGUE for one in others) >= MOST_COLLEAGUES:
        raise NotInvitedError("invite-too-many", most=MOST_COLLEAGUES)
    had = work.participants.weigh().get(colleague, 0)
    work.participants.set(Participant(conversation, colleague, Part.COLLEAGUE, work.now, agent))
    busy = work.participants.weigh().get(colleague, 0) > had
    _tell(work, "join", found, colleague, agent, {"busy": True} if busy else {})
    call = work.calls.of(conversation)
    if call is not None and call.missed:
        work.calls.save(replace(call, missed="", missed_why=""))
    return list(work.participants.of(conversation))


def part(
    work: Work, conversation: int, agent: int, colleague: int, because: str = DECLINED
) -> list[Participant]:
    """A colleague goes again, by themselves or sent by whoever has the conversation.

    ``because``: why they go by themselves while their phone rings.
    """
    found = work.conversation(conversation) if agent == colleague else mine(
        work, conversation, agent
    )  # fmt: skip
    there = work.participants.one(conversation, colleague)
    if there is None or there.part is not Part.COLLEAGUE:
        raise NotYoursError(colleague, conversation)
    work.participants.remove(conversation, colleague)
    rings = any(one.agent == colleague and not one.spoken for one in work.guests.of(conversation))
    missed = agent == colleague and rings and found.state in SPOKEN_IN
    call = work.calls.of(conversation) if missed else None
    if call is not None:
        work.calls.save(replace(call, missed=by_agent(colleague), missed_why=because))
    _tell(work, "part", found, colleague, agent, {"because": because} if call else {})
    return list(work.participants.of(conversation))


def listen(work: Work, conversation: int, supervisor: int) -> Conversation:
    """A supervisor reads along from now on, and neither contact nor agent are told."""
    found = work.conversation(conversation)
    there = work.participants.one(conversation, supervisor)
    if there is None and found.agent != supervisor:
        listener = Participant(conversation, supervisor, Part.LISTENER, work.now)
        work.participants.set(listener)
        _tell(work, "listen", found, supervisor, supervisor)
    return found


def stop_listening(work: Work, conversation: int, supervisor: int) -> Conversation:
    """The supervisor reads along no more."""
    found = work.conversation(conversation)
    there = work.participants.one(conversation, supervisor)
    if there is not None and there.part is Part.LISTENER:
        work.participants.remove(conversation, supervisor)
        _tell(work, "unlisten", found, supervisor, supervisor)
    return found


def joined(work: Work, agent: int) -> list[tuple[Participant, Conversation]]:
    """What ``agent`` takes part in, with the conversations."""
    return [
        (one, work.conversation(one.conversation)) for one in work.participants.joined_by(agent)
    ]


def _tell(
    work: Work, what: str, conversation: Conversation, agent: int, who: int,
    more: Mapping[str, object] = NOTHING,
) -> None:  # fmt: skip
    work.tell(
        f"conversation.{what}", who=by_agent(who), conversation=conversation.id, agent=agent,
        queue=conversation.queue,
        data={"name": work.agent(agent).name, "channel": conversation.channel, **more},
    )  # fmt: skip


def mine(work: Work, conversation: int, agent: int) -> Conversation:
    """The conversation that ``agent`` has. Raises NotYoursError, UnknownError."""
    found = work.conversation(conversation)
    if found.agent != agent:
        raise NotYoursError(agent, conversation)
    return found
