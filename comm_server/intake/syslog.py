"""Syslog, RFC 5424 and RFC 3164: what a line says of itself.

A raw row holds one line ``ID SENDER`` and then the message as it came: syslog has no identity of
its own, and two equal lines are two reports. It comes through `comm_server.intake.listen` alone.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from comm_server.intake.interface import Lookup, Parsed, PoisonError, Usual
from comm_server.plain import one_line
from comm_server.settings import IntakeSettings

SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
LEVELS = ("fatal", "fatal", "fatal", "error", "warning", "info", "info", "debug")

_PRI = re.compile(rb"<(\d{1,3})>")
_NEW = re.compile(
    rb"1 (?P<at>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<pid>\S{1,128}) "
    rb"(?P<id>\S{1,32}) (?P<data>-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: (?P<text>.*))?\Z",
    re.DOTALL,
)
_OLD = re.compile(
    rb"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?P<host>\S{1,255}) (?P<text>.*)\Z", re.DOTALL
)
_TAG = re.compile(rb"(?P<app>[\w./@-]{1,48})(?:\[(?P<pid>[^\]\n]{0,20})\])?: ?", re.DOTALL)
_TAG_WITH_PID = re.compile(rb"(?P<app>[\w./@-]{1,48})\[(?P<pid>\d{1,10})\]: ?")


@dataclass(frozen=True)
class Line:
    """One message. ``severity`` is an index into `SEVERITIES`; unknown texts are empty."""

    severity: int
    facility: int
    host: str
    program: str
    text: str
    at: str = ""
    data: str = ""


def read(message: bytes) -> Line:
    """As much as can be known of a message, however it is formed; never fails.

    A message without a priority is `user.notice`, as RFC 3164 has it.
    """
    found = _PRI.match(message)
    priority = int(found[1]) if found else 13
    if priority > 191:
        priority = 13
    rest = message[found.end() :] if found else message
    facts: dict[str, bytes] = {}
    if new := _NEW.match(rest):
        facts = {name: value or b"" for name, value in new.groupdict().items()}
    else:
        old = _OLD.match(rest)
        facts["text"] = old["text"] if old else rest
        facts["host"] = old["host"] if old else b""
        # Without a head, only `name[123]:` is believed: `ValueError:` is no program.
        tag = (_TAG if old else _TAG_WITH_PID).match(facts["text"])
        if tag:
            facts["app"], facts["text"] = tag["app"], facts["text"][tag.end() :]
    return Line(
        severity=priority % 8,
        facility=priority // 8,
        host=_word(facts.get("host")),
        program=_word(facts.get("app")),
        text=_text(facts.get("text", b"")).strip("\r\n\0"),
        at=_word(facts.get("at")),
        data=_word(facts.get("data"), 2000),
    )


def stored(message: bytes, sender: str) -> bytes:
    """The body of a raw row."""
    return f"{uuid.uuid4().hex} {sender}\n".encode() + message


class SyslogIntake(Usual):
    """Messages that a listener took."""

    kind = "syslog"
    paths: tuple[str, ...] = ()

    def key_of(self, header: Lookup, query: Lookup, head: bytes) -> str | None:  # noqa: ARG002 - the interface's
        """There is no request."""
        return None

    def answer(self, head: bytes) -> dict[str, Any]:  # noqa: ARG002 - the interface's
        """Nobody asks."""
        return {}

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One event."""
        if len(body) > settings.most_event:
            raise PoisonError(f"a message of {len(body)} bytes is over the limit")
        first, _, message = body.partition(b"\n")
        identity, _, sender = first.decode("ascii", "replace").partition(" ")
        if not re.fullmatch(r"[0-9a-f]{32}", identity):
            raise PoisonError("the row does not begin with an id")
        line = read(message)
        event: dict[str, Any] = {
            "event_id": identity,
            "level": LEVELS[line.severity],
            "message": line.text,
            "logger": line.program or "syslog",
            "server_name": line.host or sender,
            "extra": {"facility": line.facility, "severity": SEVERITIES[line.severity]},
        }
        if line.at:
            event["timestamp"] = line.at
        if line.data:
            event["extra"]["structured_data"] = line.data
        return Parsed(events=[event])


def _word(value: bytes | None, most: int = 200) -> str:
    text = one_line(_text(value or b""), most)
    return "" if text == "-" else text


def _text(value: bytes) -> str:
    return value.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
