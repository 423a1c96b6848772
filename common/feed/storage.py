"""What the feed needs of a database."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Event(NamedTuple):
    """One thing that happened.

    Attributes:
        seq: its number in its topic, from 1, without gaps.
        at: when it was written, a `common.clock.stamp`.
        kind: a short word, ``release``.
        data: small JSON object; ids rather than documents.
    """

    seq: int
    at: str
    kind: str
    data: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """As it stands in answers and frames."""
        return self._asdict()


class Fresh(NamedTuple):
    """An event that was committed just now, for those who wait for it.

    Attributes:
        text: its data.
        mark: its place in the order over all topics, as `FeedStorage.changed` counts; 0: not known.
    """

    topic: str
    seq: int
    at: str
    kind: str
    text: str
    mark: int = 0

    def as_json(self) -> str:
        """As it stands in frames."""
        return f'{{"seq":{self.seq},"at":"{self.at}","kind":"{self.kind}","data":{self.text}}}'


class CursorGoneError(Exception):
    """The cursor cannot be continued; read the state afresh, then follow on from ``head``."""

    def __init__(self, topic: str, head: int) -> None:
        super().__init__(f"the cursor of topic {topic!r} is outside of what is kept")
        self.topic = topic
        self.head = head


class FeedStorage(Protocol):
    """Reads events. Every method blocks, and may be called from any thread.

    `FeedReader` is the one for SQLite. An implementation must show an event only once all events
    before it, of its topic, can be seen too.
    """

    def read(self, topic: str, after: int, limit: int) -> list[Event]:
        """At most ``limit`` events that follow ``after``, in order. Raises CursorGoneError."""
        ...

    def head(self, topic: str) -> int:
        """The newest seq; 0 for a topic without events."""
        ...

    def version(self) -> int:
        """A number that differs when anybody committed since; compared within one thread."""
        ...

    def changed(self, mark: int) -> tuple[int, dict[str, int]]:
        """The next mark, and the topics with events since ``mark``, each with its newest seq.

        A mark of -1 answers just the next one.
        """
        ...
