"""Bytes that nobody here understands, as they leave: scrubbed as far as they are text. Pure.

Attachments that are text are scrubbed like a report; others stay here, unless the customer allows
them, and the vendor hears their name, size and hash. Quarantined reports always go home, because
the fault may be in their form: their text is scrubbed wherever it stands among the bytes. What
was compressed is expanded first; a body that cannot be expanded is as unreadable there as here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from comm_server.intake.expand import expand, head
from comm_server.intake.interface import PoisonError
from comm_server.scrub import Phones, scrub, scrub_line
from common.wire import envelope

# Runs of text among other bytes, long enough to hold something.
_RUN = re.compile(rb"[\x20-\x7e\t\r\n\x80-\xff]{6,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_KEPT = "kept as sent"


@dataclass(frozen=True)
class Leaving:
    """What goes home of one raw row.

    Attributes:
        data: its bytes.
        encoding: of them; empty when they were expanded.
        counts: what was taken out, by rule.
    """

    data: bytes
    encoding: str
    counts: Counter[str]


def as_it_leaves(
    body: bytes, encoding: str, error: str, phones: Phones, *, binary: bool, most: int
) -> Leaving:
    """What of a raw row goes home.

    Args:
        body: the row's bytes.
        encoding: of them.
        error: why the row was set aside.
        phones: what is done with telephone numbers.
        binary: attachments that are no text go home, too.
        most: bytes, when expanding.
    """
    if encoding:
        try:
            body, encoding = expand(body, encoding, most), ""
        except PoisonError:
            begun = head(body, encoding, most)  # cut off, or too large: what there is of it
            if begun:
                body, encoding = begun, ""
    counts: Counter[str] = Counter()
    if encoding:
        return Leaving(body, encoding, counts)
    if error.startswith(_KEPT):
        try:
            first, items = envelope.read(body)
        except ValueError:
            pass
        else:
            leaving = [_item(item, phones, counts, binary=binary) for item in items]
            return Leaving(envelope.write(_told(first, phones, counts), leaving), "", counts)
    return Leaving(_whatever(body, phones, counts), "", counts)


def _item(
    item: envelope.Item, phones: Phones, counts: Counter[str], *, binary: bool
) -> envelope.Item:
    header = _told(item.header, phones, counts)
    text = _as_text(item.payload)
    if text is not None:
        words, charset = text
        return envelope.Item(header, _clean(words, phones, counts).encode(charset))
    if binary:
        return envelope.Item(header, item.payload)
    counts["attachment withheld"] += 1
    about = {
        "withheld": True,
        "size": len(item.payload),
        "sha256": hashlib.sha256(item.payload).hexdigest(),
    }
    return envelope.Item(header | about, b"")


def _told(value: dict[str, Any], phones: Phones, counts: Counter[str]) -> dict[str, Any]:
    clean, more = scrub(value, phones)
    counts.update(more)
    assert isinstance(clean, dict)  # noqa: S101 - a dict's copy is one
    return clean


def _clean(text: str, phones: Phones, counts: Counter[str]) -> str:
    """By key, too, where it is JSON."""
    if text.lstrip()[:1] in {"{", "["}:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            clean, more = scrub(value, phones)
            counts.update(more)
            return json.dumps(clean, ensure_ascii=False) if more else text
    clean_text, more = scrub_line(text, phones)
    counts.update(more)
    return clean_text


def _as_text(data: bytes) -> tuple[str, str] | None:
    """The text and its charset; None when it is no text."""
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return _decoded(data, charset)
    return _decoded(data, "utf-8") or _decoded(data, "gb18030")


def _decoded(data: bytes, charset: str) -> tuple[str, str] | None:
    try:
        text = data.decode(charset)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else (text, charset)


def _whatever(body: bytes, phones: Phones, counts: Counter[str]) -> bytes:
    """Any bytes; those that are no text stay as they are."""
    text = _as_text(body)
    if text is not None:
        words, charset = text
        return _clean(words, phones, counts).encode(charset)

    def clean(run: re.Match[bytes]) -> bytes:
        words, more = scrub_line(run[0].decode("utf-8", "surrogateescape"), phones)
        counts.update(more)
        return words.encode("utf-8", "surrogateescape")

    return _RUN.sub(clean, body)
