"""A report (a Sentry event) as pages show it. Programs write these: nothing is sure. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from common.clock import stamp
from common.lenient import objects, text, time_of

_MOST_FRAMES = 200
_MOST_VALUE = 1000  # characters of one variable


@dataclass(frozen=True)
class Frame:
    """One call of a stack trace.

    Attributes:
        source: lines around the place: ``(number, text, is the failing one)``.
        variables: ``(name, value as text)``.
        in_app: the program's own code.
        at_fault: where to look first: the program's own call nearest to the failure.
    """

    function: str
    file: str
    line: int | None
    in_app: bool
    source: tuple[tuple[int | None, str, bool], ...]
    variables: tuple[tuple[str, str], ...]
    at_fault: bool = False


@dataclass(frozen=True)
class Fault:
    """One exception; frames with the failing call first."""

    type: str
    value: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Crumb:
    """Something that happened before."""

    at: str
    category: str
    level: str
    message: str


@dataclass(frozen=True)
class EventView:
    """What a page shows of a report. ``facts`` are named texts: tags, contexts, user, request.

    ``faults`` is the chain of exceptions, the last one raised first; each was raised because of,
    or while handling, the one after it.
    """

    message: str
    level: str
    release: str
    environment: str
    at: str
    faults: tuple[Fault, ...]
    crumbs: tuple[Crumb, ...]
    facts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def view(event: dict[str, Any], received_at: str) -> EventView:
    """Build it from a parsed event; what is missing or strange is left out."""
    return EventView(
        message=message_of(event),
        level=text(event.get("level")) or "error",
        release=text(event.get("release")),
        environment=text(event.get("environment")),
        at=_time(event.get("timestamp"), received_at),
        faults=_with_the_fault(
            _fault(value) for value in reversed(_values(event.get("exception")))
        ),
        crumbs=tuple(_crumb(value) for value in _values(event.get("breadcrumbs"))),
        facts=_facts(event),
    )


def message_of(event: dict[str, Any]) -> str:
    """The message of an event that has one of its own."""
    entry = event.get("logentry") or event.get("message")
    return text(
        (entry.get("formatted") or entry.get("message")) if isinstance(entry, dict) else entry
    )


def words_of(event: dict[str, Any]) -> str:
    """What people search an event by: its message, and each exception with its text."""
    faults = (
        f"{text(value.get('type'))}: {text(value.get('value'))}"
        for value in _values(event.get("exception"))
    )
    return "\n".join(word for word in (message_of(event), *faults) if word.strip(": \n"))


def _with_the_fault(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Mark one call of the last exception that has any: its own code's innermost one."""
    found = list(faults)
    for place, fault in enumerate(found):
        if fault.frames:
            own = next((i for i, frame in enumerate(fault.frames) if frame.in_app), 0)
            frames = tuple(
                replace(frame, at_fault=i == own) for i, frame in enumerate(fault.frames)
            )
            found[place] = replace(fault, frames=frames)
            break
    return tuple(found)


def _fault(value: dict[str, Any]) -> Fault:
    trace = value.get("stacktrace")
    frames = objects(trace.get("frames")) if isinstance(trace, dict) else []
    return Fault(
        text(value.get("type")),
        text(value.get("value")),
        tuple(_frame(frame) for frame in reversed(frames[-_MOST_FRAMES:])),
    )


def _frame(frame: dict[str, Any]) -> Frame:
    line = frame.get("lineno")
    number = line if isinstance(line, int) else None
    before, after = _lines(frame.get("pre_context")), _lines(frame.get("post_context"))
    source: list[tuple[int | None, str, bool]] = []
    if frame.get("context_line") is not None:
        start = None if number is None else number - len(before)
        rows = [*before, text(frame.get("context_line")), *after]
        source = [
            (None if start is None else start + i, row, i == len(before))
            for i, row in enumerate(rows)
        ]
    variables = frame.get("vars")
    return Frame(
        function=text(frame.get("function")),
        file=text(frame.get("filename") or frame.get("abs_path") or frame.get("module")),
        line=number,
        in_app=frame.get("in_app") is not False,
        source=tuple(source),
        variables=tuple((text(k), _plain(v)) for k, v in variables.items())
        if isinstance(variables, dict)
        else (),
    )


def _crumb(value: dict[str, Any]) -> Crumb:
    message = text(value.get("message"))
    data = value.get("data")
    if data:
        message = f"{message} {_plain(data)}".strip()
    category = text(value.get("category") or value.get("type"))
    return Crumb(_time(value.get("timestamp"), ""), category, text(value.get("level")), message)


def _facts(event: dict[str, Any]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    groups: list[tuple[str, Any]] = [
        ("tags", event.get("tags")),
        ("user", event.get("user")),
        ("request", event.get("request")),
        ("extra", event.get("extra")),
    ]
    contexts = event.get("contexts")
    if isinstance(contexts, dict):
        groups += [(text(name), value) for name, value in contexts.items()]
    facts = []
    for name, value in groups:
        pairs = dict(p for p in value if _is_pair(p)) if isinstance(value, list) else value
        if isinstance(pairs, dict) and pairs:
            facts.append((name, tuple((text(k), _plain(v)) for k, v in pairs.items())))
    return tuple(facts)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _values(value: Any) -> list[dict[str, Any]]:
    """Sentry writes lists as themselves or as ``{"values": […]}``."""
    return objects(value.get("values") if isinstance(value, dict) else value)


def _lines(value: Any) -> list[str]:
    return [text(item) for item in value[:50]] if isinstance(value, list) else []


def _plain(value: Any) -> str:
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text(written)[:_MOST_VALUE]


def _time(value: Any, otherwise: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return stamp(datetime.fromtimestamp(value, UTC))
        except (ValueError, OverflowError, OSError):
            return otherwise
    return time_of(value, otherwise)
