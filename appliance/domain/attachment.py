"""Which files may be sent in a conversation: judged by name, size, and what is really inside.

The name says what the sender claims, the first bytes what it is; both must agree on one kind of
`KINDS`. What a browser could run (HTML, SVG, scripts, programs) is no kind at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from appliance.domain.refusals import InvalidError

HEAD = 4096  # bytes of the beginning that are looked at
_MOST_NAME = 150
_ZIP = b"PK\x03\x04"
# What no name may hold: separators, what Windows cannot keep, what turns text around (bidi).
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+')


class NotTakenError(InvalidError):
    """A file that is not taken; the kind says why."""


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        type: its media type (RFC 6838), as it is served.
        endings: of names, without the dot.
        marks: (offset, bytes) of its beginning, one of which must be there; none: plain text.
        shown: whether a browser may show it in the page.
    """

    type: str
    endings: tuple[str, ...]
    marks: tuple[tuple[int, bytes], ...] = ()
    shown: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: tuple[Kind, ...] = (
    Kind("image/png", ("png",), ((0, b"\x89PNG\r\n\x1a\n"),), shown=True),
    Kind("image/jpeg", ("jpg", "jpeg"), ((0, b"\xff\xd8\xff"),), shown=True),
    Kind("image/gif", ("gif",), ((0, b"GIF87a"), (0, b"GIF89a")), shown=True),
    Kind("image/webp", ("webp",), ((8, b"WEBPVP8"),), shown=True),
    Kind("application/pdf", ("pdf",), ((0, b"%PDF-"),)),
    Kind("text/plain", ("txt", "log", "csv")),
    Kind("application/zip", ("zip",), ((0, _ZIP),)),
    Kind(f"{_OFFICE}wordprocessingml.document", ("docx",), ((0, _ZIP),)),
    Kind(f"{_OFFICE}spreadsheetml.sheet", ("xlsx",), ((0, _ZIP),)),
    Kind(f"{_OFFICE}presentationml.presentation", ("pptx",), ((0, _ZIP),)),
    Kind("audio/mpeg", ("mp3",), ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"))),
    Kind("video/mp4", ("mp4",), ((4, b"ftyp"),)),
)
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)


@dataclass(frozen=True)
class Rules:
    """What an administrator allows: ``most`` bytes, and these endings."""

    most: int
    endings: Collection[str]


@dataclass(frozen=True)
class Attachment:
    """One file of a conversation; ``id`` is where its bytes are, ``key`` opens them (sealed)."""

    id: str
    conversation: int
    name: str
    type: str
    size: int
    sha256: str
    at: datetime
    key: str = field(default="", repr=False)

    @property
    def shown(self) -> bool:
        """Whether a browser may show it in the page."""
        return any(kind.shown and kind.type == self.type for kind in KINDS)


@dataclass(frozen=True)
class Stored:
    """Bytes that are on the disk: where, how many, their sha256 (hex), what opens them (sealed)."""

    id: str
    size: int
    sha256: str
    key: str = field(repr=False)


def plain_name(name: str) -> str:
    """A file's name without folders and tricks; it keeps its ending."""
    words = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    words = _UNFIT.sub("_", words).strip(" .")
    stem, dot, ending = words.rpartition(".")
    if not dot:
        return words[:_MOST_NAME] or "file"
    return f"{stem[:_MOST_NAME] or 'file'}.{ending[:16]}"


def judge(name: str, head: bytes, size: int, rules: Rules) -> Kind:
    """The kind of a file with this (plain) name, beginning and size in bytes.

    Raises NotTakenError.
    """
    if size == 0:
        raise NotTakenError("file-empty")
    if size > rules.most:
        raise too_large(rules)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = next((one for one in KINDS if ending in one.endings), None)
    if kind is None or ending not in rules.endings:
        allowed = [one for one in ENDINGS if one in rules.endings]
        raise NotTakenError("file-type", allowed=allowed)
    if not _is(kind, head):
        raise NotTakenError("file-content", ending=ending)
    return kind


def too_large(rules: Rules) -> NotTakenError:
    """The refusal of a file over the limit."""
    return NotTakenError("file-too-large", most_mib=f"{rules.most / 2**20:g}")


def _is(kind: Kind, head: bytes) -> bool:
    if kind.marks:
        return any(head[at : at + len(mark)] == mark for at, mark in kind.marks)
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A sign that the look cut in two is none of the file's faults; other encodings have no NUL.
        return error.start > len(head) - 4 or _looks_like_text(head)
    return True


def _looks_like_text(head: bytes) -> bool:
    """Text in another encoding, such as GB 18030: no control signs but white space."""
    return not any(sign < 32 and sign not in b"\t\n\r\f\x1b" for sign in head)


class KeptAttachments(Protocol):
    """Where the rows are kept; the bytes are files."""

    def one(self, id: str) -> Attachment:  # noqa: A002
        """Raises UnknownError."""
        ...

    def add(self, attachment: Attachment) -> None:
        """Keep it."""
        ...

    def internal(self, id: str) -> bool:  # noqa: A002
        """Whether it came with a note that the contact never sees."""
        ...

    def count(self, conversation: int) -> int:
        """How many the conversation has."""
        ...

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of ``ids`` that have a row."""
        ...
