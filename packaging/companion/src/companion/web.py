"""What the companion answers on this machine's own address; nothing from outside reaches it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from companion.calls import CallList
from companion.page import LANGUAGES, language_for, page
from companion.version import VERSION

_MOST_BODY = 4096  # a copied text with a number, not a book


class Handler(BaseHTTPRequestHandler):
    """One request. The server carries `calls` and `hand_over`."""

    server: LocalServer
    server_version = f"companion/{VERSION}"
    timeout = 10

    def do_GET(self) -> None:
        """``/healthz``, ``/calls``, ``/``."""
        if not self._is_local():
            return
        address = urlsplit(self.path)
        if address.path == "/healthz":
            self._health()
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
        """``/dial`` with ``{"text": ...}``: 202 once the call is in the list."""
        if not self._is_local():
            return
        # JSON alone: a page of another origin cannot send it without this server's consent.
        if self.headers.get_content_type() != "application/json":
            self._json(415, {"error": "Send application/json."})
            return
        size = int(self.headers.get("Content-Length") or 0)
        if self.path != "/dial" or not 0 < size <= _MOST_BODY:
            self._json(400, {"error": f"POST /dial takes up to {_MOST_BODY} bytes."})
            return
        try:
            text = json.loads(self.rfile.read(size))["text"].strip()
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

    def _json(self, status: int, value: object) -> None:
        self._answer(status, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
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
