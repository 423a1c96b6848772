"""Pairs of reports as they really come: which are one problem, and which are two."""

from __future__ import annotations

from typing import Any

import pytest

from comm_server.fingerprint import grouping_of, with_trace
from comm_server.grouping import group
from tests.support.traces import CSHARP, GO, JAVA, JAVASCRIPT, PYTHON

Report = dict[str, Any] | str


def event(kind: str, value: str, *frames: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """A Sentry event; frames outermost first."""
    trace = {"frames": list(frames)}
    return {"exception": {"values": [{"type": kind, "value": value, "stacktrace": trace}]}} | extra


def at(function: str, module: str = "", file: str = "", code: str = "", **more: Any) -> dict:
    """A frame."""
    return {"function": function, "module": module, "filename": file, "context_line": code} | more


def chain(*kinds: tuple[str, str]) -> dict[str, Any]:
    """A chain of (type, function), oldest first."""
    return {
        "exception": {
            "values": [
                {"type": kind, "stacktrace": {"frames": [at(function, "acme.work")]}}
                for kind, function in kinds
            ]
        }
    }


def minified(column: int, message: str, build: str, function: str = "t") -> dict[str, Any]:
    file = f"https://desk.example/static/app.{build}.js"
    code = f"{{snip}} function {function}(e){{return e.call.id}} {{snip}}" + "x" * 400
    return event("TypeError", message, at(function, file=file, code=code, lineno=1, colno=column))


def deep(start: int, times: int) -> dict[str, Any]:
    circle = [at("walk", "acme.tree", code="visit(x)"), at("visit", "acme.tree", code="walk(x)")]
    frames = [at("main", "acme.app"), *(circle * times)[start:]]
    return event("RecursionError", "maximum recursion depth exceeded", *frames)


LIBRARY = at("get", "java.util.ArrayList")
PARSE = at("parseInt", "java.lang.Integer")
ROUTE = at("route", "com.acme.Router")

SAME: dict[str, tuple[Report, Report]] = {
    "python: line and value": (
        PYTHON,
        PYTHON.replace("line 33", "line 40").replace("for 17", "for 9"),
    ),
    "python: installed elsewhere": (PYTHON, PYTHON.replace("/opt/companion", r"C:\Program Files")),
    "python: an address": (
        event("ValueError", "<Call at 0x7f01>", at("f", "m", code="raise X(call)")),
        event("ValueError", "<Call at 0x7fee>", at("f", "m", code="    raise  X(call)")),
    ),
    "python: other callers": (
        event("E", "", at("a", "m"), at("f", "m", code="x()")),
        event("E", "", at("b", "m"), at("f", "m", code="x()")),
    ),
    "python: depth of a tree": (
        event("E", "", *[at("walk", "m", code="walk(x)")] * 3, at("leaf", "m", code="x()")),
        event("E", "", *[at("walk", "m", code="walk(x)")] * 9, at("leaf", "m", code="x()")),
    ),
    "an overflow ends anywhere": (deep(0, 50), deep(1, 90)),
    "java: lines": (JAVA, JAVA.replace(":120)", ":131)").replace("4711", "12")),
    "java: lambda's number": (
        event("E", "", at("lambda$route$0", "com.acme.Router")),
        event("E", "", at("lambda$route$14", "com.acme.Router")),
    ),
    "java: proxy": (
        event("E", "", at("run", "com.acme.Router$$EnhancerBySpringCGLIB$$1a2b3c4d")),
        event("E", "", at("run", "com.acme.Router$$EnhancerBySpringCGLIB$$9f8e7d6c")),
    ),
    "java: anonymous class": (
        event("E", "", at("run", "com.acme.Router$1")),
        event("E", "", at("run", "com.acme.Router$12")),
    ),
    "java: carried by a pool or not": (
        chain(("IllegalStateException", "f")),
        chain(("IllegalStateException", "f"), ("ExecutionException", "g")),
    ),
    "c#: state machine's number": (
        CSHARP,
        CSHARP.replace("d__5", "d__17").replace(":line 40", ":line 4"),
    ),
    "c#: where it was built": (CSHARP, CSHARP.replace("C:\\src", "D:\\agent\\7\\s")),
    "go: goroutine, addresses": (GO, GO.replace("34", "7").replace("0xc000012345", "0xc0ffee")),
    "go: index and path": (GO, GO.replace("[5]", "[9]").replace("/home/li", "/build/77")),
    "go: closure's number": (
        event("E", "", at("main.func1", "main", "/b/main.go")),
        event("E", "", at("main.func2.1", "main", "/c/main.go")),
    ),
    "js: where it runs": (JAVASCRIPT, JAVASCRIPT.replace("/srv/desk", "/home/x/desk")),
    "js: another build": (
        minified(23423, "e.call is undefined", "3f2a1c9b"),
        minified(1188, "e.call is undefined", "77ab01ce", "n"),
    ),
    "syslog: pid, time, address": (
        "Nov 21 07:21:25 pbx1 asterisk[1234]: call from 10.0.0.5:5060 failed after 31.5 s",
        "Nov  3 17:01:05 pbx1 asterisk[99]: call from 10.9.0.7:5062 failed after 2 s",
    ),
    "syslog: object, file, id": (
        "cannot open /var/spool/a/1.wav of com.acme.Call@1f2e3d4",
        "cannot open /mnt/b/2.wav of com.acme.Call@77aa01b",
    ),
}
DIFFERENT: dict[str, tuple[Report, Report]] = {
    "python: another line": (
        event("E", "", at("f", "m", code="a()")),
        event("E", "", at("f", "m", code="b()")),
    ),
    "python: another function": (PYTHON, PYTHON.replace("in run", "in walk")),
    "python: another type": (PYTHON, PYTHON.replace("RateError: ", "OtherError: ")),
    "java: another method": (JAVA, JAVA.replace("Router.route", "Router.hold")),
    "java: what it called": (
        event("RuntimeException", "", ROUTE, LIBRARY),
        event("RuntimeException", "", ROUTE, PARSE),
    ),
    "java: a carrier of two": (
        chain(("IllegalStateException", "f"), ("ExecutionException", "g")),
        chain(("TimeoutException", "f"), ("ExecutionException", "g")),
    ),
    "c#: another method": (CSHARP, CSHARP.replace("DialAsync", "HangUpAsync")),
    "c#: another type": (CSHARP, CSHARP.replace("InvalidOperation", "ObjectDisposed")),
    "go: nil and index": (
        GO,
        GO.replace(
            "index out of range [5] with length 3",
            "invalid memory address or nil pointer dereference",
        ),
    ),
    "go: two panics of one function": (
        GO.replace("runtime error: index out of range [5] with length 3", "queue is closed"),
        GO.replace("runtime error: index out of range [5] with length 3", "no agent is free"),
    ),
    "js: another message of a minified file": (
        minified(23423, "e.call is undefined", "3f2a1c9b"),
        minified(23423, "n is not a function", "3f2a1c9b"),
    ),
    "js: another function": (JAVASCRIPT, JAVASCRIPT.replace("Desk.answer", "Desk.hold")),
    "syslog: other words": ("disk 3 is full", "disk 3 is gone"),
    "overflows of two circles": (
        deep(0, 50),
        event("RecursionError", "maximum recursion depth", *[at("spin", "acme.x")] * 90),
    ),
}


def fingerprint(report: Report) -> str:
    if isinstance(report, str):
        return grouping_of(report).fingerprint
    return group(with_trace(report)).fingerprint


@pytest.mark.parametrize("name", SAME)
def test_one_problem(name: str):
    one, other = SAME[name]
    assert one != other
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize("name", DIFFERENT)
def test_two_problems(name: str):
    one, other = DIFFERENT[name]
    assert fingerprint(one) != fingerprint(other)


def test_no_two_texts_of_different_languages_are_one_problem():
    found = [fingerprint(text) for text in (PYTHON, JAVA, CSHARP, GO, JAVASCRIPT)]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("frame", "own"),
    [
        (at("f", "acme.work"), True),
        (at("run", "java.lang.Thread"), False),
        (at("f", "org.springframework.web.X"), False),
        (at("Execute", "System.Threading.Tasks.Task"), False),
        (at("f", file="/srv/x/node_modules/express/index.js"), False),
        (at("f", file="node:internal/process"), False),
        (at("f", file="/usr/lib/python3.11/json/decoder.py"), False),
        (at("f", file="/app/.venv/lib/python3.11/site-packages/flask/app.py"), False),
        (at("Serve", "net/http", "/usr/local/go/src/net/http/server.go"), False),
        (at("f", "main", "/home/x/main.go"), True),
        (at("f", "java.lang.Thread", in_app=True), True),
        (at("f", "acme.work", in_app=False), False),
    ],
)
def test_own_frames_are_known_by_their_places(frame: dict[str, Any], own: bool):
    other = at("elsewhere", "acme.other", in_app=True)
    place = group(event("E", "", other, frame)).place
    assert (place != "acme.other:elsewhere") is own


def test_the_default_inside_a_clients_fingerprint_stands_for_ours():
    plain = event("E", "", at("f", "m", code="x()"))
    tenant = {**plain, "fingerprint": ["{{ default }}", "tenant-a"]}
    assert group(tenant).parts == ("fingerprint", "exception", "E", "m:f", "x()", "tenant-a")
