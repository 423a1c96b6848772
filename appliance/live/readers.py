"""Whether somebody may read a topic of the feed; the topics are in `appliance.domain.live`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from appliance.domain.audit import Audit
from appliance.domain.live import FLOOR, agent_topic, conversation_topic, visitor_topic
from appliance.domain.programs import Caller
from appliance.domain.roles import SEE_FLOOR, TAKE_CONVERSATIONS
from appliance.domain.work import Floor, UnknownError, Work
from appliance.live.callers import Callers
from appliance.services.take_part import has_part
from appliance.services.transcript_reads import TranscriptReads
from common.clock import Clock
from common.feed import Asker

# An account that is closed, a session that ends, another role; a conversation that was given away.
# A conversation's own key is taken away by nobody.
_SECONDS = 2.0
_LOOK_SECONDS = 600.0  # a look that pauses for as long is another one


class Readers:
    """Called with an `Asker` and a topic, before each batch.

    Args:
        callers: who is behind a connection.
        conversation_of: whose key it is; None: nobody's.
        floor: to see who has a conversation.
        audit: who reads along with what another agent is told is put on record.
        clock: the moment.
        served: whether this process has the topic at all.
    """

    def __init__(
        self,
        callers: Callers,
        conversation_of: Callable[[str], int | None],
        floor: Floor,
        audit: Audit,
        clock: Clock,
        served: Callable[[str], bool],
    ) -> None:
        self._callers = callers
        self._conversation_of = conversation_of
        self._floor = floor
        self._reads = TranscriptReads(audit, clock, _LOOK_SECONDS)
        self._served = served

    def __call__(self, asker: Asker, topic: str) -> float:
        """For how many seconds ``asker`` may read ``topic``; 0: not at all."""
        return self._right(asker, topic, self._callers.find)

    def all(self, asked: Sequence[tuple[Asker, str]]) -> list[float]:
        """The same for all open connections at once."""
        self._callers.look_again(asker for asker, _topic in asked)
        return [self._right(asker, topic, self._callers.known) for asker, topic in asked]

    def _right(
        self, asker: Asker, topic: str, caller_of: Callable[[Asker], Caller | None]
    ) -> float:
        if not self._served(topic):
            return 0
        conversation = self._conversation_of(asker.key) if asker.key else None
        if conversation is not None:
            return math.inf if topic == visitor_topic(conversation) else 0
        caller = caller_of(asker)
        if caller is None:
            return 0
        speaks, sees = caller.may(TAKE_CONVERSATIONS), caller.may(SEE_FLOOR)
        if topic == agent_topic(caller.user.id) and speaks:
            return _SECONDS
        if sees and (topic == FLOOR or _numbered(topic, agent_topic) is not None):
            if topic != FLOOR:  # an agent's topic tells what is said to them
                self._reads.record(caller.named, topic, asker.address)
            return _SECONDS
        return _SECONDS if speaks and self._has(caller.user.id, topic) else 0

    def _has(self, agent: int, topic: str) -> bool:
        """Whether the topic is of a conversation that the agent has, had last, or takes part in.

        A supervisor listens in first (which is put on record), and then takes part.
        """
        conversation = _numbered(topic, conversation_topic)
        if conversation is None:
            return False

        def theirs(work: Work) -> bool:
            return has_part(work, work.conversation(conversation), agent)

        try:
            return self._floor.read(theirs)
        except UnknownError:
            return False


def _numbered(topic: str, of: Callable[[int], str]) -> int | None:
    """Whose topic it is; None: it is no topic of that kind."""
    number = topic.rpartition("/")[2]
    if not (number.isascii() and number.isdigit() and len(number) < 11):
        return None
    return int(number) if topic == of(int(number)) else None
