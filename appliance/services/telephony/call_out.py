"""An agent calls a number outside: it becomes a conversation that is theirs from its first moment.

The agent's phone rings first, then the number: `appliance.domain.telephony.outgoing` says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.domain.agent_state import Presence
from appliance.domain.capacity import FULL
from appliance.domain.contact import Identity
from appliance.domain.conversation import SPOKEN_IN, Event, State
from appliance.domain.participants import Part
from appliance.domain.records import Agent, Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.channels import CALLS
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.outgoing import OUTBOUND
from appliance.domain.work import Work
from appliance.services.arrive import Arrival, begin
from appliance.services.moves import by_agent, move
from appliance.services.telephony.outgoing import new_channel

_AT_A_PHONE = SPOKEN_IN | {State.OFFERED}


class NotCalledError(InvalidError):
    """The agent cannot call anybody now; the kind says why."""


@dataclass(frozen=True)
class Wanted:
    """Whom to call.

    Attributes:
        number: as somebody wrote it.
        queue: for which it is: its number is shown, its rules hold; None: see `queue_of`.
        about: the conversation because of which; its contact is called, for its queue.
        contact: who has the number; None: whoever is known by it, or somebody new.
    """

    number: str
    queue: int | None = None
    about: int | None = None
    contact: int | None = None


def may_call_out(work: Work, agent: int, wanted: Wanted, rules: Dialling) -> str:
    """The number as it is dialled, if ``agent`` could call it now.

    Raises:
        NumberRefusedError, NotCalledError, UnknownError.
    """
    number = rules.judge(wanted.number)
    person = work.agent(agent)
    if work.drained:
        raise NotCalledError("dial-updating")
    check_answers(work)
    if person.presence is Presence.OFFLINE:
        raise NotCalledError("dial-offline")
    if on_the_phone(work, agent):
        raise NotCalledError("dial-busy")
    queue_of(work, person, wanted)
    return number


def call_out(work: Work, agent: int, wanted: Wanted, rules: Dialling) -> Conversation:
    """Begin the call. Raises as `may_call_out` does."""
    number = may_call_out(work, agent, wanted, rules)
    queue = queue_of(work, work.agent(agent), wanted)
    contact = wanted.contact
    if wanted.about is not None and contact is None:
        contact = work.conversation(wanted.about).contact
    begun = begin(
        work,
        Arrival(
            OUTBOUND, queue, [Identity("number", number)], FULL, name=number, contact=contact
        ),
    )  # fmt: skip
    work.calls.save(Call(begun.id, new_channel(), number=number))
    return move(work, begun, Event.CALL_OUT, by_agent(agent), agent=agent, queue=queue)


def check_answers(work: Work) -> None:
    """Raises NotCalledError: the switch is silent, nothing would ring."""
    if work.switch_silent:
        raise NotCalledError("dial-no-switch")


def queue_of(work: Work, agent: Agent, wanted: Wanted) -> int:
    """For which queue: what is asked for; that of the conversation; or the agent's first one.

    Raises:
        NotCalledError: the agent serves no such queue.
    """
    if wanted.queue is not None:
        if wanted.queue not in agent.queues:
            raise NotCalledError("dial-not-your-queue", queue=work.queue(wanted.queue).name)
        return wanted.queue
    if wanted.about is not None:
        of_it = work.conversation(wanted.about).queue
        if of_it is not None and of_it in agent.queues:
            return of_it
    if not agent.queues:
        raise NotCalledError("dial-no-queue")
    return min(agent.queues)


def on_the_phone(work: Work, agent: int) -> bool:
    """Whether a call rings at ``agent``, or they speak in one, their own or another's."""
    return (
        _any_call(work.held_by(agent), _AT_A_PHONE)
        or _any_call(
            [work.conversation(one.conversation) for one in work.participants.joined_by(agent)
             if one.part is Part.COLLEAGUE],
            SPOKEN_IN,
        )
        or bool(work.supervisions.by(agent))
    )  # fmt: skip


def _any_call(conversations: Sequence[Conversation], states: frozenset[State]) -> bool:
    return any(one.channel in CALLS and one.state in states for one in conversations)
