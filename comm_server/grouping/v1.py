"""Grouper v1.

In this order: the client's own fingerprint; else exception type, the innermost frame of the
program's own (module and function) and its normalised source line; else the normalised message.

Which exception of a chain: the last one, which nobody caught, because it names what failed for
the user, and one cause (a lost connection) has many of them. But a mere carrier (a thread pool's,
a reflection's, a group) says nothing: then the one that it carries.
Without a source line (Java, C#, Go seldom have one) what the frame called stands for it. A stack
that overflowed ends anywhere in its circle: then the circle's first name counts. A frame of a
minified file has no name that lasts: then the message and the file count.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from comm_server.grouping.names import plain_file, plain_name
from comm_server.grouping.normalise import normalise_line, normalise_message
from comm_server.grouping.own import is_own

VERSION = "v1"
_DEFAULT = "{{ default }}"
_CARRIERS = frozenset(
    {"ExceptionGroup", "BaseExceptionGroup", "AggregateException", "AggregateError",
     "ExecutionException", "CompletionException", "InvocationTargetException",
     "UndeclaredThrowableException", "TargetInvocationException", "TypeInitializationException",
     "ExceptionInInitializerError", "NestedServletException", "UncheckedExecutionException"}
)  # fmt: skip
_OVERFLOWS = ("RecursionError", "StackOverflowError", "StackOverflowException", "InternalError")
_OVERFLOW_WORDS = (
    "maximum call stack",
    "too much recursion",
    "stack overflow",
    "maximum recursion",
)
# Go says `panic` of everything: the words are what tells one from another.
_SAYS_NOTHING = frozenset({"", "panic", "fatal error", "goroutine"})
_NAMELESS = frozenset({"", "?", "<anonymous>", "Object.<anonymous>", "anonymous", "<unknown>"})
_SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".html", ".htm")
_SHORTEST_NAME = 3
_A_CIRCLE = 3
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Grouping:
    """How a report is grouped.

    Attributes:
        fingerprint: 32 hex digits.
        grouper: version of the rules.
        parts: what the fingerprint was made from.
        type: exception type, or ``message``.
        title: one line for people.
        place: where it broke: ``module:function`` or empty.
    """

    fingerprint: str
    grouper: str
    parts: tuple[str, ...]
    type: str
    title: str
    place: str


def group(event: dict[str, Any]) -> Grouping:
    """Group a Sentry event. Never raises on odd shapes: what is missing counts as empty."""
    exception = _exception(event)
    frames = _frames(exception)
    message = _message(event)
    kind = _text(exception.get("type")) if exception else ""
    value = _text(exception.get("value")) if exception else ""
    title = f"{kind}: {value}".strip(": ") if exception else message
    place, own = _own_parts(kind, value, frames, said=exception is not None, message=message)
    parts = _with_clients_own(event.get("fingerprint"), own)
    digest = hashlib.sha256("\0".join((VERSION, *parts)).encode(errors="replace")).hexdigest()[:32]
    title = " ".join(title[:2000].split())[:200] or "(no message)"
    return Grouping(digest, VERSION, parts, kind or "message", title, place)


def _with_clients_own(said: Any, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The client's fingerprint, in which ``{{ default }}`` stands for our parts."""
    if not isinstance(said, list) or not said or said == [_DEFAULT]:
        return parts
    own: list[str] = ["fingerprint"]
    for one in said:
        own += parts if one == _DEFAULT else [_text(one)]
    return tuple(own)


def _own_parts(
    kind: str, value: str, frames: list[dict[str, Any]], *, said: bool, message: str
) -> tuple[str, tuple[str, ...]]:
    """The place, and what the fingerprint is made from."""
    if not said:
        return "", ("message", normalise_message(message))
    name = plain_name(kind)
    if not frames:
        return "", ("exception", name, normalise_message(value or message))
    circle = _circle(frames) if _overflowed(kind, value) else ""
    if circle:
        return circle, ("exception", name, circle, "")
    at = max((n for n, one in enumerate(frames) if is_own(one)), default=len(frames) - 1)
    place = _place(frames[at])
    line = normalise_line(_text(frames[at].get("context_line")))
    if _minified(frames[at], line):
        return place, ("minified", name, normalise_message(value), _file(frames[at]))
    if line:
        return place, ("exception", name, place, line)
    called = _place(frames[at + 1]) if at + 1 < len(frames) else ""
    words = normalise_message(value) if name in _SAYS_NOTHING else called
    return place, ("exception", name, place, "", words)


def _exception(event: dict[str, Any]) -> dict[str, Any] | None:
    holder = event.get("exception")
    values = holder.get("values") if isinstance(holder, dict) else holder
    found = [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []
    while len(found) > 1 and _text(found[-1].get("type")).rpartition(".")[2] in _CARRIERS:
        found.pop()
    return found[-1] if found else None


def _frames(exception: dict[str, Any] | None) -> list[dict[str, Any]]:
    trace = exception.get("stacktrace") if exception else None
    frames = trace.get("frames") if isinstance(trace, dict) else None
    return [f for f in frames if isinstance(f, dict)] if isinstance(frames, list) else []


def _overflowed(kind: str, value: str) -> bool:
    said = f"{kind} {value[:500]}".lower()
    return kind.endswith(_OVERFLOWS) or any(words in said for words in _OVERFLOW_WORDS)


def _circle(frames: list[dict[str, Any]]) -> str:
    """The first name, by alphabet, of the frames that come again and again."""
    own = [one for one in frames if is_own(one)] or frames
    often = Counter(_place(one) for one in own)
    return min((place for place, times in often.items() if times >= _A_CIRCLE), default="")


def _minified(frame: dict[str, Any], line: str) -> bool:
    """Whether a script's frame has neither a name nor a line that outlives the next build."""
    if line or _text(frame.get("module")):
        return False
    function = plain_name(_text(frame.get("function"))).rpartition(".")[2]
    file = _text(frame.get("filename") or frame.get("abs_path"))
    script = plain_file(file).endswith(_SCRIPTS) or file.startswith(("http://", "https://"))
    short = function in _NAMELESS or len(function) < _SHORTEST_NAME
    return script and (short or bool(_text(frame.get("context_line"))))


def _file(frame: dict[str, Any]) -> str:
    return plain_file(_text(frame.get("filename") or frame.get("abs_path")))


def _place(frame: dict[str, Any]) -> str:
    module = _text(frame.get("module"))[:_LONGEST_NAME] or _file(frame)
    return plain_name(f"{module}:{_text(frame.get('function'))}").strip(":")


def _message(event: dict[str, Any]) -> str:
    entry = event.get("logentry")
    if isinstance(entry, dict):
        text = entry.get("message") or entry.get("formatted")
        if text:
            return _text(text)
    message = event.get("message")
    if isinstance(message, dict):
        message = message.get("message") or message.get("formatted")
    return _text(message)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
