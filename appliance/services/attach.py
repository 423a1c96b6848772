"""A file comes into a conversation: bytes on disk before the row, the row with its message.

Whatever is cut in between leaves a file that nobody names, which is swept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import IO, Protocol

from appliance.domain.attachment import HEAD, Attachment, Rules, Stored, judge, plain_name
from appliance.domain.records import Message
from appliance.domain.refusals import InvalidError
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.say_message import Saying, say_message
from common.clock import Clock
from common.logs import get_logger

log = get_logger(__name__)

# A file is older than this before it can be missed: its transaction has long ended.
_GRACE = timedelta(hours=1)
_BATCH = 500


class Files(Protocol):
    """Where the bytes are."""

    def put(self, source: IO[bytes], most: int) -> Stored:
        """Keep what ``source`` has, durably and sealed.

        A source of more than ``most`` bytes is read no further: nothing is kept, the size is told.
        """
        ...

    def open(self, file: Attachment) -> IO[bytes]:
        """Its bytes, from any place. Raises FileNotFoundError; OSError while it is read."""
        ...

    def remove(self, id: str) -> None:  # noqa: A002
        """It is gone; nothing happens when it was not there."""
        ...

    def older_than(self, moment: datetime) -> Iterable[str]:
        """The ids of files that were written before ``moment``; unfinished ones are removed."""
        ...


class TooManyFilesError(InvalidError):
    """The conversation has as many files as are allowed."""


def attach(
    floor: Floor,
    files: Files,
    source: IO[bytes],
    saying: Saying,
    name: str,
    rules: Rules,
    most_files: int,
    most_length: int,
) -> Message:
    """Keep the file and the message that it comes with; the same key is the same message.

    Raises:
        NotTakenError, TooManyFilesError, and as `say_message`.
    """
    kept = floor.read(lambda work: work.message(saying.conversation, saying.key))
    if kept is not None:
        return kept
    plain = plain_name(name)
    head = source.read(HEAD)
    judge(plain, head, len(head), rules)  # before a byte is written
    source.seek(0)
    stored = files.put(source, rules.most)
    try:
        kind = judge(plain, head, stored.size, rules)

        def job(work: Work) -> Message:
            if work.attachments.count(saying.conversation) >= most_files:
                raise TooManyFilesError("too-many-files", most=most_files)
            file = Attachment(
                stored.id, saying.conversation, plain, kind.type, stored.size, stored.sha256,
                work.now, stored.key,
            )  # fmt: skip
            return say_message(work, saying, most_length, file)

        message = change(floor, job)
    except Exception:
        files.remove(stored.id)
        raise
    if message.attachment is None or message.attachment.id != stored.id:
        files.remove(stored.id)  # it was sent twice at the same time
    return message


def sweep(floor: Floor, files: Files, clock: Clock) -> int:
    """Remove the files that no message names; how many."""
    gone = 0
    for ids in _batches(files.older_than(clock.now() - _GRACE)):
        known = floor.read(_known(ids))
        for one in ids:
            if one not in known:
                files.remove(one)
                gone += 1
    if gone:
        log.info("attachments.swept", files=gone)
    return gone


def _known(ids: Sequence[str]) -> Callable[[Work], set[str]]:
    return lambda work: work.attachments.known(ids)


def _batches(ids: Iterable[str]) -> Iterable[list[str]]:
    batch: list[str] = []
    for one in ids:
        batch.append(one)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
