"""What the steps work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from common.clock import Clock
from common.settings import Holder
from common.trust import Repository
from updater.comm import Comm
from updater.health import HealthCheck
from updater.identity import Identity
from updater.journal import Journal, Program, Receipt
from updater.paths import ProgramFolder
from updater.receipts import ReceiptMaker
from updater.settings import UpdaterSettings
from updater.way import Way


@dataclass(frozen=True)
class Tools:
    """The parts that one program's steps use; nothing here is shared with another program's.

    Except for `journal` and `comm`, which any thread may use. ``extra_checks`` are asked of a
    release on probation beside its own.
    """

    folder: ProgramFolder
    identity: Identity
    journal: Journal
    repository: Repository
    comm: Comm
    receipts: ReceiptMaker
    holder: Holder[UpdaterSettings]
    clock: Clock
    platform: str
    extra_checks: tuple[HealthCheck, ...] = ()

    @property
    def settings(self) -> UpdaterSettings:
        """The settings in force now."""
        return self.holder.current

    def receipt(
        self, outcome: str, program: Program, reason: str, log_tail: Sequence[str] = ()
    ) -> Receipt:
        """A receipt about the program's target, and how it came here."""
        target = program.wanted()
        way = Way.read(self.journal, target.product, target.digest)
        if way.refused:
            reason += f" Its delta could not be used, so the full pack came: {way.refused}"
        return self.receipts.make(
            outcome,
            program.product,
            target.version,
            target.digest,
            reason,
            from_version=program.current.version if program.current else None,
            log_tail=log_tail,
            way=way,
        )
