"""What the communications server tells the site's own programs of how the site stands.

One JSON object of format 1, asked with ``GET /site-report`` by who holds the appliance's DSN::

    {"format": 1, "site": "Berlin", "at": STAMP, "recipient": "reports@vendor.example",
     "mails": [{"sequence": 7, "reason": "urgent", "state": "delivered", "created_at": STAMP,
                "sent_at": STAMP, "delivered_at": STAMP, "problems": 2, "reports": 5,
                "updates": 1, "masked": 3, "bytes": 20480}],
     "next": {"reason": "scheduled", "at": STAMP},
     "windows": [{"ring": "", "cron": "0 2 * * *", "minutes": 180, "zone": "", "open": false,
                  "opens_at": STAMP}],
     "rings": ["canary 10%", "all approve"],
     "releases": [{"product": "desk", "channel": "stable", "version": "1.2", "state": "going",
                   "sentences": {"en": "…", "zh-CN": "…"}, "installed": 3, "clients": 7}]}

It holds counts, times and names, and never what a mail says, a key or a password. A reader ignores
names that it does not know; what is missed in an older one reads as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from common.as_json import read_json
from common.errors import RefusedError

FORMAT = 1
PATH = "/site-report"
MOST_BYTES = 256 * 1024
MOST_MAILS = 10
_MOST_LISTED = 100
_MOST_TEXT = 2000


@dataclass(frozen=True)
class MailHome:
    """One mail home. Stamps are empty as long as it did not happen.

    Attributes:
        reason: ``urgent``, ``scheduled`` or ``alive``.
        state: ``frozen`` (it waits), ``sent`` or ``delivered``.
        updates: outcomes of updates that it tells.
        masked: secrets that were blackened before it left.
        bytes: of the mail.
    """

    sequence: int = 0
    reason: str = ""
    state: str = ""
    created_at: str = ""
    sent_at: str = ""
    delivered_at: str = ""
    problems: int = 0
    reports: int = 0
    updates: int = 0
    masked: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class NextMail:
    """The mail that is made next if nothing else happens; a new problem sends one earlier."""

    reason: str = ""
    at: str = ""


@dataclass(frozen=True)
class RestartWindow:
    """When programs of a ring may be restarted; an empty ring is all others, no cron is always."""

    ring: str = ""
    cron: str = ""
    minutes: int = 0
    zone: str = ""
    open: bool = False
    opens_at: str = ""


@dataclass(frozen=True)
class ReleaseHere:
    """How far a release has come; ``sentences`` say so, by language, with times as stamps.

    Only who shows them knows the reader's own time.
    """

    product: str = ""
    channel: str = ""
    version: str = ""
    state: str = ""
    sentences: Mapping[str, str] = field(default_factory=dict)
    installed: int = 0
    clients: int = 0


@dataclass(frozen=True)
class SiteReport:
    """See the module."""

    site: str
    at: str
    recipient: str = ""
    mails: tuple[MailHome, ...] = ()
    next: NextMail = field(default_factory=NextMail)
    windows: tuple[RestartWindow, ...] = ()
    rings: tuple[str, ...] = ()
    releases: tuple[ReleaseHere, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As it travels."""
        return {"format": FORMAT, **asdict(self)}


T = TypeVar("T", MailHome, NextMail, RestartWindow, ReleaseHere)


def read_site_report(data: bytes) -> SiteReport:
    """Raises RefusedError (kind ``site-report``)."""
    if len(data) > MOST_BYTES:
        raise RefusedError("site-report", f"The report has more than {MOST_BYTES} bytes.")
    try:
        value = read_json(data)
        if not isinstance(value, dict):
            raise TypeError("it is no object")
        if value.get("format") != FORMAT:
            raise ValueError(f"it has format {value.get('format')!r}, and this one reads {FORMAT}")
        return SiteReport(
            site=_text(value.get("site", "")),
            at=_text(value.get("at", "")),
            recipient=_text(value.get("recipient", "")),
            mails=_several(MailHome, value.get("mails", [])),
            next=_one(NextMail, value.get("next", {})),
            windows=_several(RestartWindow, value.get("windows", [])),
            rings=tuple(_text(one) for one in _list(value.get("rings", []))),
            releases=_several(ReleaseHere, value.get("releases", [])),
        )
    except (ValueError, TypeError) as error:
        raise RefusedError(
            "site-report", f"The communications server's report is not valid: {error}"
        ) from error


def _several(kind: type[T], value: Any) -> tuple[T, ...]:
    return tuple(_one(kind, one) for one in _list(value))


def _one(kind: type[T], value: Any) -> T:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r:.60} is no object")
    plain = kind()
    known = {name: value[name] for name in vars(plain) if name in value}
    for name, given in known.items():
        wanted = getattr(plain, name)
        if isinstance(wanted, Mapping):
            if not isinstance(given, dict):
                raise TypeError(f"{name} is no object")
            known[name] = {_text(key): _text(one) for key, one in given.items()}
        elif type(given) is not type(wanted):
            raise TypeError(f"{name} is {given!r:.60}")
        elif isinstance(given, str):
            _text(given)
    return kind(**known)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_LISTED:
        raise TypeError(f"{value!r:.60} is no list of at most {_MOST_LISTED}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise TypeError(f"{value!r:.60} is no text of at most {_MOST_TEXT} characters")
    return value
