"""From bytes to records. Pure.

A record ends where the next one begins; the last one is kept back until the file has been quiet
or is final. What is kept back is simply read again: a position never points into a record.
"""

from __future__ import annotations

from dataclasses import dataclass

from updater.logtail.joining import Joiner


@dataclass(frozen=True)
class Record:
    """One record; ``end`` is the first byte after it, counted from the start of the data."""

    text: str
    end: int


@dataclass(frozen=True)
class Cut:
    """What could be cut off.

    Attributes:
        records: in order.
        consumed: bytes that are dealt with.
        skipping: the data ended within a line that is too long.
    """

    records: tuple[Record, ...]
    consumed: int
    skipping: bool = False


def cut(
    data: bytes, *, encoding: str, most: int, complete: bool, final: bool, skipping: bool = False
) -> Cut:
    """Cut ``data`` into records.

    Args:
        data: from the position on; not more than the caller wants in memory.
        encoding: what it cannot read becomes U+FFFD.
        most: bytes of one line and characters of one record; the rest is cut out and says so.
        complete: nothing will follow for now, so that the last record is whole.
        final: nothing will ever follow, not even a line end.
        skipping: begin within a line that was too long.
    """
    start = 0
    if skipping:
        end = data.find(b"\n")
        if end < 0:
            return Cut((), len(data), skipping=True)
        start = end + 1
    base = start
    records: list[Record] = []
    lines: list[str] = []
    joiner, begun_end = Joiner(), start
    while start < len(data):
        end = data.find(b"\n", start)
        unfinished = end < 0
        if unfinished:
            if len(data) - start <= most and not final:
                break
            end = len(data)
        line = _line(data[start : min(end, start + most)], encoding, cut_off=end - start > most)
        start = min(end + 1, len(data))
        if not joiner.takes(line):
            _add(records, lines, begun_end, most)
            lines = []
            joiner.begin(line)
        lines.append(line)
        begun_end = start
        if unfinished and not final:  # the line end is yet to come
            _add(records, lines, start, most)
            return Cut(tuple(records), start, skipping=True)
    if final or complete:
        _add(records, lines, begun_end, most)
        return Cut(tuple(records), begun_end)
    # Blank lines alone need no waiting.
    waits = any(line.strip() for line in lines)
    told = records[-1].end if records else base
    return Cut(tuple(records), told if waits else begun_end)


def _add(records: list[Record], lines: list[str], end: int, most: int) -> None:
    text = "\n".join(lines).strip("\n").rstrip()
    if text.strip():
        records.append(Record(_bounded(text, most), end))
    elif records:  # blank lines belong to what stands before them
        records[-1] = Record(records[-1].text, end)


def _line(data: bytes, encoding: str, *, cut_off: bool) -> str:
    # Zeros are the hole that copytruncate leaves under a program that does not append.
    text = data.decode(encoding, "replace").replace("\0", "").rstrip("\r")
    return f"{text} [rest of a long line cut off]" if cut_off else text


def _bounded(text: str, most: int) -> str:
    """A record's beginning and end: a stack trace names the error in one of the two."""
    if len(text) <= 2 * most + 100:
        return text
    return f"{text[:most]}\n[{len(text) - 2 * most} characters left out]\n{text[-most:]}"
