"""When a line was written, by its own time stamp. Pure.

Understood: ISO 8601 (with ``T`` or a blank, ``.`` or ``,``, with or without zone) anywhere near
the beginning, so in JSON too; ``2026/11/21 09:00:00`` (Go, nginx); ``21/Nov/2026:09:00:00 +0800``
(web servers); ``Nov 21 09:00:00`` (syslog, Asterisk; the year is the nearest one); seconds since
1970 in brackets or at the beginning. A stamp without a zone is in this computer's own.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_NEAR = 400
_ISO = re.compile(
    r"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"\s?(Z|UTC|[+-]\d\d:?\d\d)?"
)
_WEB = re.compile(r"(?<!\d)(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)()(?: ([+-]\d{4}))?")
_SYSLOG = re.compile(r"\W?([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?")
_UNIX = re.compile(r"\[?(1\d{9})(?:\.(\d{1,9}))?(?=[\] ])")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
# A clock that is wrong by more than this tells nothing; the time of reading does.
_AHEAD = timedelta(hours=26)


def has_stamp(line: str) -> bool:
    """Whether the line begins like one that a logger wrote, stamp first."""
    return bool(_ISO.match(line.lstrip("[ ")) or _SYSLOG.match(line))


def moment_of(line: str, now: datetime) -> datetime | None:
    """The stamp in ``line``, or None.

    Args:
        line: the first of a record.
        now: aware; its zone is the one of stamps that name none.
    """
    try:
        found = _moment(line[:_NEAR], now)
    except (ValueError, OverflowError):  # the 31st of February
        return None
    return found if found is not None and found - now < _AHEAD else None


def _moment(line: str, now: datetime) -> datetime | None:
    if found := _ISO.search(line):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif found := _WEB.search(line):
        year, month, day = int(found[3]), _month(found[2]), int(found[1])
    elif found := _SYSLOG.match(line):
        return _nearest_year(found, now)
    elif found := _UNIX.match(line):
        return datetime.fromtimestamp(int(found[1]), UTC) + _fraction(found[2])
    else:
        return None
    zone = _zone(found[8])
    hour, minute, second = int(found[4]), int(found[5]), int(found[6])
    moment = datetime(year, month, day, hour, minute, second) + _fraction(found[7])  # noqa: DTZ001 - the zone comes next
    return moment.replace(tzinfo=UTC) - zone if zone is not None else _local(moment, now)


def _nearest_year(found: re.Match[str], now: datetime) -> datetime:
    clock = int(found[3]), int(found[4]), int(found[5])
    moment = datetime(now.year, _month(found[1]), int(found[2]), *clock)  # noqa: DTZ001 - local, see below
    moment += _fraction(found[6])
    here = _local(moment, now)
    # A line of December that is read in January.
    return here if here - now < _AHEAD else _local(moment.replace(year=now.year - 1), now)


def _local(moment: datetime, now: datetime) -> datetime:
    """``moment`` without a zone, in that of ``now``: a fixed offset, so that this stays pure."""
    return moment.replace(tzinfo=now.tzinfo)


def _month(name: str) -> int:
    at, rest = divmod(_MONTHS.find(name), 3)
    if rest:
        raise ValueError(f"no month: {name}")
    return at + 1


def _fraction(digits: str | None) -> timedelta:
    return timedelta(seconds=float(f"0.{digits}")) if digits else timedelta(0)


def _zone(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text in {"Z", "UTC"}:
        return timedelta(0)
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
