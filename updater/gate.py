"""The step of ``waiting``: may the program be restarted now? Drained, not cut.

Only the program knows whether somebody is talking through it. One that does not answer, or has
no such address, is not busy: a broken program must not be able to hold back its own repair.
"""

from __future__ import annotations

import json

import requests
import urllib3

from updater import slots
from updater.health.http import get
from updater.journal import Program
from updater.running import read_running
from updater.tools import Tools

_PATH = "/may-restart"
_MOST = 64 * 1024


def may_restart(program: Program, tools: Tools) -> tuple[bool, str]:
    """Whether the running release lets go now, and its own words if not."""
    if program.current is None or read_running(tools.folder.root) is None:
        return True, ""
    manifest = slots.manifest_of(tools.folder.slots, program.current.digest)
    if manifest is None or not manifest.health.path:
        return True, ""
    return ask(program.port, tools.settings.network.program)


def ask(port: int, timeout: float) -> tuple[bool, str]:
    """Ask the program on ``port``; only a clear no is a no."""
    try:
        status, body = get(f"http://127.0.0.1:{port}{_PATH}", timeout, _MOST)
        said = json.loads(body) if status == 200 else {}
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        return True, ""
    if isinstance(said, dict) and said.get("may_restart") is False:
        reason = str(said.get("reason", ""))[:200]
        return False, f"The program is in use{f': {reason}' if reason else ''}."
    return True, ""
