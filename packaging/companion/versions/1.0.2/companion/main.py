"""Puts the companion together and dials, one call after the other, in the main thread."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue

from common.reporting import set_up
from companion.calls import CallList
from companion.hotkeys import HotKeys
from companion.phone import NoNumberError, normalise
from companion.version import VERSION
from companion.web import LocalServer


def main() -> int:
    """Run until SIGTERM; answers the exit status."""
    data = Path(os.environ.get("CALLSTEAD_PROGRAM_DATA", "companion-data"))
    port = int(os.environ.get("CALLSTEAD_PROGRAM_PORT", "8095"))
    set_up(
        spool=data / "reports",
        release=os.environ.get("CALLSTEAD_RELEASE", f"companion@{VERSION}"),
        auto_enabling_integrations=False,
        in_app_include=["companion"],
    )
    calls = CallList(data / "calls.db")
    calls.give_up_unfinished()
    waiting: SimpleQueue[tuple[int, str] | None] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: waiting.put(None))
    try:
        server = LocalServer(port, calls, lambda call, text: waiting.put((call, text)))
    except OSError as error:
        sys.stderr.write(f"The companion cannot listen on 127.0.0.1:{port}: {error}.\n")
        return 2
    threading.Thread(target=server.serve_forever, name="web", daemon=True).start()
    HotKeys(lambda text: waiting.put((calls.add(text), text))).start()
    sys.stderr.write(f"companion {VERSION} listens on 127.0.0.1:{port}\n")
    while (job := waiting.get()) is not None:
        dial(calls, *job)
    server.shutdown()
    server.server_close()
    return 0


def dial(calls: CallList, call: int, text: str) -> None:
    """Find the number in ``text`` and note the outcome."""
    try:
        phone = normalise(text, os.environ.get("CALLSTEAD_AREA_CODE", "10"))
    except NoNumberError as error:
        calls.failed(call, str(error))
    else:
        calls.dialled(call, phone)
