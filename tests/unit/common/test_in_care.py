"""What stands around a served program, for HTTP and WebSockets alike."""

from __future__ import annotations

import asyncio
import json

import pytest

from common.care import Doors
from common.in_care import InCare
from common.web.texts import Texts


@pytest.fixture
def closed(tmp_path):
    pointer = tmp_path / "current.json"
    pointer.write_text('{"generation": 1, "trial": true}')
    return Doors({"CALLSTEAD_CLOSED_DOORS": f"1:{pointer}"})


def ask(care, path, *, kind="http", method="GET", body=b"", **headers):
    """What is sent for one request; ``None`` when the application behind was reached."""
    sent, parts = [], [body[:10], body[10:]]

    async def application(_scope, _receive, _send):
        sent.append(None)

    async def receive():
        return {"type": "http.request", "body": parts.pop(0), "more_body": len(parts) > 0}

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path, "method": method}
    scope["headers"] = [(n.encode(), v.encode()) for n, v in headers.items()]
    asyncio.run(care(application)(scope, receive, send))
    return sent if sent != [None] else None


def test_with_open_doors_everything_is_let_through():
    care = InCare(Texts("appliance"))
    assert ask(care, "/api/v1/status") is None
    assert ask(care, "/feed", kind="websocket") is None
    assert ask(care, "/drain", method="POST") is None, "without a token there is no updater"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_behind_closed_doors_neither_pages_nor_reports_nor_sockets_get_through(closed, kind):
    care = InCare(Texts("appliance"), doors=closed)
    start, body = ask(care, "/api/3/envelope/", kind=kind, method="POST")
    assert start["status"] == 503
    assert json.loads(body["body"])["error"] == "moment"
    assert start["type"].startswith("websocket.http" if kind == "websocket" else "http.")
    assert ask(care, "/healthz") is None
    assert ask(care, "/healthz/../secret")[0]["status"] == 503


def test_the_programs_own_words_why_it_is_in_use_reach_the_updater_alone():
    care = InCare(Texts("appliance"), busy=lambda: "a chat", token="t")
    _start, body = ask(care, "/may-restart", authorization="Bearer t")
    assert json.loads(body["body"]) == {"may_restart": False, "reason": "a chat"}
    assert ask(care, "/may-restart", authorization="Bearer x") is None


def test_a_drain_is_heard_and_nonsense_is_not():
    care = InCare(Texts("appliance"), token="t")
    said = json.dumps({"drain": True, "seconds": 30}).encode()
    assert (
        ask(care, "/drain", method="POST", body=said, authorization="Bearer t")[0]["status"] == 200
    )
    assert care.drain.on
    for body in (b"", b"{", b"x" * 10_000):
        answer = ask(care, "/drain", method="POST", body=body, authorization="Bearer t")
        assert answer[0]["status"] == 400
