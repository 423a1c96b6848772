"""One transaction on the tables; implements `appliance.domain.work.Work`.

What is read and written of each kind of thing is in a part of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.domain.live import (
    for_visitor,
    is_at_every_desk,
    is_at_its_agents,
    is_talk,
    topics_of,
    visitor_topic,
)
from appliance.store.attachment_rows import SqlAttachments
from appliance.store.calls import SqlCalls
from appliance.store.canned import SqlCanned
from appliance.store.catalogue import SqlFields, SqlLabels
from appliance.store.chat_rows import SqlMarks, SqlRatings, SqlVisits
from appliance.store.confidential import SqlConfidential
from appliance.store.desk import SqlDesk
from appliance.store.group import Group
from appliance.store.guests import SqlGuests
from appliance.store.leases import HELD, SILENT
from appliance.store.live import Told, as_text
from appliance.store.participants import SqlParticipants
from appliance.store.supervisions import SqlSupervisions
from appliance.store.transcripts import SqlTranscripts
from appliance.store.work_agents import AgentsAndQueues
from appliance.store.work_contacts import Contacts
from appliance.store.work_conversations import Conversations
from appliance.store.work_messages import Messages
from appliance.store.work_offers import Offers
from common.clock import stamp
from common.vault import Vault


class SqlWork(Conversations, AgentsAndQueues, Contacts, Offers, Messages):
    """See `appliance.domain.work.Work`."""

    def __init__(self, group: Group, now: datetime, vault: Vault, *, drained: bool = False) -> None:
        super().__init__(group, now)
        self._vault = vault
        self._at = stamp(now)
        self.events: list[dict[str, Any]] = []
        self.told: list[Told] = []
        self._drained = drained
        self._moved = False

    @property
    def drained(self) -> bool:
        """Nothing new is to be offered."""
        return self._drained

    @property
    def switch_silent(self) -> bool:
        """Whether it is known not to answer; whoever follows the switch keeps that word."""
        known = self._known
        if known.silent_until is None:
            rows = HELD.rows(self._line, {"name": SILENT})
            known.silent_until = rows[0][1] if rows else datetime.min.replace(tzinfo=UTC)
        return known.silent_until > self._now

    @property
    def moved(self) -> bool:
        """Whether more than talk was told in it."""
        return self._moved

    @property
    def marks(self) -> SqlMarks:
        """How far each side is."""
        return SqlMarks(self.session)

    @property
    def participants(self) -> SqlParticipants:
        """Who takes part beside the agent."""
        return SqlParticipants(self._line)

    @property
    def attachments(self) -> SqlAttachments:
        """The files of conversations."""
        return SqlAttachments(self.session)

    @property
    def canned(self) -> SqlCanned:
        """Replies that are said often."""
        return SqlCanned(self.session, self._now)

    @property
    def fields(self) -> SqlFields:
        """What an administrator lets agents fill in."""
        return SqlFields(self._group)

    @property
    def confidential(self) -> SqlConfidential:
        """Values that are sealed."""
        return SqlConfidential(self.session, self._vault)

    @property
    def labels(self) -> SqlLabels:
        """Tags and dispositions that an administrator keeps."""
        return SqlLabels(self._group)

    @property
    def visits(self) -> SqlVisits:
        """The pages that contacts looked at."""
        return SqlVisits(self.session)

    @property
    def ratings(self) -> SqlRatings:
        """What contacts thought of it."""
        return SqlRatings(self.session)

    @property
    def transcripts(self) -> SqlTranscripts:
        """Transcripts by mail."""
        return SqlTranscripts(self.session)

    @property
    def calls(self) -> SqlCalls:
        """What of the telephone's calls must be found again after a crash."""
        return SqlCalls(self._group)

    @property
    def guests(self) -> SqlGuests:
        """Colleagues' phones in calls."""
        return SqlGuests(self.session)

    @property
    def supervisions(self) -> SqlSupervisions:
        """Supervisors in calls."""
        return SqlSupervisions(self.session)

    @property
    def desk(self) -> SqlDesk:
        """What agents see at one glance."""
        return SqlDesk(self.session)

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
        # Those who take nothing just now, too: a supervisor watches the floor with a desk open.
        agents = [one.id for one in self.agents()] if is_at_every_desk(kind) else []
        if conversation is not None and is_at_its_agents(kind):
            agents += filter(None, [self.conversation(conversation).agent])
        self.told += [
            Told(topic, self._at, kind, of_contact if topic == visitor else text)
            for topic in topics_of(kind, conversation, agent, told, agents)
        ]
        if not kept:
            return
        self.events.append({
            "at": self._now, "kind": kind, "who": who, "conversation": conversation,
            "agent": agent, "queue": queue, "data": dict(data or {}),
        })  # fmt: skip
