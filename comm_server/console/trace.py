"""The stack trace of a report, for reading. Pure; odd shapes become less text, never an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_MOST_FRAMES = 100
_MOST_TEXT = 2000


@dataclass(frozen=True)
class Frame:
    """One call: where, its source line, whether it is the program's own code, its variables."""

    where: str
    function: str
    code: str
    own: bool
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Raised:
    """One exception of the chain with its frames, outermost first."""

    type: str
    value: str
    frames: tuple[Frame, ...]


def read_trace(event: dict[str, Any]) -> list[Raised]:
    """The exceptions of a Sentry event in the order they were raised; empty for a message."""
    return [
        Raised(
            _text(value.get("type")), _text(value.get("value")), _frames(value.get("stacktrace"))
        )
        for value in _objects(_under(event.get("exception"), "values"))
    ]


def _frames(trace: Any) -> tuple[Frame, ...]:
    frames = _objects(_under(trace, "frames"))[-_MOST_FRAMES:]
    return tuple(_frame(frame) for frame in frames)


def _frame(frame: dict[str, Any]) -> Frame:
    file = _text(frame.get("filename") or frame.get("abs_path") or frame.get("module"))
    line = frame.get("lineno")
    variables = frame.get("vars")
    return Frame(
        where=f"{file}:{line}" if isinstance(line, int) else file,
        function=_text(frame.get("function")),
        code=_text(frame.get("context_line")).strip(),
        own=bool(frame.get("in_app")),
        variables=tuple(
            (_text(name), _text(value))
            for name, value in (variables.items() if isinstance(variables, dict) else ())
        ),
    )


def _under(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else value


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:_MOST_TEXT]
