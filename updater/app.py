"""Puts the updater together and runs it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import sentry_sdk

from common import __version__, reporting
from common.atomic import sweep_parts, write_json
from common.clock import Clock, SystemClock
from common.errors import CallsteadError
from common.logs import get_logger
from common.settings import Holder
from common.settings import fingerprint as settings_fingerprint
from common.spool import Store
from common.trust import FolderSource, HttpSource, Repository, Source
from common.trust.stick import WithStick
from common.watchdog import Watchdog
from common.wire.release import this_platform
from updater import identity, self_care, vitals
from updater.comm import Comm
from updater.engine import Engine
from updater.hints import Hints
from updater.identity import Identity
from updater.journal import Journal
from updater.logtail.service import LogTail
from updater.messenger import Messenger
from updater.paths import SELF, DataFolder, ProgramFolder
from updater.receipts import ReceiptMaker
from updater.rehearsal import RehearsalHealth
from updater.schema import migrations
from updater.settings import UpdaterSettings
from updater.status import describe
from updater.supervise import Supervisor
from updater.tools import Tools
from updater.worker import Worker

log = get_logger(__name__)
PROGRAM = "updater"
# A tick sees new programs, orders and dead launchers; it costs a few file locks.
_TICK = 1.0
_STATUS_EVERY = 5.0


class Updater:
    """One client's updater; `serve` blocks until `stop`."""

    def __init__(
        self, holder: Holder[UpdaterSettings], who: Identity, clock: Clock | None = None
    ) -> None:
        self.holder = holder
        self.identity = who
        self.clock = clock or SystemClock()
        self.folder = DataFolder(holder.current.folder)
        sweep_parts(self.folder.root)
        self.journal = open_journal(self.folder, self.clock)
        self.journal.keep_client(who.client)
        self.comm = Comm(who, holder.current.network, self.clock)
        self.supervisor = Supervisor()
        self._receipts = ReceiptMaker(who, self.clock)
        self._root = who.root()
        self._workers: dict[str, Worker] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._states: dict[str, Any] = {}
        self._newest_receipt = 0
        self._told: dict[str, Any] = {}
        self._told_at = -_STATUS_EVERY
        self._reporting: str | None = None
        self._renewed = False
        self.hands_over = False
        self._messenger = Messenger(
            self.comm, self.journal, lambda: holder.current, self.clock, self._vitals
        )
        self._logtail = LogTail(
            self.journal, self.folder, self.comm, lambda: holder.current, self.clock
        )
        self._hints = Hints(self.comm, self.journal, holder.current.network.hint_wait, self._hint)

    def engine(self, product: str) -> Engine:
        """A new engine for an adopted program."""
        return Engine(product, self.tools(product))

    def tools_for_stick(self, product: str, stick: Path) -> Tools:
        """`tools` that read from ``stick``, with a copy of what the updater has seen."""
        own, copy = (self._memory(product, name) for name in ("own", "stick"))
        shutil.rmtree(copy, ignore_errors=True)
        if own.exists():
            shutil.copytree(own, copy, symlinks=True)
        return self.tools(product, "stick", FolderSource(stick))

    def tools(self, product: str, memory: str = "own", source: Source | None = None) -> Tools:
        """What a program's steps work with.

        Args:
            product: the program.
            memory: name of the folder of trusted metadata; two at once must not share one.
            source: of releases; None: the site's server, helped out by what a stick brought.
        """
        program = self.journal.program(product)
        folder = self.folder.program(product, program.data if program else "")
        network = self.holder.current.network
        server = HttpSource(
            self.comm.releases_url,
            self.comm.session(),
            connect=network.connect,
            read=network.read,
        )
        source = source or WithStick(server, folder.stick)
        trust = self._memory(product, memory)
        return Tools(
            folder=folder,
            identity=self.identity,
            journal=self.journal,
            repository=Repository(trust, self._root, source, self.clock),
            comm=self.comm,
            receipts=self._receipts,
            holder=self.holder,
            clock=self.clock,
            platform=this_platform(),
            extra_checks=(RehearsalHealth(self.folder.root, self.clock),)
            if product == SELF
            else (),
        )

    def _memory(self, product: str, name: str) -> Path:
        # Another root of trust starts another memory: the old one would refuse it for ever.
        root = hashlib.sha256(self._root).hexdigest()[:16]
        return self.folder.program(product).trust / f"{name}-{root}"

    def serve(self) -> None:
        """Work until `stop`; the caller holds the lock of the data folder."""
        watchdog = Watchdog()
        self._report_own_errors(None)
        self._messenger.start()
        self._hints.start()
        self._logtail.start()
        watchdog.ready()
        log.info("updater.started", client=self.identity.client, site=self.identity.site)
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    self._tick()
                except Exception as error:  # a full disk or a bug must not end the care
                    log.exception("updater.tick_failed")
                    sentry_sdk.capture_exception(error)
                watchdog.beat()
                self._wake.wait(_TICK)
        finally:
            watchdog.stopping()
            self._end()
            watchdog.close()

    def stop(self) -> None:
        """End `serve`."""
        self._stopping.set()
        self._wake.set()

    def reload(self) -> None:
        """Read the settings again; wrong ones change nothing."""
        try:
            self.holder.reload()
            log.info("settings.reloaded")
        except CallsteadError as error:
            log.warning("settings.refused", error=str(error))

    def look_after_launchers(self) -> None:
        """See that every program that has something to run has its launcher."""
        self.supervisor.look_after(folder for folder in self._in_care() if folder.root.exists())

    def _in_care(self) -> list[ProgramFolder]:
        """The folders of the programs whose launchers are ours; our own launcher is our parent."""
        programs = self.journal.programs()
        return [self.folder.program(p.product) for p in programs if p.product != SELF]

    def stop_programs(self) -> None:
        """Stop launchers and programs."""
        limits = self.holder.current.programs
        self.supervisor.stop(self._in_care(), limits.stop_seconds + 5)

    def close(self) -> None:
        """Let go of the server and the database."""
        self.comm.close()
        self.journal.close()

    def _tick(self) -> None:
        programs = self.journal.programs()
        if self_care.has_slot(self.folder):
            self.hands_over = True
            self.stop()
            return
        proving = self_care.proves_itself(programs)
        if not proving and not self._renewed:
            self.supervisor.renew(self._in_care())
            self._renewed = True
        for program in programs:
            if proving and program.product != SELF:
                continue  # a new self touches nothing before it is committed
            worker = self._workers.get(program.product)
            if worker is None:
                worker = Worker(self.engine(program.product), self._wake.set)
                self._workers[program.product] = worker
                worker.start()
            elif program.ordered:
                worker.wake()
        self.look_after_launchers()
        states = {p.product: (p.state, p.current) for p in programs}
        newest = self.journal.newest_receipt()
        if (states, newest) != (self._states, self._newest_receipt):
            self._messenger.wake(vitals=states != self._states)
            self._states, self._newest_receipt = states, newest
        self._write_status()

    def _write_status(self) -> None:
        told = describe(self.folder, self.journal, self.identity, self.clock)
        contact = self.comm.last_contact
        told["contact"] = contact.isoformat(timespec="seconds") if contact else None
        told["trouble"] = self.comm.last_failure
        told["progress"] = {
            product: worker.engine.progress
            for product, worker in self._workers.items()
            if worker.engine.progress
        }
        now, said = self.clock.monotonic(), {k: v for k, v in told.items() if k != "at"}
        if said != self._told or now - self._told_at >= _STATUS_EVERY:
            with contextlib.suppress(OSError):  # a full disk is told by the program's reason
                write_json(self.folder.status, told)
            self._told, self._told_at = said, now

    def _hint(self, product: str | None) -> None:
        log.info("hint.heard", product=product)
        for name, worker in list(self._workers.items()):
            if product in {None, name}:
                worker.hint()

    def _vitals(self) -> dict[str, Any]:
        self._report_own_errors(self._own_dsn())
        told = vitals.facts(self.folder.root, self.clock)
        told["updater"] = __version__
        told["configuration"] = settings_fingerprint()
        told["programs"] = [
            {
                "product": program.product,
                "version": program.current.version if program.current else None,
                "state": str(program.state),
                "reason": program.reason,
            }
            for program in self.journal.programs()
        ]
        return told

    def _own_dsn(self) -> str:
        dsn = self.journal.fact("own_dsn")
        if dsn is None:
            dsn = self.comm.adopt(PROGRAM, "stable", this_platform(), __version__)
            self.journal.keep_fact("own_dsn", dsn)
        return dsn

    def _report_own_errors(self, dsn: str | None) -> None:
        dsn = dsn or self.journal.fact("own_dsn") or ""
        if dsn == self._reporting:
            return
        sentry_sdk.get_client().close()
        reporting.set_up(
            spool=self.folder.reports,
            dsn=dsn or None,
            release=f"{PROGRAM}@{__version__}",
            ca_file=self.identity.ca_file,
            server_name=self.identity.name,
        )
        self._reporting = dsn

    def _end(self) -> None:
        log.info("updater.stopping")
        for worker in self._workers.values():
            worker.stop()
        for worker in self._workers.values():
            worker.join(5)
        self._messenger.stop(5)
        self._hints.stop(1)
        self._logtail.stop(5)
        if self.holder.current.stop_programs_on_exit and not self._makes_room():
            self.stop_programs()
        sentry_sdk.get_client().close()

    def _makes_room(self) -> bool:
        """Whether another release of the updater follows at once, to which the programs go."""
        return self.hands_over or self_care.is_replaced(self.folder)


def create_updater(holder: Holder[UpdaterSettings], clock: Clock | None = None) -> Updater:
    """Put a joined client's updater together. Raises OperatorError before joining."""
    folder = DataFolder(holder.current.folder)
    return Updater(holder, identity.load(folder.identity), clock)


def open_journal(folder: DataFolder, clock: Clock) -> Journal:
    """The updater's database."""
    return Journal(Store(folder.database, migrations()), clock)


def read_status(path: Path) -> dict[str, Any] | None:
    """What a running updater last wrote."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def run_until_signalled(updater: Updater) -> None:
    """`Updater.serve` with SIGTERM, SIGINT to stop; SIGHUP to read the settings again."""
    handlers = {
        signal.SIGTERM: updater.stop,
        signal.SIGINT: updater.stop,
    }
    if hangup := getattr(signal, "SIGHUP", None):  # Windows has none
        handlers[hangup] = updater.reload
    for number in handlers:
        signal.signal(number, lambda number, _frame: handlers[signal.Signals(number)]())
    updater.serve()
