"""Before a new updater is committed it must have updated something: a dummy, by the whole way.

In a folder of its own it verifies a throwaway vendor's signatures, fetches, builds, switches,
starts and commits a first release of a program that sleeps, and then a second one over it: with a
launcher in a process, and a database. Whatever in the new self cannot do this (a library that is
missing, a disk that it cannot write, a launcher that does not start) shows here, while the
updater before it is still one step away.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from common.clock import Clock
from common.errors import OperatorError
from common.logs import get_logger
from common.settings import Holder
from common.spool import Store
from common.trust import Repository
from common.trust.folder_source import FolderSource
from common.wire.release import this_platform
from common.wire.signing import new_key
from updater.comm import Comm
from updater.engine import Engine
from updater.identity import Identity
from updater.journal import Journal
from updater.paths import DataFolder
from updater.receipts import ReceiptMaker
from updater.rehearsal_vendor import RehearsalVendor
from updater.running import Running, read_running
from updater.schema import migrations
from updater.settings import EverySettings, NetworkSettings, UpdaterSettings
from updater.states import State
from updater.supervise import Supervisor
from updater.tools import Tools

log = get_logger(__name__)
_PRODUCT = "rehearsal"
_SECONDS = 120.0
_FIRST, _SECOND = "1", "2"


class RehearsalHealth:
    """A health check that is the rehearsal; it runs once for each process.

    Args:
        folder: the updater's data; the rehearsal is held below it, on the same disk.
        clock: the updater's.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder / "rehearsal"
        self._clock = clock
        self._well: int | None = None

    def problem(self, process: Running) -> str:
        """See `HealthCheck.problem`."""
        if self._well == process.pid:
            return ""
        try:
            rehearse(self._folder, self._clock)
        except Exception as error:  # whatever is broken in the new self: it is not kept
            log.exception("updater.rehearsal_failed")
            return f"It could not install a dummy program: {error}"
        self._well = process.pid
        return ""


def rehearse(folder: Path, clock: Clock) -> None:
    """Install a dummy program in ``folder`` and update it; the folder is gone afterwards.

    Raises:
        CallsteadError: it did not come to its end, and why.
    """
    _clear(folder)
    folder.mkdir(parents=True)
    data = DataFolder(folder)
    place = data.program(_PRODUCT)
    vendor = RehearsalVendor(folder / "vendor", _PRODUCT, clock.now())
    identity = Identity(folder, "rehearsal", "rehearsal", "rehearsal", "https://localhost")
    new_key(identity.key_file)
    supervisor = Supervisor()
    journal = Journal(Store(data.database, migrations()), clock)
    try:
        engine = Engine(
            _PRODUCT,
            Tools(
                folder=place,
                identity=identity,
                journal=journal,
                repository=Repository(
                    place.trust, vendor.root, FolderSource(folder / "vendor"), clock
                ),
                comm=_Nobody(identity, NetworkSettings(), clock),
                receipts=ReceiptMaker(identity, clock),
                holder=Holder(
                    lambda: UpdaterSettings(disk_reserve=0, every=EverySettings(probe=0.1))
                ),
                clock=clock,
                platform=this_platform(),
            ),
        )
        journal.adopt(_PRODUCT, "stable", 0)
        engine.recover()
        for version in (_FIRST, _SECOND):
            vendor.publish(version)
            engine.hint()
            _drive(engine, version, clock, lambda: supervisor.look_after([place]))
        if read_running(place.root) is None:
            raise OperatorError("The dummy program does not run.")
    finally:
        supervisor.stop([place], 20)
        journal.close()
        with contextlib.suppress(OSError):
            _clear(folder)


def _drive(engine: Engine, version: str, clock: Clock, look_after: Callable[[], None]) -> None:
    until = clock.monotonic() + _SECONDS
    while True:
        look_after()
        pause = engine.step()
        program = engine.read()
        current = program.current.version if program.current else None
        if program.state is State.IDLE and current == version:
            return
        if clock.monotonic() > until or program.state in {State.ROLLED_BACK, State.FAILED}:
            raise OperatorError(f"The dummy is {program.state}: {program.reason}")
        clock.sleep(min(pause, 0.2))


def _clear(folder: Path) -> None:
    for base in sorted(folder.rglob("*"), reverse=True):
        if base.is_dir() and not base.is_symlink():
            base.chmod(0o700)
    if folder.exists():
        shutil.rmtree(folder)


class _Nobody(Comm):
    """A communications server that lets everything go on, without a network."""

    def adopt(self, product: str, channel: str, platform: str, release: str | None) -> str:  # noqa: ARG002
        return "https://nobody@localhost/1"

    def rollout(
        self,
        product: str,  # noqa: ARG002
        version: str,  # noqa: ARG002
        step: str = "switch",  # noqa: ARG002
        *,
        urgent: bool = False,  # noqa: ARG002
    ) -> tuple[bool, str]:
        return True, ""

    def sent_back(self, product: str, version: str) -> str:  # noqa: ARG002
        return ""

    def healthz(self) -> None:
        """Always there."""
