"""What the use cases need of wherever things are kept: one transaction, whole or not at all.

A use case is a function of a `Work`. It reads, decides by the domain's rules, writes, and tells
what happened; all of it becomes durable together, or nothing does. `Floor.write` returns after the
commit: whoever has the answer has it for good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol, TypeVar

from appliance.domain.attachment import KeptAttachments
from appliance.domain.canned import KeptCanned
from appliance.domain.catalogue import Kept
from appliance.domain.confidential import KeptConfidential
from appliance.domain.contact import Identity
from appliance.domain.custom_fields import CustomField
from appliance.domain.desk import Desk
from appliance.domain.kept_calls import KeptCalls
from appliance.domain.labels import Label
from appliance.domain.marks import KeptMarks
from appliance.domain.participants import KeptParticipants
from appliance.domain.queue import Queue
from appliance.domain.rating import KeptRatings
from appliance.domain.records import Agent, Conversation, Message, Offer, OfferEnd
from appliance.domain.refusals import RefusalError
from appliance.domain.seated import Seated
from appliance.domain.telephony.guests import KeptGuests
from appliance.domain.telephony.supervision import KeptSupervisions
from appliance.domain.transcript import KeptTranscripts
from appliance.domain.visits import KeptVisits

T = TypeVar("T")


class UnknownError(RefusalError, LookupError):
    """There is no such thing.

    Args:
        what: ``conversation``, ``agent``, ``queue``, ``attachment``, …
        id: what was asked for.
    """

    def __init__(self, what: str, id: object) -> None:  # noqa: A002 - the word that callers know
        super().__init__("unknown", what=what, id=str(id))


class BusyError(Exception):
    """More waits to be written than can be; nothing was kept, and it can be tried again."""


class Work(Protocol):
    """One transaction. What it reads does not change under it."""

    @property
    def now(self) -> datetime:
        """The moment of everything that is done in it."""
        ...

    @property
    def drained(self) -> bool:
        """Nothing new is to be offered: the program is about to be restarted for an update."""
        ...

    @property
    def switch_silent(self) -> bool:
        """The telephones' switch is known not to answer."""
        ...

    @property
    def moved(self) -> bool:
        """Whether more than talk was told: somebody may be free, or may have begun to wait."""
        ...

    @property
    def seated(self) -> Seated:
        """Agents as routing saw them last."""
        ...

    @property
    def marks(self) -> KeptMarks:
        """How far each side is."""
        ...

    @property
    def participants(self) -> KeptParticipants:
        """Who takes part beside the agent."""
        ...

    @property
    def attachments(self) -> KeptAttachments:
        """The files of conversations."""
        ...

    @property
    def canned(self) -> KeptCanned:
        """Replies that are said often."""
        ...

    @property
    def fields(self) -> Kept[CustomField]:
        """What an administrator lets agents fill in."""
        ...

    @property
    def confidential(self) -> KeptConfidential:
        """Values that are sealed."""
        ...

    @property
    def labels(self) -> Kept[Label]:
        """Tags and dispositions that an administrator keeps."""
        ...

    @property
    def visits(self) -> KeptVisits:
        """The pages that contacts looked at."""
        ...

    @property
    def ratings(self) -> KeptRatings:
        """What contacts thought of it."""
        ...

    @property
    def transcripts(self) -> KeptTranscripts:
        """Transcripts by mail."""
        ...

    @property
    def calls(self) -> KeptCalls:
        """What of the telephone's calls must be found again after a crash."""
        ...

    @property
    def guests(self) -> KeptGuests:
        """Colleagues' phones in calls."""
        ...

    @property
    def supervisions(self) -> KeptSupervisions:
        """Supervisors in calls."""
        ...

    @property
    def desk(self) -> Desk:
        """What agents see at one glance."""
        ...

    def conversation(self, id: int) -> Conversation:  # noqa: A002
        """Raises UnknownError."""
        ...

    def add_conversation(self, conversation: Conversation) -> Conversation:
        """Keep a new one; answers it with its id (that of the argument is not looked at)."""
        ...

    def save(self, conversation: Conversation) -> None:
        """Replace what is kept of it."""
        ...

    def waiting(self, queue: int | None = None) -> Sequence[Conversation]:
        """Those in the state queued, oldest first: of one queue, or of all."""
        ...

    def stirs(self) -> bool:
        """Whether anything waits, or the time of anything is over now: one small question."""
        ...

    def held_by(self, agent: int) -> Sequence[Conversation]:
        """Those that ring at an agent, are spoken in, held or wrapped up."""
        ...

    def loads(self) -> Mapping[int, Sequence[Conversation]]:
        """`held_by` of everybody who has any, by agent."""
        ...

    def wrapping_until(self, moment: datetime) -> Sequence[Conversation]:
        """Those in wrap-up whose time is over at ``moment``."""
        ...

    def snoozed(self, agent: int | None = None) -> Sequence[Conversation]:
        """Those that an agent set aside, or all; what comes back first is first."""
        ...

    def incomplete(self, *, agent: int | None = None, contact: int | None = None
                   ) -> Sequence[Conversation]:  # fmt: skip
        """Those that closed with something missing, of an agent, a contact or all; newest first."""
        ...

    def snoozed_until(self, moment: datetime) -> Sequence[Conversation]:
        """Those set aside whose time has come at ``moment``."""
        ...

    def agent(self, id: int) -> Agent:  # noqa: A002
        """Raises UnknownError."""
        ...

    def agents(self) -> Sequence[Agent]:
        """Everybody, by id."""
        ...

    def save_agent(self, agent: Agent) -> None:
        """Keep a new one, or replace what is kept."""
        ...

    def queue(self, id: int) -> Queue:  # noqa: A002
        """Raises UnknownError."""
        ...

    def queues(self) -> Mapping[int, Queue]:
        """All, by id."""
        ...

    def save_queue(self, queue: Queue) -> Queue:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        ...

    def contacts_of(self, identities: Sequence[Identity]) -> Mapping[Identity, int]:
        """Which contact each belongs to; those that are unknown are missing."""
        ...

    def add_contact(self, name: str) -> int:
        """Keep a new contact; its id."""
        ...

    def add_identities(self, contact: int, identities: Sequence[Identity]) -> None:
        """They belong to ``contact`` from now on."""
        ...

    def merge_contacts(self, into: int, same: Sequence[int]) -> None:
        """Conversations and identities of ``same`` belong to ``into`` from now on."""
        ...

    def contact_name(self, contact: int) -> str:
        """What they call themselves; may be empty. Raises UnknownError."""
        ...

    def conversations_of(self, contact: int, before: int, most: int) -> Sequence[Conversation]:
        """At most ``most`` of a contact's with an id below ``before``, newest first."""
        ...

    def handled_lately(self, queue: int, most: int) -> Sequence[Conversation]:
        """The last ``most`` of a queue that were answered and have ended, newest first.

        Calls that agents began are left out: nobody has waited for them.
        """
        ...

    def last_agent_of(self, contact: int) -> int | None:
        """Who spoke with the contact last."""
        ...

    def add_offer(self, conversation: int, agent: int, until: datetime, why: Mapping[str, object]
                  ) -> Offer:  # fmt: skip
        """Keep a new offer."""
        ...

    def ringing(self, conversation: int) -> Offer | None:
        """The offer of a conversation that has not ended."""
        ...

    def ringing_until(self, moment: datetime) -> Sequence[Offer]:
        """Offers that have not ended, whose time is over at ``moment``."""
        ...

    def end_offer(self, offer: int, end: OfferEnd) -> None:
        """It rings no more."""
        ...

    def message(self, conversation: int, key: str) -> Message | None:
        """The message with the sender's key ``key``."""
        ...

    def messages(self, conversation: int, after: int = 0, most: int = 200) -> Sequence[Message]:
        """At most ``most`` messages that follow number ``after``, in order."""
        ...

    def add_message(self, message: Message) -> None:
        """Keep it."""
        ...

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
        """Add an event: what reports, webhooks and every live page are fed from.

        Args:
            kind: ``conversation.offer``, ``agent.ready``, ``message.said``, …
            who: ``agent:5``, ``contact:17``, ``system``.
            conversation: what it is about, as the next two.
            agent: a user's id.
            queue: its id.
            data: small JSON.
            live: told to those who follow it live, beside ``data``, and not kept with the event.
            kept: False: told live alone, and no event of the record.
        """
        ...


class Floor(Protocol):
    """Where the work of the call centre is kept."""

    def write(self, job: Callable[[Work], T]) -> T:
        """Run ``job`` in a transaction; answers after the commit.

        ``job`` may be run again when another writer was in the way, so it does nothing but through
        its `Work`. Raises whatever it raised; then nothing of it was kept. Raises BusyError.
        """
        ...

    def submit(self, job: Callable[[Work], T], *, short: bool = False) -> Future[T]:
        """As `write`, without waiting: the future is done after the commit. Raises BusyError.

        ``short``: it takes less than a millisecond, so that an event loop may do it by itself;
        those of one loop are done in their order.
        """
        ...

    def read(self, job: Callable[[Work], T]) -> T:
        """Run ``job`` on one moment's state; what it writes is refused."""
        ...
