"""Whether a visitor is let in, and not too often; asked at arrival and with every message."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from appliance.domain.blocklist import Block, BlockedError, Blocks, TooOftenError
from appliance.domain.contact import Identity
from appliance.domain.work import Work
from common.clock import Clock
from common.web.rates import Rates, line_of

_READ_AGAIN = 2.0  # seconds until a line that another process wrote counts here


class VisitorDoor:
    """Keeps the blocklist in memory, so that a message costs no query.

    Args:
        read: the blocklist.
        arrivals: conversations of an address.
        messages: of a conversation.
        requests: of a conversation, whatever they ask.
        strangers: of an address, whatever is asked without a conversation's key.
        clock: the moment.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[Block]],
        arrivals: Rates,
        messages: Rates,
        requests: Rates,
        strangers: Rates,
        clock: Clock,
    ) -> None:
        self._read = read
        self._arrivals = arrivals
        self._messages = messages
        self._requests = requests
        self._strangers = strangers
        self._clock = clock
        self._lock = threading.Lock()
        self._known = Blocks(())
        self._until = float("-inf")

    def arrives(self, address: str, identities: Iterable[Identity]) -> None:
        """Somebody begins a conversation. Raises BlockedError, TooOftenError."""
        self._from(address)
        now, blocks = self._clock.now(), self._blocks()
        if any(blocks.has_identity(one, now) for one in identities):
            raise BlockedError
        wait = self._arrivals.take(line_of(address))
        if wait:
            raise TooOftenError("too-many-conversations", wait)

    def contact(self, contact: int) -> None:
        """The same, once it is known who it is. Raises BlockedError."""
        if self._blocks().has_contact(contact, self._clock.now()):
            raise BlockedError

    def asks(self, conversation: int) -> None:
        """A visitor asks anything by REST. Raises TooOftenError."""
        wait = self._requests.take(str(conversation))
        if wait:
            raise TooOftenError("too-many-questions", wait)

    def looks(self, address: str) -> None:
        """Somebody asks who shows no conversation's key. Raises TooOftenError."""
        wait = self._strangers.take(line_of(address))
        if wait:
            raise TooOftenError("too-many-looks", wait)

    def speaks(self, work: Work, conversation: int, address: str) -> None:
        """A visitor says something. Raises BlockedError, TooOftenError, UnknownError."""
        self._from(address)
        self.contact(work.conversation(conversation).contact)
        wait = self._messages.take(str(conversation))
        if wait:
            raise TooOftenError("too-fast", wait)

    def changed(self) -> None:
        """The list was changed here: read it before the next look."""
        self._until = float("-inf")

    def _from(self, address: str) -> None:
        if self._blocks().has_address(address, self._clock.now()):
            raise BlockedError

    def _blocks(self) -> Blocks:
        if self._clock.monotonic() >= self._until and self._lock.acquire(blocking=False):
            try:
                self._known = Blocks.of(self._read())
                self._until = self._clock.monotonic() + _READ_AGAIN
            finally:
                self._lock.release()
        return self._known
