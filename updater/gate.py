"""The step of ``waiting``: may the program be restarted now? Drained, not cut.

The rules are in updater/gate_rules.py; here they are given their facts, and the program is asked.
Only the program knows whether somebody is talking through it. One that does not answer, or has no
such address, is not busy: a broken program must not be able to hold back its own repair. A drain
is a lease and is told at every look: a program that was restarted hears it again, and one whose
updater is lost works on by itself.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import requests
import urllib3

from common.clock import parse_stamp
from common.errors import OperatorError
from common.window import Window as CronWindow
from updater import slots
from updater.gate_rules import Act, Facts, Window, decide
from updater.health.http import get, post
from updater.journal import Program
from updater.running import read_running
from updater.settings import WindowSettings
from updater.tools import Tools

_MAY_RESTART = "/may-restart"
_DRAIN = "/drain"
_MOST = 64 * 1024


class Gate:
    """One program's gate.

    Args:
        tools: the program's.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        # None: not known, because this updater was just started; then it is told once.
        self._drained: bool | None = None

    def look(
        self, program: Program, turn: tuple[bool, str], *, at_once: bool = False
    ) -> tuple[bool, str]:
        """Whether to restart the program now, and a sentence if not.

        Args:
            program: in the state ``waiting``.
            turn: whether the communications server lets it go on, and its sentence.
            at_once: somebody at this computer wants neither window nor postponement.

        Raises:
            OperatorError: the window's settings cannot be understood.
        """
        facts = self.facts(program, turn, at_once=at_once)
        act, why = decide(facts)
        if act is Act.DRAIN:
            busy = self.drain_and_ask(program, program.wanted().version)
            act, why = decide(_asked(facts, busy))
        elif act is Act.PUT_OFF:
            self.call_off(program)
        if act is Act.GO:
            self._drained = None  # whoever is started next is not drained
        return act is Act.GO, why

    def facts(self, program: Program, turn: tuple[bool, str], *, at_once: bool) -> Facts:
        """What the rules look at, before the program is asked."""
        window, now = self._tools.settings.window, self._tools.clock.now()
        go, why = turn
        return Facts(
            now=now,
            since=parse_stamp(program.since),
            turn=go,
            why=why,
            critical=bool(program.target and program.target.critical),
            critical_after=window.critical_after,
            at_once=at_once,
            window=standing(window, now),
            hold=program.hold,
        )

    def call_off(self, program: Program) -> None:
        """Tell the program that it is not drained, unless it knows."""
        if self._drained is not False and self._can_be_asked(program):
            self._tell(program, {"drain": False})
        self._drained = False

    def drain_and_ask(self, program: Program, release: str) -> str:
        """Drain it for ``release``; why it cannot be restarted now, empty when it can."""
        if not self._can_be_asked(program):
            return ""
        seconds = self._tools.settings.programs.drain_seconds
        critical = bool(program.target and program.target.critical)
        self._tell(program, {
            "drain": True, "seconds": seconds, "release": release, "critical": critical,
        })  # fmt: skip
        self._drained = True
        free, why = ask(program.port, program.token, self._tools.settings.network.program)
        return "" if free else why or "The program is in use."

    def _can_be_asked(self, program: Program) -> bool:
        if program.current is None or read_running(self._tools.folder.root) is None:
            return False
        manifest = slots.manifest_of(self._tools.folder.slots, program.current.digest)
        return manifest is not None and bool(manifest.health.path)

    def _tell(self, program: Program, what: dict[str, Any]) -> None:
        drain(program.port, program.token, what, self._tools.settings.network.program)


def standing(settings: WindowSettings, now: datetime) -> Window | None:
    """The administrator's window as it is at ``now`` (aware); None: there is none.

    Raises:
        OperatorError: the settings cannot be understood.
    """
    if not settings.cron:
        return None
    try:
        window = CronWindow(settings.cron, settings.minutes, settings.zone).check()
        if window.is_open(now):
            return Window(open=True)
        return Window(open=False, next=window.opens(now))
    except OperatorError as error:
        raise OperatorError(f"updater.window: {error}") from error


def ask(port: int, token: str, timeout: float) -> tuple[bool, str]:
    """Ask the program on ``port``; only a clear no is a no."""
    try:
        status, body = get(f"http://127.0.0.1:{port}{_MAY_RESTART}", timeout, _MOST, token)
        said = json.loads(body) if status == 200 else {}
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError):
        return True, ""
    if isinstance(said, dict) and said.get("may_restart") is False:
        reason = str(said.get("reason", ""))[:200]
        return False, f"The program is in use{f': {reason}' if reason else ''}."
    return True, ""


def drain(port: int, token: str, what: dict[str, Any], timeout: float) -> bool:
    """Tell the program on ``port``; whether it took it. One that has no such address cannot."""
    try:
        return post(f"http://127.0.0.1:{port}{_DRAIN}", what, token, timeout) == 200
    except requests.RequestException:
        return False


def _asked(facts: Facts, busy: str) -> Facts:
    return replace(facts, asked=True, busy=busy)
