"""Drives one program through the table of updater/states.py, one step at a time."""

from __future__ import annotations

import random
from collections.abc import Callable

from common.backoff import Backoff
from common.errors import CallsteadError, OperatorError, RefusedError
from common.logs import get_logger
from updater import (
    build,
    check,
    environment,
    fetch,
    pointer,
    port,
    repair,
    settle,
    slots,
    snapshots,
    switch,
)
from updater.gate import Gate
from updater.journal import Program, Release
from updater.launcher import read_pointer
from updater.probation import Probation, Verdict
from updater.states import OPEN, Event, State
from updater.tools import Tools
from updater.way_back import no_way_back

log = get_logger(__name__)


class StoppingError(CallsteadError):
    """The updater was asked to stop; the step goes on at the next start."""


class Engine:
    """One program's updater. `step` is called by one thread at a time; `hint`, `stop` by any.

    Args:
        product: an adopted program.
        tools: its tools.

    Attributes:
        progress: of a download, (bytes so far, bytes in all).
        at_once: somebody at this computer wants neither window nor postponement; a program in
            use is waited for all the same.
    """

    def __init__(self, product: str, tools: Tools) -> None:
        self.product = product
        self.progress: tuple[int, int] | None = None
        self._tools = tools
        self._look_at = 0.0
        self._failures = 0
        self._stopping = False
        self._probation: Probation | None = None
        self._gate = Gate(tools)
        self._not_before = 0.0
        self._verify_at = 0.0
        self.at_once = False
        self._steps: dict[State, Callable[[Program], float]] = {
            State.IDLE: self._idle,
            State.AVAILABLE: self._available,
            State.FETCHING: self._fetching,
            State.STAGED: self._staged,
            State.WAITING: self._waiting,
            State.SWITCHING: self._switching,
            State.PROBATION: self._in_probation,
            State.COMMITTED: self._settle,
            State.ROLLED_BACK: self._settle,
            State.FAILED: self._settle,
        }
        self._orders: dict[str, Callable[[Program], float]] = {
            "rollback": self._go_back,
            "repair": self._repair,
            "restart": self._start_again,
        }

    def read(self) -> Program:
        """The program as the database has it."""
        program = self._tools.journal.program(self.product)
        if program is None:
            raise OperatorError(
                f"{self.product!r} is not looked after here. "
                f"`callstead updater adopt {self.product} --port N` begins it."
            )
        return program

    def hint(self) -> None:
        """Something may be new: the next step looks."""
        self._look_at = 0.0
        self._failures = 0

    def stop(self) -> None:
        """Let a running step end soon."""
        self._stopping = True

    def recover(self) -> None:
        """Once, before the first step: put in order what a killed run left."""
        program, folder = self.read(), self._tools.folder
        folder.root.mkdir(parents=True, exist_ok=True)
        folder.data.mkdir(exist_ok=True)
        pointer.sweep(folder.root)
        slots.sweep(folder.slots)
        if program.state is not State.IDLE:
            log.info("program.resumed", product=self.product, state=program.state)
            return
        if program.current is None and (found := self._found_in_folder()):
            self._tools.journal.take_over(program, found)
            program = self.read()
        settle.settle(program, self._tools)

    def step(self) -> float:
        """Do what the state asks for; seconds until it should be called again.

        Expected errors become the program's ``reason`` and a growing pause; what is raised is a
        fault of ours, and the state is as it was.
        """
        program = self.read()
        try:
            pause = self._steps[program.state](program)
        except StoppingError:
            return 0.0
        except CallsteadError as error:
            self._failures += 1
            self._note(program, str(error))
            return self._backoff().delay(self._failures)
        self._failures = 0
        return pause

    # --- the steps --------------------------------------------------------------------------

    def _idle(self, program: Program) -> float:
        tools = self._tools
        if program.dsn is None:
            current = program.current.version if program.current else None
            dsn = tools.comm.adopt(self.product, program.channel, tools.platform, current)
            tools.journal.keep_dsn(self.product, dsn)
            program = self.read()
        self._refresh_environment(program)
        if program.ordered:
            return self._orders[program.ordered](program)
        if self._verify(program):
            return 0.0
        if not self._due():
            return self._until_look()
        if (pause := self._sent_back(program)) is not None:
            return pause
        self._looked()  # before it: a hint that comes meanwhile asks for one more look
        try:
            found = check.look(program, tools)
        except CallsteadError:
            self._look_at = 0.0
            raise
        if found.target is None:
            self._note(program, found.sentence)
            return self._until_look()
        self._move(program, Event.FOUND, found.sentence, target=found.target, issue=found.issue)
        return 0.0

    def _available(self, program: Program) -> float:
        if self._withdrawn(program):
            return 0.0
        go, sentence = check.ask_for_turn(program, self._tools, "fetch")
        if not go:
            self._note(program, sentence)
            return self._until_look()
        self._move(program, Event.ALLOWED, sentence)
        return 0.0

    def _fetching(self, program: Program) -> float:
        if self._withdrawn(program):
            return 0.0
        try:
            fetch.fetch(program, self._tools, self._show_progress)
        except RefusedError as error:
            check.tell_refusal(program, self._tools, fetch.STEP, error, program.target)
            raise
        finally:
            self.progress = None
        self._tools.journal.accepted(self.product, fetch.STEP)
        self._move(program, Event.FETCHED, f"{_name(program)} is here and is the vendor's.")
        return 0.0

    def _staged(self, program: Program) -> float:
        target = program.wanted()
        try:
            build.build_fetched(target, program.current, self._tools)
        except build.DeltaUnfitError as error:
            note = f"The full pack of {_name(program)} is fetched, for its delta is unfit: {error}"
            self._move(program, Event.LOST, note)
            return 0.0
        except FileNotFoundError:
            self._move(program, Event.LOST, f"{_name(program)} is fetched again.")
            return 0.0
        except RefusedError as error:
            reason = f"{_name(program)} cannot be installed: {error}"
            self._move(
                program,
                Event.UNFIT,
                reason,
                receipt=self._tools.receipt("failed", program, reason),
                bad=program.wanted_release(),
            )
            return 0.0
        self._move(program, Event.BUILT, f"{_name(program)} is built and was hashed again.")
        fetch.forget(self._tools.folder)
        return 0.0

    def _waiting(self, program: Program) -> float:
        if self._withdrawn(program):
            return 0.0
        if (pause := self._not_before - self._tools.clock.monotonic()) > 0:
            return pause
        turn, reached = check.turn_at_switch(program, self._tools)
        snapshots.check_room(program, self._tools)
        free, why = self._gate.look(program, turn, at_once=self.at_once)
        if free:  # drained: now it takes its place among those that switch at the same time
            free, why = check.ask_for_turn(program, self._tools, "switch")
        if not free:
            self._note(program, why)
            return self._tools.settings.every.gate
        generation = pointer.next_generation(self._tools.folder.root, program.generation)
        note = f"{_name(program)} is switched on."
        self._move(program, Event.FREE, note, generation=generation, reached=reached)
        return 0.0

    def _switching(self, program: Program) -> float:
        if why := port.in_the_way(program, self._tools):
            if not self._withdrawn(program):
                self._note(program, why)
            return self._tools.settings.every.gate
        try:
            switch.switch(program, self._tools)
        except RefusedError as error:
            self._move(program, Event.DAMAGED, str(error))
            return 0.0
        self._move(program, Event.SWITCHED, f"{_name(program)} is on probation.")
        return 0.0

    def _in_probation(self, program: Program) -> float:
        if self._probation is None or self._probation.generation != program.generation:
            self._probation = Probation(program, self._tools)
        outcome = self._probation.look()
        if outcome.verdict is Verdict.WAIT:
            return self._tools.settings.every.probe
        self._probation = None
        if outcome.verdict is Verdict.UNDONE:
            self._not_before = self._tools.clock.monotonic() + self._tools.settings.every.retry_most
            note = f"{_name(program)} waits again. {outcome.reason} It is tried again by itself."
            self._move(program, Event.UNDONE, note)
            return 0.0
        if outcome.verdict is Verdict.KEEP:
            note = f"{_name(program)} is well and stays."
            self._move(
                program,
                Event.STEADY,
                note,
                receipt=self._tools.receipt("committed", program, note),
                current=program.wanted_release(),
                previous=program.current,
            )
            return 0.0
        back = f"{program.current.version} runs again" if program.current else "nothing runs"
        reason = f"{_name(program)} was rolled back, {back}. {outcome.reason}"
        self._move(
            program,
            Event.UNHEALTHY,
            reason,
            receipt=self._tools.receipt("rolled_back", program, reason, outcome.log_tail),
            bad=program.wanted_release(),
        )
        return 0.0

    def _settle(self, program: Program) -> float:
        if not settle.settle(program, self._tools):
            return self._tools.settings.every.probe
        self._move(program, Event.SETTLED, program.reason, target=None)
        return 0.0

    # --- what several steps need ------------------------------------------------------------

    def _verify(self, program: Program) -> bool:
        """Once a day: whether a slot was found that must be built again."""
        if self._tools.clock.monotonic() < self._verify_at:
            return False
        self._verify_at = self._tools.clock.monotonic() + self._tools.settings.every.verify
        if found := repair.findings_of(program, self._tools):
            self._note(program, repair.alarm(program, self._tools, found))
            self._tools.journal.order_repair(self.product)
        return bool(found)

    def _repair(self, program: Program) -> float:
        try:
            repair.repair(program, self._tools, self._show_progress)
        finally:
            self.progress = None
        # What was changed on the disk may be in the memory of what runs.
        self._tools.journal.order_restart(self.product)
        return 0.0

    def _start_again(self, program: Program) -> float:
        version = program.current.version if program.current else ""
        if busy := self._gate.drain_and_ask(program, version):
            self._note(program, f"{self.product} was repaired and is to be started again. {busy}")
            return self._tools.settings.every.gate
        pointer.restart(self._tools.folder.root)
        note = f"{self.product} {version} was repaired and started again."
        self._tools.journal.end_order(program, note)
        return 0.0

    def _go_back(self, program: Program) -> float:
        if why := no_way_back(program, self._tools):
            self._tools.journal.end_order(program, why)
            return 0.0
        return self._leave(program, "was rolled back", "by this computer's administrator.")

    def _sent_back(self, program: Program) -> float | None:
        """Return to the release before when the site lets everybody: nobody is to blame for it.

        The release may come again. None: nothing asks for it, or there is no way back.
        """
        if not (order := check.sent_back(program, self._tools)):
            return None
        if why := no_way_back(program, self._tools):
            log.warning("program.not_sent_back", product=self.product, reason=why, order=order)
            return None
        return self._leave(program, "returned", f"as the site asked: {order}", blamed=False)

    def _leave(self, program: Program, how: str, why: str, *, blamed: bool = True) -> float:
        current, previous = program.current, program.previous
        if current is None or previous is None:
            raise RuntimeError(f"{self.product} has no release before: `no_way_back` looks first")
        if busy := self._gate.drain_and_ask(program, previous.version):
            self._note(program, busy)
            return self._tools.settings.every.gate
        reason = f"{self.product} {current.version} {how} to {previous.version}, {why}"
        receipt = self._tools.receipts.make(
            "rolled_back" if blamed else "returned",
            self.product,
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

    def _withdrawn(self, program: Program) -> bool:
        """Drop the target when it is no longer the one to go to, or an order waits."""
        assert program.state in OPEN  # noqa: S101 - the caller's state, held by the table's tests
        withdrawn = self._no_longer_wanted(program)
        if withdrawn and program.state is State.WAITING:
            self._gate.call_off(program)
        return withdrawn

    def _no_longer_wanted(self, program: Program) -> bool:
        if program.ordered == "rollback":
            self._move(program, Event.WITHDRAWN, "An order to go back came first.", target=None)
            return True
        if not self._due():
            return False
        self._looked()
        try:
            found = check.look(program, self._tools)
        except CallsteadError as error:  # the target was checked; it stays until better is known
            log.info("program.not_looked", product=self.product, error=str(error))
            return False
        if found.target and found.target.digest == program.wanted().digest:
            return False
        self.hint()
        self._move(program, Event.WITHDRAWN, found.sentence, target=None)
        return True

    def _refresh_environment(self, program: Program) -> None:
        tools = self._tools
        launch = environment.launch_of(
            program, tools.folder, tools.identity, tools.settings.programs
        )
        if environment.asks_for_restart(tools.folder.launch, launch):
            if program.current and self._gate.drain_and_ask(program, program.current.version):
                return  # at a later look
            environment.write(tools.folder.launch, launch)
            pointer.restart(tools.folder.root)
        else:
            environment.write(tools.folder.launch, launch)

    def _found_in_folder(self) -> Release | None:
        now = read_pointer(self._tools.folder.root)
        if now is None or now.slot is None:
            return None
        manifest = slots.manifest_of(self._tools.folder.slots, now.slot)
        return Release(manifest.version, manifest.digest) if manifest else None

    def _show_progress(self, done: int, total: int) -> None:
        self.progress = (done, total)
        if self._stopping:
            raise StoppingError(f"The download of {self.product} was interrupted.")

    def _move(self, program: Program, event: Event, note: str, **rest: object) -> None:
        new = self._tools.journal.move(program, event, note, **rest)  # type: ignore[arg-type]
        log.info(
            "program.moved", product=self.product, happened=event, state=new.state, reason=note
        )

    def _note(self, program: Program, reason: str) -> None:
        if reason != program.reason:
            log.info("program.waits", product=self.product, state=program.state, reason=reason)
        self._tools.journal.note(program, reason)

    def _backoff(self) -> Backoff:
        every = self._tools.settings.every
        return Backoff(first=every.retry_first, most=every.retry_most)

    def _due(self) -> bool:
        return self._tools.clock.monotonic() >= self._look_at

    def _looked(self) -> None:
        every = self._tools.settings.every.check
        spread = random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
        self._look_at = self._tools.clock.monotonic() + every * spread

    def _until_look(self) -> float:
        return max(0.05, self._look_at - self._tools.clock.monotonic())


def _name(program: Program) -> str:
    target = program.wanted()
    return f"{target.product} {target.version}"
