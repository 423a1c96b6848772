"""What is done, in ``idle``, to the release that runs: it is left, repaired, started again.

A person at this computer orders it, the site does, or a slot was found that is not as it was
signed. The program is drained first, as before every restart.
"""

from __future__ import annotations

from collections.abc import Callable

from common.logs import get_logger
from updater import check, environment, pointer, repair
from updater.journal import Program
from updater.states import Event
from updater.way_back import no_way_back
from updater.work import Work

log = get_logger(__name__)


class Orders:
    """One program's. What returns a number returns the seconds until the next step.

    Args:
        work: what its steps share.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tools, self._gate = work.tools, work.gate
        self._move, self._note = work.move, work.note
        self._verify_at = 0.0
        self._by_name: dict[str, Callable[[Program], float]] = {
            "rollback": self._go_back,
            "repair": self._repair,
            "restart": self._start_again,
        }

    def carry_out(self, program: Program) -> float:
        """What `Program.ordered` says."""
        return self._by_name[program.ordered](program)

    def verify(self, program: Program) -> bool:
        """Once a day: whether a slot was found that must be built again, which is ordered then."""
        if self._tools.clock.monotonic() < self._verify_at:
            return False
        self._verify_at = self._tools.clock.monotonic() + self._tools.settings.every.verify
        if found := repair.findings_of(program, self._tools):
            self._note(program, repair.alarm(program, self._tools, found))
            self._tools.journal.order_repair(program.product)
        return bool(found)

    def sent_back(self, program: Program) -> float | None:
        """Return to the release before when the site lets everybody: nobody is to blame for it.

        The release may come again. None: nothing asks for it, or there is no way back.
        """
        if not (order := check.sent_back(program, self._tools)):
            return None
        if why := no_way_back(program, self._tools):
            log.warning("program.not_sent_back", product=program.product, reason=why, order=order)
            return None
        return self._leave(program, "returned", f"as the site asked: {order}", blamed=False)

    def refresh_environment(self, program: Program) -> None:
        """Write what the program is started with; start it again if it must be, now or later."""
        launch = environment.launch_of(
            program, self._tools.folder, self._tools.identity, self._tools.settings.programs
        )
        if not environment.asks_for_restart(self._tools.folder.launch, launch):
            environment.write(self._tools.folder.launch, launch)
            return
        if program.current and self._gate.drain_and_ask(program, program.current.version):
            return  # at a later look
        environment.write(self._tools.folder.launch, launch)
        pointer.restart(self._tools.folder.root)

    def _go_back(self, program: Program) -> float:
        if why := no_way_back(program, self._tools):
            self._tools.journal.end_order(program, why)
            return 0.0
        return self._leave(program, "was rolled back", "by this computer's administrator.")

    def _repair(self, program: Program) -> float:
        try:
            repair.repair(program, self._tools, self._work.show_progress)
        finally:
            self._work.progress = None
        # What was changed on the disk may be in the memory of what runs.
        self._tools.journal.order_restart(program.product)
        return 0.0

    def _start_again(self, program: Program) -> float:
        version = program.current.version if program.current else ""
        if busy := self._gate.drain_and_ask(program, version):
            what = f"{program.product} was repaired and is to be started again. {busy}"
            self._note(program, what)
            return self._tools.settings.every.gate
        pointer.restart(self._tools.folder.root)
        note = f"{program.product} {version} was repaired and started again."
        self._tools.journal.end_order(program, note)
        return 0.0

    def _leave(self, program: Program, how: str, why: str, *, blamed: bool = True) -> float:
        current, previous = program.current, program.previous
        if current is None or previous is None:
            raise RuntimeError(f"{program.product} has no release before: ask `no_way_back` first")
        if busy := self._gate.drain_and_ask(program, previous.version):
            self._note(program, busy)
            return self._tools.settings.every.gate
        reason = f"{program.product} {current.version} {how} to {previous.version}, {why}"
        receipt = self._tools.receipts.make(
            "rolled_back" if blamed else "returned",
            program.product,
            current.version,
            current.digest,
            reason,
            from_version=previous.version,
        )
        self._move(
            program,
            Event.ORDERED_BACK,
            reason,
            receipt=receipt,
            bad=current if blamed else None,
            fact=None if blamed else check.return_to_keep(program, self._tools),
            current=previous,
            previous=None,
        )
        return 0.0
