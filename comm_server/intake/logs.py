"""Errors found in log files. They come with the lines (`comm_server.fleet.logs`), by no address.

A stack trace of Python, Java or C# becomes an exception, so that it is grouped like one that a
program reports by itself; anything else is a message.
"""

from __future__ import annotations

import json
import re
from typing import Any

from comm_server.intake.interface import Parsed, PoisonError, Usual
from comm_server.settings import IntakeSettings

# Names of such events begin so: whether a program reports by itself is seen by its other ones.
MARK = "10900000"
_MOST_FRAMES = 100
_RAISED = re.compile(r"^((?:[\w$]+\.)*[\w$]+)(?:: (.*))?$")
_PYTHON = re.compile(
    r'^ +File "([^"\n]+)", line (\d+)(?:, in (.+))?\n(?: {4,}(\S.*)\n?)?', re.MULTILINE
)
_NAMED = re.compile(
    r"(?:^|\s)((?:[\w$]+\.)+[\w$]*(?:Exception|Error|Throwable)[\w$]*)(?:: ([^\n]*))?$",
    re.MULTILINE,
)
_AT = re.compile(
    r"^[ \t]+at ([\w$.<>/`]+)\.([\w$<>`]+)\(([^)\n]*)\)(?: in (.+):line (\d+))?", re.MULTILINE
)


class LogIntake(Usual):
    """What `comm_server.fleet.logs` writes."""

    kind = "log"
    paths: tuple[str, ...] = ()

    def key_of(self, *_request: object) -> str | None:
        """Nobody gets in here."""
        return None

    def answer(self, head: bytes) -> dict[str, Any]:  # noqa: ARG002 - part of the interface
        """Nobody is answered here."""
        return {}

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One line, or one stack trace."""
        if len(body) > settings.most_event:
            raise PoisonError(f"a log line of {len(body)} bytes is over the limit")
        try:
            told = json.loads(body)
            text = str(told["text"])
            event = {
                "event_id": str(told["event_id"]),
                "level": str(told["level"]),
                "timestamp": str(told["at"]),
            }
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise PoisonError(f"not what the intake of log lines writes: {error}") from error
        exception = exception_in(text)
        if exception is None:
            return Parsed(events=[{**event, "message": text}])
        held = {"exception": {"values": [exception]}, "extra": {"log": text}}
        return Parsed(events=[{**event, **held}])


def exception_in(text: str) -> dict[str, Any] | None:
    """The exception that was not caught, as Sentry's protocol has it, or None."""
    if "Traceback (most recent call last):" in text:
        return _python(text)
    named = list(_NAMED.finditer(text))
    if not named or not _AT.search(text):
        return None
    frames = [
        {"module": m[1], "function": m[2], **_source(m), "in_app": _own(m[1])}
        for m in _AT.finditer(text, named[0].end())
    ][:_MOST_FRAMES]
    # The innermost call stands first in the log and last in the protocol.
    return _exception(named[0][1], named[0][2] or "", frames[::-1])


def _python(text: str) -> dict[str, Any] | None:
    trace = text[text.rindex("Traceback (most recent call last):") :]
    frames = [
        {"filename": m[1], "lineno": int(m[2]), "function": m[3] or "", "context_line": m[4] or "",
         "in_app": "site-packages" not in m[1] and "/lib/python" not in m[1]}
        for m in _PYTHON.finditer(trace)
    ]  # fmt: skip
    for line in trace.split("\n")[1:]:
        raised = _RAISED.match(line)
        if raised:
            return _exception(raised[1], raised[2] or "", frames[-_MOST_FRAMES:])
    return None


def _source(found: re.Match[str]) -> dict[str, Any]:
    if found[4]:
        return {"filename": found[4], "lineno": int(found[5])}
    name, _, line = found[3].rpartition(":")
    return {"filename": name, "lineno": int(line)} if line.isdigit() else {}


def _own(module: str) -> bool:
    return not module.startswith(("java.", "javax.", "jdk.", "sun.", "System.", "Microsoft."))


def _exception(kind: str, value: str, frames: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "value": value, "mechanism": {"type": "log"}}
    if frames:
        found["stacktrace"] = {"frames": frames}
    return found
