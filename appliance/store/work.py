"""One transaction on the tables; implements `appliance.domain.work.Work`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from appliance.domain.agent_state import Presence
from appliance.domain.contact import Identity
from appliance.domain.conversation import AT_AN_AGENT, State
from appliance.domain.desk import merged
from appliance.domain.live import for_visitor, is_talk, topics_of, visitor_topic
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Author, Conversation, Message, Offer, OfferEnd
from appliance.domain.work import UnknownError
from appliance.store import conversation_rows
from appliance.store.attachment_rows import SqlAttachments
from appliance.store.calls import SqlCalls
from appliance.store.canned import SqlCanned
from appliance.store.catalogue import SqlFields, SqlLabels
from appliance.store.chat_rows import SqlMarks, SqlParticipants, SqlRatings, SqlVisits
from appliance.store.desk import SqlDesk
from appliance.store.floor_models import (
    AgentRow,
    ContactRow,
    ConversationRow,
    IdentityRow,
    MessageRow,
    OfferRow,
    QueueRow,
)
from appliance.store.group import Group
from appliance.store.guests import SqlGuests
from appliance.store.live import Told, as_text
from appliance.store.queue_form import from_form, to_form
from appliance.store.quick import Quick
from appliance.store.records_as_rows import fields_of, set_fields, values_of
from appliance.store.stirs import stirs
from appliance.store.supervisions import SqlSupervisions
from appliance.store.transcripts import SqlTranscripts
from common.clock import stamp

_KNOWN_KEY = Quick(
    select(MessageRow.number).where(
        MessageRow.conversation == bindparam("conversation"), MessageRow.key == bindparam("key")
    ),
    writes=False,
)
_ADD_MESSAGE = Quick(insert(MessageRow).inline(), writes=True)
_MOST_NAME = 200


class SqlWork:
    """See `appliance.domain.work.Work`."""

    def __init__(self, group: Group, now: datetime, *, drained: bool = False) -> None:
        self._group = group
        self._line = group.line
        self._at = stamp(now)
        self.events: list[dict[str, Any]] = []
        self.told: list[Told] = []
        self._now = now
        self._drained = drained
        self._moved = False

    @property
    def session(self) -> Session:
        """Its session, for what is kept beside the use case."""
        return self._group.session

    @property
    def _session(self) -> Session:
        return self._group.session

    @property
    def now(self) -> datetime:
        """The moment of everything that is done in it."""
        return self._now

    @property
    def drained(self) -> bool:
        """Nothing new is to be offered."""
        return self._drained

    @property
    def moved(self) -> bool:
        """Whether more than talk was told in it."""
        return self._moved

    @property
    def marks(self) -> SqlMarks:
        """How far each side is."""
        return SqlMarks(self._session)

    @property
    def participants(self) -> SqlParticipants:
        """Who takes part beside the agent."""
        return SqlParticipants(self._session)

    @property
    def attachments(self) -> SqlAttachments:
        """The files of conversations."""
        return SqlAttachments(self._session)

    @property
    def canned(self) -> SqlCanned:
        """Replies that are said often."""
        return SqlCanned(self._session, self._now)

    @property
    def fields(self) -> SqlFields:
        """What an administrator lets agents fill in."""
        return SqlFields(self._session)

    @property
    def labels(self) -> SqlLabels:
        """Tags and dispositions that an administrator keeps."""
        return SqlLabels(self._session)

    @property
    def visits(self) -> SqlVisits:
        """The pages that contacts looked at."""
        return SqlVisits(self._session)

    @property
    def ratings(self) -> SqlRatings:
        """What contacts thought of it."""
        return SqlRatings(self._session)

    @property
    def transcripts(self) -> SqlTranscripts:
        """Transcripts by mail."""
        return SqlTranscripts(self._session)

    @property
    def calls(self) -> SqlCalls:
        """What of the telephone's calls must be found again after a crash."""
        return SqlCalls(self._session)

    @property
    def guests(self) -> SqlGuests:
        """Colleagues' phones in calls."""
        return SqlGuests(self._session)

    @property
    def supervisions(self) -> SqlSupervisions:
        """Supervisors in calls."""
        return SqlSupervisions(self._session)

    @property
    def desk(self) -> SqlDesk:
        """What agents see at one glance."""
        return SqlDesk(self._session)

    def conversation(self, id: int) -> Conversation:  # noqa: A002
        """Raises UnknownError."""
        found = self._group.known.conversations.get(id)
        if found is None:
            found = conversation_rows.one(self._line, id)
            if found is None:
                raise UnknownError("conversation", id)
            self._group.known.conversations[id] = found
        return found

    def add_conversation(self, conversation: Conversation) -> Conversation:
        """Keep a new one; answers it with its id."""
        kept = replace(conversation, id=conversation_rows.add(self._line, conversation))
        self._group.known.conversations[kept.id] = kept
        return kept

    def save(self, conversation: Conversation) -> None:
        """Replace what is kept of it."""
        conversation_rows.change(self._line, self.conversation(conversation.id), conversation)
        self._group.known.conversations[conversation.id] = conversation

    def waiting(self, queue: int | None = None) -> list[Conversation]:
        """Those in the state queued, oldest first."""
        query = select(ConversationRow.id).where(ConversationRow.state == State.QUEUED)
        if queue is not None:
            query = query.where(ConversationRow.queue == queue)
        query = query.order_by(ConversationRow.waiting_since, ConversationRow.id)
        return conversation_rows.several(self._session, query)

    def stirs(self) -> bool:
        """Whether anything waits, or the time of anything is over now."""
        return stirs(self._line, self._now)

    def held_by(self, agent: int) -> list[Conversation]:
        """Those that ring at an agent, are spoken in, held or wrapped up."""
        return list(self._held(ConversationRow.agent == agent).get(agent, []))

    def loads(self) -> Mapping[int, Sequence[Conversation]]:
        """`held_by` of everybody who has any, by agent."""
        return self._held(ConversationRow.agent.is_not(None))

    def wrapping_until(self, moment: datetime) -> list[Conversation]:
        """Those in wrap-up whose time is over at ``moment``."""
        query = select(ConversationRow.id).where(
            ConversationRow.state == State.WRAP_UP, ConversationRow.closes_at <= moment
        )
        return conversation_rows.several(self._session, query)

    def incomplete(
        self, *, agent: int | None = None, contact: int | None = None
    ) -> list[Conversation]:
        """Those that closed with something missing, of an agent, a contact or all; newest first."""
        return conversation_rows.incomplete(self._session, agent, contact)

    def snoozed(self, agent: int | None = None) -> list[Conversation]:
        """Those that an agent set aside, or all; what comes back first is first."""
        query = select(ConversationRow.id).where(ConversationRow.state == State.SNOOZED)
        if agent is not None:
            query = query.where(ConversationRow.agent == agent)
        query = query.order_by(
            ConversationRow.snoozed_until.is_(None), ConversationRow.snoozed_until,
            ConversationRow.id,
        )  # fmt: skip
        return conversation_rows.several(self._session, query)

    def snoozed_until(self, moment: datetime) -> list[Conversation]:
        """Those set aside whose time has come at ``moment``."""
        query = select(ConversationRow.id).where(
            ConversationRow.state == State.SNOOZED, ConversationRow.snoozed_until <= moment
        )
        return conversation_rows.several(
            self._session, query.order_by(ConversationRow.snoozed_until)
        )

    def agent(self, id: int) -> Agent:  # noqa: A002
        """Raises UnknownError."""
        known = self._group.known.agents
        if known is not None and id in known:
            return known[id]
        return _agent(self._get(AgentRow, id, "agent"))

    def agents(self) -> list[Agent]:
        """Everybody, by id."""
        known = self._group.known
        if known.agents is None:
            rows = self._session.scalars(select(AgentRow).order_by(AgentRow.id))
            known.agents = {row.id: _agent(row) for row in rows}
        return list(known.agents.values())

    def save_agent(self, agent: Agent) -> None:
        """Keep a new one, or replace what is kept."""
        row = self._session.get(AgentRow, agent.id)
        if row is None:
            self._session.add(AgentRow(**values_of(agent)))
            self._session.flush()
            self._group.known.agents = None  # they are by id
        else:
            set_fields(row, values_of(agent))
            if self._group.known.agents is not None:
                self._group.known.agents[agent.id] = agent

    def queue(self, id: int) -> Queue:  # noqa: A002
        """Raises UnknownError."""
        known = self._group.known.queues
        if known is not None and id in known:
            return known[id]
        row = self._get(QueueRow, id, "queue")
        return from_form(row.id, row.name, row.form)

    def queues(self) -> dict[int, Queue]:
        """All, by id."""
        known = self._group.known
        if known.queues is None:
            rows = self._session.scalars(select(QueueRow).order_by(QueueRow.id))
            known.queues = {row.id: from_form(row.id, row.name, row.form) for row in rows}
        return dict(known.queues)

    def save_queue(self, queue: Queue) -> Queue:
        """Keep a new one (id 0), or replace what is kept."""
        self._group.known.queues = None
        if queue.id:
            row = self._get(QueueRow, queue.id, "queue")
            row.name, row.form = queue.name, to_form(queue)
            return queue
        row = QueueRow(name=queue.name, form=to_form(queue))
        self._session.add(row)
        self._session.flush()
        return replace(queue, id=row.id)

    def contacts_of(self, identities: Sequence[Identity]) -> dict[Identity, int]:
        """Which contact each belongs to; those that are unknown are missing."""
        keys = [(identity.kind, identity.value) for identity in identities]
        query = select(IdentityRow).where(tuple_(IdentityRow.kind, IdentityRow.value).in_(keys))
        rows = self._session.scalars(query) if keys else ()
        return {Identity(row.kind, row.value, row.sure): row.contact for row in rows}

    def add_contact(self, name: str) -> int:
        """Keep a new contact; its id."""
        row = ContactRow(name=name[:_MOST_NAME], created_at=self._now, tags=[], note="")
        self._session.add(row)
        self._session.flush()
        return row.id

    def add_identities(self, contact: int, identities: Sequence[Identity]) -> None:
        """They belong to ``contact`` from now on."""
        self._session.add_all(
            IdentityRow(kind=one.kind, value=one.value, sure=one.sure, contact=contact)
            for one in identities
        )
        self._session.flush()

    def merge_contacts(self, into: int, same: Sequence[int]) -> None:
        """Conversations and identities of ``same`` belong to ``into`` from now on."""
        for table, column in ((ConversationRow, "contact"), (IdentityRow, "contact")):
            self._session.execute(
                update(table).where(getattr(table, column).in_(same)).values({column: into})
            )
        self._group.known.conversations.clear()
        self.desk.save_contact(
            merged(self.desk.contact(into), [self.desk.contact(one) for one in sorted(same)])
        )
        self._session.flush()
        self._session.execute(
            update(ContactRow).where(ContactRow.id.in_(same)).values(merged_into=into)
        )

    def contact_name(self, contact: int) -> str:
        """What they call themselves. Raises UnknownError."""
        name: str = self._get(ContactRow, contact, "contact").name
        return name

    def conversations_of(self, contact: int, before: int, most: int) -> list[Conversation]:
        """At most ``most`` of a contact's with an id below ``before``, newest first."""
        query = (
            select(ConversationRow.id)
            .where(ConversationRow.contact == contact, ConversationRow.id < before)
            .order_by(ConversationRow.id.desc())
            .limit(most)
        )
        return conversation_rows.several(self._session, query)

    def handled_lately(self, queue: int, most: int) -> list[Conversation]:
        """The last ``most`` of a queue that were answered and have ended, newest first."""
        query = (
            select(ConversationRow.id)
            .where(
                ConversationRow.state == State.CLOSED,
                ConversationRow.queue == queue,
                ConversationRow.answered_at.is_not(None),
            )
            .order_by(ConversationRow.id.desc())
            .limit(most)
        )
        return conversation_rows.several(self._session, query)

    def last_agent_of(self, contact: int) -> int | None:
        """Who spoke with the contact last."""
        return self._session.scalar(
            select(ConversationRow.last_agent)
            .where(ConversationRow.contact == contact, ConversationRow.last_agent.is_not(None))
            .order_by(ConversationRow.answered_at.desc())
            .limit(1)
        )

    def add_offer(
        self, conversation: int, agent: int, until: datetime, why: Mapping[str, object]
    ) -> Offer:
        """Keep a new offer."""
        row = OfferRow(
            conversation=conversation, agent=agent, made_at=self._now, until=until,
            why=dict(why), ended="",
        )  # fmt: skip
        self._session.add(row)
        self._session.flush()
        return _offer(row)

    def ringing(self, conversation: int) -> Offer | None:
        """The offer of a conversation that has not ended."""
        row = self._session.scalar(
            select(OfferRow).where(OfferRow.conversation == conversation, OfferRow.ended == "")
        )
        return _offer(row) if row else None

    def ringing_until(self, moment: datetime) -> list[Offer]:
        """Offers that have not ended, whose time is over at ``moment``."""
        query = (
            select(OfferRow)
            .where(OfferRow.ended == "", OfferRow.until <= moment)
            .order_by(OfferRow.until, OfferRow.id)
        )
        return [_offer(row) for row in self._session.scalars(query)]

    def end_offer(self, offer: int, end: OfferEnd) -> None:
        """It rings no more."""
        self._get(OfferRow, offer, "offer").ended = str(end)

    def message(self, conversation: int, key: str) -> Message | None:
        """The message with the sender's key ``key``."""
        if not _KNOWN_KEY.rows(self._line, {"conversation": conversation, "key": key}):
            return None
        row = self._session.scalar(
            select(MessageRow).where(MessageRow.conversation == conversation, MessageRow.key == key)
        )
        return self._with_files([row])[0] if row else None

    def messages(self, conversation: int, after: int = 0, most: int = 200) -> list[Message]:
        """At most ``most`` messages that follow number ``after``, in order."""
        query = (
            select(MessageRow)
            .where(MessageRow.conversation == conversation, MessageRow.number > after)
            .order_by(MessageRow.number)
            .limit(most)
        )
        return self._with_files(list(self._session.scalars(query)))

    def add_message(self, message: Message) -> None:
        """Keep it."""
        file = message.attachment and message.attachment.id
        _ADD_MESSAGE.run(self._line, {**values_of(message), "attachment": file})

    def tell(
        self,
        kind: str,
        *,
        who: str,
        conversation: int | None = None,
        agent: int | None = None,
        queue: int | None = None,
        data: Mapping[str, object] | None = None,
        live: Mapping[str, object] | None = None,
        kept: bool = True,
    ) -> None:
        """Add an event, and tell it in the feed's topics."""
        self._moved = self._moved or not is_talk(kind)
        told = {
            "who": who, "conversation": conversation, "agent": agent, "queue": queue,
            **(data or {}), **(live or {}),
        }  # fmt: skip
        text, shown = as_text(told), for_visitor(told)
        of_contact = text if shown is told else as_text(shown)
        visitor = None if conversation is None else visitor_topic(conversation)
        self.told += [
            Told(topic, self._at, kind, of_contact if topic == visitor else text)
            for topic in topics_of(kind, conversation, agent, told)
        ]
        if not kept:
            return
        self.events.append({
            "at": self._now, "kind": kind, "who": who, "conversation": conversation,
            "agent": agent, "queue": queue, "data": dict(data or {}),
        })  # fmt: skip

    def _with_files(self, rows: Sequence[MessageRow]) -> list[Message]:
        files = self.attachments.of([row.attachment for row in rows if row.attachment])
        return [
            Message(**{
                **fields_of(row), "author": Author(row.author),
                "attachment": files.get(row.attachment or ""),
            })
            for row in rows
        ]  # fmt: skip

    def _held(self, which: Any) -> dict[int, list[Conversation]]:
        query = (
            select(ConversationRow.id)
            .where(which, ConversationRow.state.in_(sorted(AT_AN_AGENT)))
            .order_by(ConversationRow.id)
        )
        found: dict[int, list[Conversation]] = defaultdict(list)
        for one in conversation_rows.several(self._session, query):
            if one.agent is not None:
                found[one.agent].append(one)
        return dict(found)

    def _get(self, table: Any, id: int, kind: str) -> Any:  # noqa: A002
        row = self._session.get(table, id)
        if row is None:
            raise UnknownError(kind, id)
        return row


def _agent(row: AgentRow) -> Agent:
    return Agent(**{**fields_of(row), "presence": Presence(row.presence)})


def _offer(row: OfferRow) -> Offer:
    return Offer(
        row.id, row.conversation, row.agent, row.made_at, row.until, row.why,
        OfferEnd(row.ended) if row.ended else None,
    )  # fmt: skip
