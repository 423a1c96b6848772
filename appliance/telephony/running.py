"""Keeping the switch running: started, watched, trimmed, ended; and adopted when it already runs.

A call must outlive whoever looks after the switch, so the switch is a session of its own: when
this process is killed the switch goes on, and the next one finds it by its process number and its
socket, and looks after it again.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from appliance.domain.telephony.phones import Phone
from appliance.domain.telephony.trunks import Trunk
from appliance.settings.telephony import TelephonySettings
from appliance.telephony.configure import configure
from appliance.telephony.console import VERSION, Console
from appliance.telephony.places import Places
from appliance.telephony.ports import ports_of
from appliance.telephony.tree import Tree
from common.backoff import Backoff
from common.clock import Clock
from common.errors import OperatorError
from common.jobs import told
from common.logs import get_logger

log = get_logger(__name__)

_BOOT_SECONDS = 60.0
_LOOK_SECONDS = 2.0
_ASK_SECONDS = 15.0
_GONE_SECONDS = 10.0
_STEADY_SECONDS = 300.0  # it ran for so long: its end is a new story
_MOST_OUTPUT = 2_000_000  # bytes; what the switch prints itself, beside its log


def running_pid(places: Places) -> int | None:
    """The process number of the switch that runs on these folders; None: none does."""
    try:
        pid = int((places.run / "asterisk.pid").read_text("ascii"))
        command = psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    # The number may be another program's by now.
    return pid if str(places.config / "asterisk.conf") in command else None


@dataclass
class Switch:
    """One switch on its folders.

    Args:
        places: its folders.
        settings: its ports, and how it is looked after.
        clock: for waiting.
        trunks: those that it registers with; asked for again and again.
    """

    places: Places
    settings: TelephonySettings
    clock: Clock
    trunks: Callable[[], Sequence[Trunk]] = tuple
    _tree: Tree = field(init=False)
    _process: subprocess.Popen[bytes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._tree = Tree(self.places.tree)

    @property
    def console(self) -> Console:
        """Its command line."""
        return Console(self._tree, self.places.config)

    def start(self, phones: Sequence[Phone]) -> str:
        """Configure and start it, or adopt the one that runs; its version.

        Raises:
            OperatorError: it is not installed, lacks a port, or does not come up.
        """
        if self._tree.about is None:
            raise OperatorError(
                f"No switch is installed in {self.places.root}. Install it: "
                "`callstead appliance telephony install`."
            )
        self.places.make()
        changed = configure(self.places, self._tree, self.settings, phones, self.trunks())
        pid = running_pid(self.places)
        if pid is not None:
            version = self.console.ask(VERSION)
            if version:
                if changed:
                    self.console.ask("core reload")
                log.info("switch.adopted", pid=pid, version=version.split()[1])
                return version.split()[1]
            log.warning("switch.silent", pid=pid)
            self._end(pid)
        return self._start()

    def reload(self, phones: Sequence[Phone]) -> None:
        """Let it take over changed phones and settings, without cutting a call."""
        if configure(self.places, self._tree, self.settings, phones, self.trunks()):
            self.console.ask("core reload")

    def watch(self, stop: threading.Event, phones: Callable[[], Sequence[Phone]]) -> None:
        """Look after it; returns when it ended, or when ``stop`` is set.

        Its memory is given back now and then, phones that were added or removed are told to it, and
        folders that somebody removed are made again. One that is silent for as long as its calls
        count as going on is ended: nobody can call, and there is no call left to be kept.
        """
        trim = self.settings.trim_minutes * 60
        last = asked = self.clock.monotonic()
        silent = 0  # answers in a row that did not come; while we were held up we asked nothing
        while not stop.wait(_LOOK_SECONDS):
            pid = running_pid(self.places)
            self._reap()
            if pid is None:
                return
            if self.clock.monotonic() - asked >= _ASK_SECONDS:
                asked = self.clock.monotonic()
                silent = 0 if self.console.ask(VERSION) else silent + 1
                if silent and silent * _ASK_SECONDS >= self.settings.lost_seconds:
                    log.error("switch.hangs", pid=pid, asked=silent)
                    self._end(pid)
                    return
            with told():
                self.places.make()  # without its folder no recording begins
                self.reload(phones())
            if self.clock.monotonic() - last >= trim:
                last = self.clock.monotonic()
                self.console.ask("malloc trim")

    def stop(self) -> None:
        """End it, and wait until it is gone: the next one needs its ports."""
        pid = running_pid(self.places)
        if pid is None:
            self._reap()
            return
        self._end(pid)
        log.info("switch.ended", pid=pid)

    def _start(self) -> str:
        for port in ports_of(self.settings):
            if why := port.taken():
                raise OperatorError(f"The switch cannot have its {port}: {why}. {port.way_out}")
        output = _turned(self.places.log / "output.log")
        with output.open("ab") as file:
            self._process = subprocess.Popen(
                self._tree.command(self.places.config / "asterisk.conf", "-f", "-n"),
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
                cwd=self.places.data, env=_environment(self.places),
            )  # fmt: skip
        version = self.console.until_answers(self._process, _BOOT_SECONDS, self.clock)
        if not version:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait(_GONE_SECONDS)
            raise OperatorError(
                f"The switch does not come up. What it said last is in {output} and "
                f"{self.places.log / 'messages.log'}; `callstead doctor` tells what it finds."
            )
        log.info("switch.started", pid=self._process.pid, version=version.split()[1])
        return version.split()[1]

    def _end(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.terminate()  # it hangs up all calls; its command line would answer at the end
            if not self._gone(process, self.settings.stop_seconds):
                log.warning("switch.killed", pid=pid)
                process.kill()
                self._gone(process, _GONE_SECONDS)
        self._reap()

    def _reap(self) -> None:
        """A dead child of ours is no zombie. After each look: it may have died just before it."""
        if self._process is not None:
            self._process.poll()

    def _gone(self, process: psutil.Process, seconds: float) -> bool:
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
            self.clock.sleep(0.05)
        return False


def _environment(places: Places) -> dict[str, str]:
    """Little: no password of ours is in the environment of another's program."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return kept | {"HOME": str(places.data)}


def _turned(path: Path) -> Path:
    """``path``, emptied into ``….1`` when it has grown large."""
    if path.exists() and path.stat().st_size > _MOST_OUTPUT:
        path.replace(path.with_name(f"{path.name}.1"))
    return path


def keep_running(
    switch: Switch,
    phones: Callable[[], Sequence[Phone]],
    stop: threading.Event,
    ready: Callable[[str], None],
    leaves: threading.Event,
) -> None:
    """Until ``stop`` is set: start it, look after it, start it again when it ends by itself.

    Then it is ended, with its calls; or left to the next who looks after it, if ``leaves`` is set.

    Args:
        switch: not started.
        phones: asked for again and again.
        stop: from a signal.
        ready: gets the version, when it answers for the first time.
        leaves: from a signal, before ``stop``.

    Raises:
        OperatorError: it does not come up the first time.
    """
    ready(switch.start(phones()))
    failures = 0
    while True:
        begun = switch.clock.monotonic()
        switch.watch(stop, phones)
        if stop.is_set():
            break
        log.error("switch.ended_by_itself", log=str(switch.places.log / "messages.log"))
        failures = 1 if switch.clock.monotonic() - begun > _STEADY_SECONDS else failures + 1
        if stop.wait(Backoff().delay(failures)):
            break
        with told():
            switch.start(phones())
    if leaves.is_set():
        log.info("switch.left")
        return
    switch.stop()
