"""A conversation begins: whose it is, and which queue it waits in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.domain.capacity import weight_of
from appliance.domain.contact import Identity, recognise
from appliance.domain.conversation import Event
from appliance.domain.queue import Entry, Queue, entry
from appliance.domain.records import Conversation
from appliance.domain.work import Work
from appliance.services.moves import SYSTEM, by_contact, move
from appliance.services.one_person import one_person


@dataclass(frozen=True)
class Arrival:
    """What a channel brings.

    Attributes:
        weight: what one of this channel usually takes of an agent; the queue may say otherwise.
        contact: who it is, when that is known; ``identities`` that nobody has become theirs.
        leaves_message: the contact has no need to stay: out of hours it waits for the next shift,
            and it is never refused.
    """

    channel: str
    queue: int
    identities: Sequence[Identity]
    weight: int
    name: str = ""
    tags: frozenset[str] = frozenset()
    priority: int = 0
    subject: str = ""
    leaves_message: bool = False
    contact: int | None = None


@dataclass(frozen=True)
class Arrived:
    """What became of it: ``conversation`` waits when ``entry`` is taken, and is closed otherwise.

    ``opens_at`` is when a closed queue opens.
    """

    conversation: Conversation
    entry: Entry
    opens_at: datetime | None = None


def arrive(work: Work, arrival: Arrival) -> Arrived:
    """Keep a new conversation, and give it its place or the reason why there is none."""
    begun = begin(work, arrival)
    return give_place(work, begun, arrival.queue, leaves_message=arrival.leaves_message)


def begin(work: Work, arrival: Arrival) -> Conversation:
    """Keep a new conversation; where it belongs is said later, by `give_place`."""
    contact = _contact(work, arrival)
    begun = work.add_conversation(
        Conversation(
            id=0,
            channel=arrival.channel,
            contact=contact,
            created_at=work.now,
            state_since=work.now,
            weight=weight_of(arrival.channel, arrival.weight, work.queue(arrival.queue).weights),
            priority=arrival.priority,
            tags=arrival.tags,
            subject=arrival.subject,
            last_agent=work.last_agent_of(contact),
        )
    )
    work.tell("conversation.new", who=by_contact(contact), conversation=begun.id,
              queue=arrival.queue, data={"channel": arrival.channel})  # fmt: skip
    return begun


def give_place(
    work: Work, conversation: Conversation, queue_id: int, *, leaves_message: bool
) -> Arrived:
    """Let it wait in the queue, or in the one that takes over; or refuse it. See `Arrived`."""
    queue, found = open_queue(work, work.queue(queue_id))
    opens_at = queue.hours.next_opening(work.now)
    if found is Entry.TAKEN or leaves_message:  # a message left is nobody who stands in the row
        not_before = opens_at if found is Entry.CLOSED else None
        waits = move(
            work, conversation, Event.QUEUE, SYSTEM, queue=queue.id,
            waiting_since=work.now, not_before=not_before, agent=None, only_agent=None,
            declined=frozenset(),
            data={"not_before": not_before.isoformat()} if not_before else None,
        )  # fmt: skip
        return Arrived(waits, found, opens_at)
    closed = move(
        work, replace(conversation, queue=queue.id), Event.REFUSE, SYSTEM,
        ended_at=work.now, data={"because": str(found)},
    )  # fmt: skip
    return Arrived(closed, found, opens_at)


def open_queue(work: Work, queue: Queue) -> tuple[Queue, Entry]:
    """The queue that takes over out of hours, and what it says; queues may hand on in a circle."""
    seen: set[int] = set()
    while True:
        seen.add(queue.id)
        found = entry(queue, len(work.waiting(queue.id)), work.now)
        if found is not Entry.ELSEWHERE or queue.closed_to is None:
            return queue, found
        if queue.closed_to in seen:
            return queue, Entry.CLOSED
        queue = work.queue(queue.closed_to)


def _contact(work: Work, arrival: Arrival) -> int:
    known = work.contacts_of(arrival.identities)
    if arrival.contact is not None:
        work.contact_name(arrival.contact)  # UnknownError
        new = [one for one in arrival.identities if one not in known]
        if new:
            work.add_identities(arrival.contact, new)
        return arrival.contact
    found = recognise(arrival.identities, known)
    contact = work.add_contact(arrival.name) if found.contact is None else found.contact
    if found.same:
        one_person(work, contact, found.same, SYSTEM)
    if found.new:
        work.add_identities(contact, found.new)
    return contact
