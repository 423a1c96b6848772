"""Reports as a site has them, in six languages and syslog: what their mail weighs."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import reports
from servers import Running, callstead, free_port

from comm_server.grouping import from_text
from tests.support.traces import TRACES

_SDKS = {"python": "sentry.python", "javascript": "sentry.javascript.browser",
         "java": "sentry.java", "csharp": "sentry.dotnet", "go": "sentry.go"}  # fmt: skip
_LINES = (
    "pbx-{s} asterisk {p} - - Call from {n} to extension {e} rejected",
    "pbx-{s} asterisk {p} - - chan_pjsip: no route to {n}, cause 34",
    "db-{s} postgres {p} - - could not extend file base/{n}: no space left",
    "seat-{s} dialer {p} - - microphone lost in call {n} after {e} s",
)


def mixed(number: int) -> Iterator[tuple[str, bytes]]:
    """``("sentry" | "syslog", bytes)``: a third Python, a half other languages, the rest syslog."""
    chance = random.Random(number)
    python = reports.captured(60)
    cases = [(name, text) for name, (text, *_) in TRACES.items()]
    for one in range(number):
        kind = chance.random()
        if kind < 0.35:
            body = python[one % len(python)]
            yield "sentry", body.replace(reports.ids(body)[0], _id(chance).encode())
        elif kind < 0.85:
            yield "sentry", _event(*chance.choice(cases), chance)
        else:
            values = {name: chance.randrange(10) for name in "hs"}
            values |= {"m": f"{chance.randrange(60):02}", "p": chance.randrange(30000)}
            values |= {"n": chance.randrange(10**9), "e": chance.randrange(900)}
            line = "<11>1 2026-11-21T0{h}:17:{m}Z " + chance.choice(_LINES)
            yield "syslog", line.format(**values).encode()


def _event(language: str, text: str, chance: random.Random) -> bytes:
    """As the language's SDK would send the trace, with what its SDK says around it."""
    # Numbers in messages differ each time, those in source lines (indented) do not.
    text = re.sub(r"(?m)^(\S.*)\b(?:17|4711)\b", rf"\g<1>{chance.randrange(10**5)}", text)
    event: dict[str, Any] = {
        **from_text(text),
        "event_id": _id(chance),
        "level": "error",
        "release": f"{language}-desk@2.{chance.randrange(3)}.0",
        "server_name": f"seat-{chance.randrange(40)}",
        "sdk": {"name": _SDKS.get(language, f"sentry.{language}"), "version": "8.1.0"},
        "contexts": {
            "os": {"name": "Windows", "version": "10.0.19045"},
            "runtime": {"name": language, "version": "17.0.2"},
            "trace": {"trace_id": _id(chance), "span_id": _id(chance)[:16]},
        },
        "breadcrumbs": {
            "values": [
                {"timestamp": 1795240000 + n + chance.random(), "category": "call", "level": "info",
                 "message": f"call {chance.randrange(10**6)} state {chance.choice('ABCDE')}"}
                for n in range(20)
            ]
        },
    }  # fmt: skip
    payload = json.dumps(event).encode()
    head = json.dumps({"event_id": event["event_id"]}).encode()
    return head + b'\n{"type":"event","length":%d}\n' % len(payload) + payload + b"\n"


def _id(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"


def measure(folder: Path, number: int, **settings: str) -> dict[str, float]:
    """Bytes of the mails that tell ``number`` mixed reports, and of their gzips."""
    syslog = str(free_port())
    settings = {"CALLSTEAD_COMM_INTAKE_SYSLOG_TCP_PORT": syslog, **settings}
    packed = plain = 0
    lines: list[bytes] = []
    with callstead(folder, **settings) as running:
        for kind, body in mixed(number):
            packed += len(gzip.compress(body, 9))
            plain += len(body)
            if kind == "syslog":
                lines.append(body)
            else:
                _post(running, gzip.compress(body, 6))
        _say(int(syslog), lines)
        _until_digested(running, number)
        for _ in range(20):
            if not _bundle(folder, running):
                break
        return {"plain": plain, "gzips": packed, "mailed": _mailed(running)}


def _post(running: Running, body: bytes) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/api/{running.project}/envelope/?sentry_key={running.key}",
        body,
        {"Content-Encoding": "gzip"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _say(port: int, lines: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"".join(b"%d %s" % (len(line), line) for line in lines))


def _until_digested(running: Running, number: int) -> None:
    until = time.monotonic() + 300
    while running.digested() < number:
        if time.monotonic() > until:
            raise TimeoutError(f"only {running.digested()} of {number} were digested")
        time.sleep(0.2)


def _bundle(folder: Path, running: Running) -> bool:
    """Make the next bundle; whether more waits."""
    environment = {**os.environ, "CALLSTEAD_HOME": str(folder)}
    subprocess.run(
        [sys.executable, "-m", "common", "comm", "bundle"],
        env=environment, check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    connection = sqlite3.connect(running.database)
    try:
        found = connection.execute("SELECT more FROM bundles ORDER BY sequence DESC").fetchone()
        return bool(found[0])
    finally:
        connection.close()


def _mailed(running: Running) -> int:
    connection = sqlite3.connect(running.database)
    try:
        found = connection.execute("SELECT sum(length(mail)) FROM bundles WHERE reason != 'alive'")
        return int(found.fetchone()[0])
    finally:
        connection.close()
