"""Is the file still the one that was read? Pure.

Device and inode are not enough: a deleted file's inode is given to the next one, and copytruncate
keeps it while the content changes. So a position also remembers the first bytes of the file and
the ones just before the place; a file that has other bytes there is another file.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

SAMPLE = 64  # bytes remembered at either end; a time stamp and some words


@dataclass(frozen=True)
class Position:
    """How far a path was read.

    Attributes:
        offset: of the first byte that no record has told.
        head: the first bytes of the file that were seen, `SAMPLE` at most.
        tail: the bytes before ``offset``, likewise.
        skipping: in the middle of a line that is too long; its rest is not kept.
        window: stamp of the minute that is being counted, or empty.
        lines, errors: kept in that minute.
        skipped: left out in that minute.
    """

    path: str
    program: str
    device: int
    inode: int
    offset: int = 0
    head: bytes = b""
    tail: bytes = b""
    skipping: bool = False
    window: str = ""
    lines: int = 0
    errors: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Facts:
    """What a file is now; ``head`` and ``tail`` are read where the position's are."""

    device: int
    inode: int
    size: int
    head: bytes = b""
    tail: bytes = b""


class Act(enum.Enum):
    """What to do about a path."""

    READ = "read"
    NOTHING = "nothing"
    REPLACED = "replaced"  # another file stands there, or none: look for the old one's rest
    REWRITTEN = "rewritten"  # the same file with other content: look for a copy with the rest


def decide(position: Position, facts: Facts | None) -> Act:
    """The rules, in order."""
    if facts is None or (facts.device, facts.inode) != (position.device, position.inode):
        return Act.REPLACED
    if not same_content(position, facts):
        return Act.REWRITTEN
    return Act.READ if facts.size > position.offset else Act.NOTHING


def same_content(position: Position, facts: Facts) -> bool:
    """Whether everything that was read is still in the file."""
    return (
        facts.size >= position.offset
        and facts.head == position.head
        and facts.tail == position.tail
    )


def holds_rest(position: Position, facts: Facts) -> bool:
    """Whether a rotated file is what ``position`` was reading: itself, or a copy of it.

    Where nothing was seen yet there is nothing to compare, and only the file itself counts.
    """
    itself = (facts.device, facts.inode) == (position.device, position.inode)
    return same_content(position, facts) and (itself or position.head != b"")
