"""A supervisor decides where a conversation goes: to a queue, to one agent, or to themselves."""

from __future__ import annotations

from appliance.domain.conversation import Event, State
from appliance.domain.records import Conversation, OfferEnd
from appliance.domain.work import Work
from appliance.services.arrive import give_place
from appliance.services.moves import SYSTEM, by_agent, move
from appliance.services.notes import NOTHING, Word, leave_note

_SPOKEN = frozenset({State.ACTIVE, State.HELD, State.SNOOZED})


def reassign_to_queue(
    work: Work, conversation: int, supervisor: int, queue: int, note: Word = NOTHING
) -> Conversation:
    """It waits in ``queue``: whoever waited keeps the place, whoever was spoken with has a new one.

    All here raise IllegalTransitionError, UnknownError.
    """
    work.queue(queue)
    leave_note(work, conversation, supervisor, note)
    before = work.conversation(conversation)
    if before.state in _SPOKEN:
        given = _taken_away(work, before, supervisor, {"queue": queue})
        return give_place(work, given, queue, leaves_message=True).conversation
    _ring_no_more(work, before)
    return move(
        work, before, Event.REASSIGN, by_agent(supervisor), queue=queue, agent=None,
        only_agent=None, declined=frozenset(), not_before=None, data={"from": before.queue},
    )  # fmt: skip


def reassign_to_agent(
    work: Work, conversation: int, supervisor: int, agent: int, note: Word = NOTHING
) -> Conversation:
    """It rings at ``agent`` as soon as they are free; when they do not answer, at everybody."""
    work.agent(agent)
    leave_note(work, conversation, supervisor, note)
    before = work.conversation(conversation)
    if before.state in _SPOKEN:
        given = _taken_away(work, before, supervisor, {"agent": agent})
        return move(
            work, given, Event.QUEUE, SYSTEM, agent=None, only_agent=agent,
            waiting_since=work.now, not_before=None, declined=frozenset(),
        )  # fmt: skip
    _ring_no_more(work, before)
    return move(
        work, before, Event.REASSIGN, by_agent(supervisor), agent=None, only_agent=agent,
        declined=frozenset(), not_before=None, data={"to": agent},
    )  # fmt: skip


def take_from_queue(work: Work, conversation: int, supervisor: int) -> Conversation:
    """The supervisor answers it, whoever's turn it is."""
    before = work.conversation(conversation)
    return move(
        work, before, Event.TAKE, by_agent(supervisor), agent=supervisor, last_agent=supervisor,
        answered_at=before.answered_at or work.now, only_agent=None, declined=frozenset(),
    )  # fmt: skip


def _ring_no_more(work: Work, conversation: Conversation) -> None:
    offer = work.ringing(conversation.id)
    if offer is not None:
        work.end_offer(offer.id, OfferEnd.WITHDRAWN)


def _taken_away(
    work: Work, before: Conversation, supervisor: int, data: dict[str, object]
) -> Conversation:
    return move(work, before, Event.TRANSFER, by_agent(supervisor), data=data,
                snoozed_until=None, woken="")  # fmt: skip
