"""What the companion answers on this machine's own address; nothing from outside reaches it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from common.care import Doors, Drain, from_updater
from companion.calls import CallList
from companion.page import LANGUAGES, language_for, one_moment, page
from companion.version import VERSION

_MOST_BODY = 4096  # a copied text with a number, not a book


class Handler(BaseHTTPRequestHandler):
    """One request. The server carries `calls` and `hand_over`."""

    server: LocalServer
    server_version = f"companion/{VERSION}"
    timeout = 10

    def do_GET(self) -> None:
        """``/healthz``, ``/may-restart``, ``/calls``, ``/``."""
        if not self._is_local():
            return
        address = urlsplit(self.path)
        if address.path == "/healthz":
            self._health()
        elif address.path == "/may-restart":
            busy = self.server.calls.dialling()
            self._json(200, {"may_restart": not busy, "reason": "a call is set up" * bool(busy)})
        elif self.server.doors.closed():
            self._one_moment()
        elif address.path == "/calls":
            self._json(200, {"calls": self.server.calls.latest()})
        elif address.path == "/":
            asked = parse_qs(address.query).get("lang", [""])[0]
            language = language_for(self.headers.get("Accept-Language", ""))
            language = asked if asked in LANGUAGES else language
            text = page(self.server.calls.latest(), language, VERSION)
            self._answer(200, "text/html; charset=utf-8", text.encode())
        else:
            self._json(404, {"error": "There is no such page."})

    def do_POST(self) -> None:
        """``/dial`` with ``{"text": ...}``: 202 once the call is in the list. ``/drain``."""
        if not self._is_local():
            return
        # JSON alone: a page of another origin cannot send it without this server's consent.
        if self.headers.get_content_type() != "application/json":
            self._json(415, {"error": "Send application/json."})
            return
        size = int(self.headers.get("Content-Length") or 0)
        if self.path not in {"/dial", "/drain"} or not 0 < size <= _MOST_BODY:
            self._json(400, {"error": f"POST /dial takes up to {_MOST_BODY} bytes."})
            return
        body = self.rfile.read(size)
        if self.path == "/drain":
            self._drain(body)
            return
        if self.server.doors.closed() or self.server.drain.on:
            self._one_moment()
            return
        try:
            text = json.loads(body)["text"].strip()
        except (ValueError, KeyError, TypeError, AttributeError):
            self._json(400, {"error": 'Send {"text": "..."}.'})
            return
        call = self.server.calls.add(text)
        self._json(202, {"id": call, "state": "dialling"})
        self.server.hand_over(call, text)

    def log_message(self, *_arguments: object) -> None:
        """Quiet: the call list tells what happened."""

    def _is_local(self) -> bool:
        # A foreign name that resolves to this machine (DNS rebinding) shows in the Host header.
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname in {"127.0.0.1", "localhost"}:
            return True
        self._json(403, {"error": "Ask for 127.0.0.1."})
        return False

    def _health(self) -> None:
        try:
            self.server.calls.latest(1)
        except sqlite3.Error as error:
            self._json(503, {"status": "call list", "version": VERSION, "error": str(error)})
        else:
            self._json(200, {"status": "ok", "version": VERSION, "pid": os.getpid()})

    def _drain(self, body: bytes) -> None:
        """The updater is about to restart the program, or is no longer."""
        if not from_updater(self.headers.get("Authorization")):
            self._json(403, {"error": "Only this computer's updater drains the seat."})
            return
        try:
            taken = self.server.drain.told(json.loads(body))
        except ValueError:
            taken = False
        self._json(200 if taken else 400, {"draining": self.server.drain.on})

    def _one_moment(self) -> None:
        """Behind closed doors, or drained: nothing is taken that might be lost."""
        if "text/html" in self.headers.get("Accept", ""):
            self._answer(503, "text/html; charset=utf-8", one_moment().encode())
        else:
            self._json(503, {"error": "One moment: an update is being installed."})

    def _json(self, status: int, value: object) -> None:
        self._answer(status, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status == 503:
            self.send_header("Retry-After", "2")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class LocalServer(ThreadingHTTPServer):
    """On 127.0.0.1; its threads end with the program."""

    daemon_threads = True

    def __init__(self, port: int, calls: CallList, hand_over: Callable[[int, str], None]) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.calls = calls
        self.hand_over = hand_over
        self.doors = Doors()
        self.drain = Drain()
