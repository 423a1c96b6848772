"""What an agent does with a conversation that they have: hold, transfer, end, close."""

from __future__ import annotations

from appliance.domain.conversation import Event
from appliance.domain.custom_fields import CustomField
from appliance.domain.labels import check_disposition
from appliance.domain.names import WrongInputError
from appliance.domain.queue import Entry, entry
from appliance.domain.records import Conversation, OfferEnd
from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.channels import CALLS
from appliance.domain.work import Work
from appliance.services.arrive import give_place, open_queue
from appliance.services.complete import open_field
from appliance.services.describe import told
from appliance.services.moves import SYSTEM, by_agent, by_contact, move
from appliance.services.notes import NOTHING, Word, leave_note
from appliance.services.trouble import NotYoursError


def hold(work: Work, conversation: int, agent: int) -> Conversation:
    """The contact waits. All here raise IllegalTransitionError, NotYoursError, UnknownError."""
    return move(work, _mine(work, conversation, agent), Event.HOLD, by_agent(agent))


def resume(work: Work, conversation: int, agent: int) -> Conversation:
    """They speak again."""
    return move(work, _mine(work, conversation, agent), Event.RESUME, by_agent(agent))


def transfer_to_queue(
    work: Work, conversation: int, agent: int, queue: int, note: Word = NOTHING
) -> Conversation:
    """It waits in another queue, as one that has just come; also in one that is full.

    Raises InvalidError too: nobody holds the line until a queue that is closed opens again.
    """
    there, found = open_queue(work, work.queue(queue))
    if found is Entry.CLOSED and work.conversation(conversation).channel in CALLS:
        _mine(work, conversation, agent)
        raise InvalidError("transfer-closed", queue=there.name)
    given = _give_away(work, conversation, agent, {"queue": queue}, note)
    return give_place(work, given, queue, leaves_message=True).conversation


def transfer_to_agent(
    work: Work, conversation: int, agent: int, to: int, note: Word = NOTHING
) -> Conversation:
    """It rings at one agent as soon as they are free; when they do not answer, at everybody."""
    work.agent(to)
    given = _give_away(work, conversation, agent, {"agent": to}, note)
    return move(
        work, given, Event.QUEUE, SYSTEM, agent=None, only_agent=to, waiting_since=work.now,
        not_before=None, declined=frozenset(),
    )  # fmt: skip


def take_over(work: Work, conversation: int, supervisor: int) -> Conversation:
    """A supervisor goes on in the agent's stead."""
    before = work.conversation(conversation)
    taken = move(
        work, before, Event.TAKE_OVER, by_agent(supervisor), agent=supervisor,
        last_agent=supervisor, snoozed_until=None, woken="", data={"from": before.agent},
    )  # fmt: skip
    work.participants.remove(conversation, supervisor)
    if before.agent not in {None, supervisor}:  # whose desk must show that it is gone
        work.tell(
            "conversation.taken", who=by_agent(supervisor), conversation=conversation,
            agent=before.agent, queue=before.queue, data={"by": supervisor},
        )  # fmt: skip
    return taken


def end(work: Work, conversation: int, agent: int | None, because: str = "") -> Conversation:
    """One of the two ends it (None: the contact); the agent has after-call work by the queue.

    ``because``: neither of them did, but this.
    """
    before = work.conversation(conversation)
    if agent is not None:
        before = _mine(work, conversation, agent)
    who, data = _why(by_contact(before.contact) if agent is None else by_agent(agent), because)
    closes_at = None
    if before.queue is not None:
        closes_at = work.queue(before.queue).wrap_up.closes_at(work.now)
    return move(work, before, Event.END, who, ended_at=work.now,
                closes_at=closes_at, snoozed_until=None, woken="", data=data)  # fmt: skip


def close(work: Work, conversation: int, agent: int, disposition: str = "") -> Conversation:
    """The after-call work is done.

    Raises WrongInputError too: a field that is required is not filled in, or the queue does not
    offer that disposition.
    """
    before = _mine(work, conversation, agent)
    check_disposition(work.labels.all(), before.queue, disposition)
    _check_filled(work, before)
    return _close(work, before, by_agent(agent), disposition)


def _check_filled(work: Work, conversation: Conversation) -> None:
    open_one = open_field(work, conversation)
    if open_one is not None:
        raise WrongInputError(
            "field-required", open_one.key, field=open_one.key, subject=str(open_one.subject)
        )


def close_overdue(work: Work) -> list[Conversation]:
    """Close where the time for after-call work is over, with the result as far as it was chosen.

    What is missing is marked.
    """
    return [
        _close(work, one, SYSTEM, one.disposition, open_field(work, one))
        for one in work.wrapping_until(work.now)
    ]


def _why(who: str, because: str) -> tuple[str, dict[str, object]]:
    """Who it was, and what the event says of it; nobody, if it came from elsewhere."""
    return (SYSTEM, {"because": because}) if because else (who, {})


def leave(work: Work, conversation: int, because: str = "") -> Conversation:
    """The contact goes before anybody answered; ``because`` as in `end`."""
    before = work.conversation(conversation)
    offer = work.ringing(conversation)
    if offer is not None:
        work.end_offer(offer.id, OfferEnd.WITHDRAWN)
    who, data = _why(by_contact(before.contact), because)
    return move(
        work, before, Event.LEAVE, who, agent=None, only_agent=None, ended_at=work.now, data=data,
    )  # fmt: skip


def overflow(work: Work) -> list[Conversation]:
    """Move on what has waited too long for its queue; it keeps its place."""
    return [
        move(work, one, Event.OVERFLOW, SYSTEM, queue=to, data={"from": one.queue})
        for one, to in overflowing(work)
    ]


def overflowing(work: Work) -> list[tuple[Conversation, int]]:
    """What has waited too long for its queue, and the queue where it goes.

    Nobody is moved to where nobody answers, or where no more may wait: their own queue goes on.
    """
    queues = work.queues()
    found: list[tuple[Conversation, int]] = []
    for queue in queues.values():
        if queue.overflow is None:
            continue
        late = [one for one in work.waiting(queue.id) if _waited(work, one) >= queue.overflow.after]
        if not late:
            continue
        to = queues[queue.overflow.to]
        there = len(work.waiting(to.id)) + sum(where == to.id for _one, where in found)
        for one in late:
            if entry(to, there, work.now) is not Entry.TAKEN:
                break
            found.append((one, to.id))
            there += 1
    return found


def _waited(work: Work, one: Conversation) -> float:
    """Seconds."""
    return (work.now - (one.waits_from or work.now)).total_seconds()


def _close(
    work: Work, before: Conversation, who: str, disposition: str,
    lacks: CustomField | None = None,
) -> Conversation:  # fmt: skip
    closed = move(
        work, before, Event.CLOSE, who, agent=None, disposition=disposition, closes_at=None,
        incomplete=lacks is not None,
        data={
            **({"disposition": disposition} if disposition else {}), **told(before.fields),
            **({"missing": lacks.key} if lacks else {}),
        },
    )  # fmt: skip
    work.participants.remove(before.id)
    return closed


def _give_away(
    work: Work, conversation: int, agent: int, data: dict[str, object], note: Word
) -> Conversation:
    before = _mine(work, conversation, agent)
    leave_note(work, conversation, agent, note)
    before = work.conversation(conversation)
    return move(work, before, Event.TRANSFER, by_agent(agent), data=data,
                snoozed_until=None, woken="")  # fmt: skip


def _mine(work: Work, conversation: int, agent: int) -> Conversation:
    found = work.conversation(conversation)
    if found.agent != agent:
        raise NotYoursError(agent, conversation)
    return found
