"""Whether somebody may read a topic of the feed; the topics are in `appliance.domain.live`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping

from appliance.domain.audit import Audit
from appliance.domain.live import FLOOR, agent_topic, conversation_topic, visitor_topic
from appliance.domain.programs import Caller
from appliance.domain.roles import SEE_FLOOR, TAKE_CONVERSATIONS
from appliance.domain.users import User
from appliance.domain.work import Floor, UnknownError, Work
from appliance.services.take_part import has_part
from common.clock import Clock
from common.feed import Asker

_KEY_SECONDS = 600.0  # nobody takes a key away
_PERSON_SECONDS = 2.0  # an account that is closed, a session that ends, another role
_PART_SECONDS = 1.0  # who gave a conversation away hears no more of it
_LOOK_SECONDS = 600.0  # a look that pauses for longer is another one
_MOST_LOOKS = 10_000


class Readers:
    """Called with an `Asker` and a topic, before each batch.

    Args:
        person: whose session the cookies are; None: nobody's, or it has ended.
        program: whose API key or access token it is; None: nobody's, or it is over or revoked.
        conversation_of: whose key it is; None: nobody's.
        floor: to see who has a conversation.
        audit: who reads along with what another agent is told is put on record.
        clock: the moment.
    """

    def __init__(
        self,
        person: Callable[[Mapping[str, str]], User | None],
        program: Callable[[str], Caller | None],
        conversation_of: Callable[[str], int | None],
        floor: Floor,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._person = person
        self._program = program
        self._conversation_of = conversation_of
        self._floor = floor
        self._audit = audit
        self._clock = clock
        self._looks: OrderedDict[tuple[str, str], float] = OrderedDict()

    def __call__(self, asker: Asker, topic: str) -> float:
        """For how many seconds ``asker`` may read ``topic``; 0: not at all."""
        conversation = self._conversation_of(asker.key) if asker.key else None
        if conversation is not None:
            return _KEY_SECONDS if topic == visitor_topic(conversation) else 0
        caller = self._caller(asker)
        if caller is None:
            return 0
        speaks, sees = caller.may(TAKE_CONVERSATIONS), caller.may(SEE_FLOOR)
        if topic == agent_topic(caller.user.id) and speaks:
            return _PERSON_SECONDS
        if sees and (topic == FLOOR or topic.startswith("agent/")):
            if topic != FLOOR:
                self._put_on_record(caller, topic, asker.address)
            return _PERSON_SECONDS
        return _PART_SECONDS if speaks and self._has(caller.user.id, topic) else 0

    def _caller(self, asker: Asker) -> Caller | None:
        """A program by its key or token, or a person by their session."""
        if asker.key:
            return self._program(asker.key)
        user = self._person(asker.cookies)
        return Caller(user) if user else None

    def _put_on_record(self, caller: Caller, topic: str, address: str) -> None:
        """Once for a look that goes on: an agent's topic tells what is said to them."""
        now, key = self._clock.monotonic(), (caller.named, topic)
        again = key in self._looks and now - self._looks[key] < _LOOK_SECONDS
        self._looks[key] = now
        self._looks.move_to_end(key)
        while len(self._looks) > _MOST_LOOKS:
            self._looks.popitem(last=False)
        if not again:
            self._audit.record(caller.named, "transcript.read", topic, address)

    def _has(self, agent: int, topic: str) -> bool:
        """Whether the topic is of a conversation that the agent has, had last, or takes part in.

        A supervisor listens in first (which is put on record), and then takes part.
        """
        number = topic.removeprefix("conversation/")
        if not (number.isascii() and number.isdigit() and len(number) < 11):
            return False
        conversation = int(number)
        if topic != conversation_topic(conversation):
            return False

        def theirs(work: Work) -> bool:
            return has_part(work, work.conversation(conversation), agent)

        try:
            return self._floor.read(theirs)
        except UnknownError:
            return False
