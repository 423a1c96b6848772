"""Around a served program: what its updater asks, and the closed doors of a release on trial.

The contract is told in common/care.py. An ASGI application around all others, so that neither
Flask nor the feed nor anything beside them is reached while the doors are closed. Health stays:
the updater looks at it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from html import escape
from typing import Any

from common.care import Doors, Drain, from_updater
from common.serving.edge import cut
from common.web.texts import LANGUAGES, Texts

_HEALTH = "/healthz"
_MOST_BODY = 4096
_RETRY_AFTER = b"2"


class InCare:
    """Made with what the program knows; called with its ASGI application by the server.

    Args:
        texts: the room's, for the page "one moment".
        busy: why the program cannot be restarted now, as a few words; empty when it can. It runs
            in a thread.
        drain: asked by the program before it begins anything new.
        cuts: whether the senders to a path throw away what is answered with an error: behind
            closed doors their connection is cut without an answer, and they send it again.
        doors: for tests.
        token: for tests.
    """

    def __init__(
        self,
        texts: Texts,
        *,
        busy: Callable[[], str] = str,
        drain: Drain | None = None,
        cuts: Callable[[str], bool] = lambda _path: False,
        doors: Doors | None = None,
        token: str | None = None,
    ) -> None:
        self.drain = drain or Drain()
        self.doors = doors or Doors()
        self._busy = busy
        self._cuts = cuts
        self._token = token
        self._page = _one_moment(texts)
        self._sentence = texts.t("moment.sentence", language="en")

    def __call__(self, application: Any) -> Any:
        """``application``, looked after."""

        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] not in {"http", "websocket"}:
                await application(scope, receive, send)
            elif scope["path"] in {"/may-restart", "/drain"} and self._is_updater(scope):
                await self._answer_updater(scope, receive, send)
            elif scope["path"] != _HEALTH and self.doors.closed():
                if self._cuts(scope["path"]):
                    await cut(scope, receive)
                else:
                    await self._one_moment(scope, send)
            else:
                await application(scope, receive, send)

        return guarded

    def _is_updater(self, scope: Any) -> bool:
        given = _header(scope, b"authorization")
        return scope["type"] == "http" and from_updater(given, self._token)

    async def _answer_updater(self, scope: Any, receive: Any, send: Any) -> None:
        if (scope["method"], scope["path"]) == ("GET", "/may-restart"):
            reason = await asyncio.to_thread(self._busy)
            await _json(send, 200, {"may_restart": not reason, "reason": reason})
        elif (scope["method"], scope["path"]) == ("POST", "/drain"):
            taken = self.drain.told(await _body(receive))
            await _json(send, 200 if taken else 400, {"draining": self.drain.on})
        else:
            await _json(send, 405, {"error": "method"})

    async def _one_moment(self, scope: Any, send: Any) -> None:
        if scope["type"] == "http" and "text/html" in (_header(scope, b"accept") or ""):
            await _answer(send, 503, b"text/html; charset=utf-8", self._page)
        else:
            kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
            await _json(send, 503, {"error": "moment", "message": self._sentence}, kind)


def _one_moment(texts: Texts) -> bytes:
    said = "".join(
        f'<p lang="{language}">{escape(texts.t("moment.sentence", language=language))}</p>'
        for language in LANGUAGES
    )
    title = " · ".join(texts.t("moment.title", language=language) for language in LANGUAGES)
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title></head><body>{said}</body></html>"
    ).encode()


async def _body(receive: Any) -> object:
    data = b""
    while len(data) <= _MOST_BODY:
        message = await receive()
        data += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    try:
        return json.loads(data)
    except ValueError:
        return None


async def _json(send: Any, status: int, value: object, kind: str = "http.response") -> None:
    await _answer(send, status, b"application/json", json.dumps(value).encode(), kind)


async def _answer(
    send: Any, status: int, content: bytes, body: bytes, kind: str = "http.response"
) -> None:
    headers = [
        (b"content-type", content),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 503:
        headers.append((b"retry-after", _RETRY_AFTER))
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _header(scope: Any, wanted: bytes) -> str | None:
    return next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None
    )
