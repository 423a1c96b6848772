"""One step for each state of updater/states.py; the acts are in the file that it names.

A step ends in an event, or stays where it is and says why.
"""

from __future__ import annotations

from collections.abc import Callable

from common.errors import CallsteadError, RefusedError
from common.logs import get_logger
from updater import build, check, fetch, pointer, port, settle, snapshots, switch
from updater.journal import Program
from updater.orders import Orders
from updater.probation import Probation, Verdict
from updater.states import OPEN, Event, State
from updater.work import Work, name_of

log = get_logger(__name__)


class Steps:
    """One program's. Each returns the seconds until the next.

    Args:
        work: what they share.

    Attributes:
        of: the step of each state.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._tools, self._looks, self._gate = work.tools, work.looks, work.gate
        self._move, self._note = work.move, work.note
        self._orders = Orders(work)
        self._probation: Probation | None = None
        self._not_before = 0.0
        self.of: dict[State, Callable[[Program], float]] = {
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

    def _idle(self, program: Program) -> float:
        tools = self._tools
        if program.dsn is None:
            current = program.current.version if program.current else None
            dsn = tools.comm.adopt(program.product, program.channel, tools.platform, current)
            tools.journal.keep_dsn(program.product, dsn)
            program = self._work.read()
        self._orders.refresh_environment(program)
        if program.ordered:
            return self._orders.carry_out(program)
        if self._orders.verify(program):
            return 0.0
        if not self._looks.due():
            return self._looks.pause()
        if (pause := self._orders.sent_back(program)) is not None:
            return pause
        self._looks.begun()  # before it: a hint that comes meanwhile asks for one more look
        try:
            found = check.look(program, tools)
        except CallsteadError:
            self._looks.again()
            raise
        if found.target is None:
            self._note(program, found.sentence)
            return self._looks.pause()
        self._move(program, Event.FOUND, found.sentence, target=found.target, issue=found.issue)
        return 0.0

    def _available(self, program: Program) -> float:
        if self._withdrawn(program):
            return 0.0
        go, sentence = check.ask_for_turn(program, self._tools, "fetch")
        if not go:
            self._note(program, sentence)
            return self._looks.pause()
        self._move(program, Event.ALLOWED, sentence)
        return 0.0

    def _fetching(self, program: Program) -> float:
        if self._withdrawn(program):
            return 0.0
        try:
            fetch.fetch(program, self._tools, self._work.show_progress)
        except RefusedError as error:
            check.tell_refusal(program, self._tools, fetch.STEP, error, program.target)
            raise
        finally:
            self._work.progress = None
        self._tools.journal.accepted(program.product, fetch.STEP)
        self._move(program, Event.FETCHED, f"{name_of(program)} is here and is the vendor's.")
        return 0.0

    def _staged(self, program: Program) -> float:
        target = program.wanted()
        try:
            build.build_fetched(target, program.current, self._tools)
        except build.DeltaUnfitError as error:
            note = f"The full pack of {name_of(program)} comes, for its delta is unfit: {error}"
            self._move(program, Event.LOST, note)
            return 0.0
        except FileNotFoundError:
            self._move(program, Event.LOST, f"{name_of(program)} is fetched again.")
            return 0.0
        except RefusedError as error:
            reason = f"{name_of(program)} cannot be installed: {error}"
            self._move(
                program,
                Event.UNFIT,
                reason,
                receipt=self._tools.receipt("failed", program, reason),
                bad=program.wanted_release(),
            )
            return 0.0
        self._move(program, Event.BUILT, f"{name_of(program)} is built and was hashed again.")
        fetch.forget(self._tools.folder)
        return 0.0

    def _waiting(self, program: Program) -> float:
        if self._withdrawn(program):
            return 0.0
        if (pause := self._not_before - self._tools.clock.monotonic()) > 0:
            return pause
        turn, reached = check.turn_at_switch(program, self._tools)
        snapshots.check_room(program, self._tools)
        free, why = self._gate.look(program, turn, at_once=self._work.at_once)
        if free:  # drained: now it takes its place among those that switch at the same time
            free, why = check.ask_for_turn(program, self._tools, "switch")
        if not free:
            self._note(program, why)
            return self._tools.settings.every.gate
        generation = pointer.next_generation(self._tools.folder.root, program.generation)
        note = f"{name_of(program)} is switched on."
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
        self._move(program, Event.SWITCHED, f"{name_of(program)} is on probation.")
        return 0.0

    def _in_probation(self, program: Program) -> float:
        if self._probation is None or self._probation.generation != program.generation:
            self._probation = Probation(program, self._tools)
        outcome = self._probation.look()
        if outcome.verdict is Verdict.WAIT:
            return self._tools.settings.every.probe
        self._probation = None
        if outcome.verdict is Verdict.UNDONE:
            pause = self._tools.settings.every.retry_most
            self._not_before = self._tools.clock.monotonic() + pause
            note = f"{name_of(program)} waits again. {outcome.reason} It is tried again by itself."
            self._move(program, Event.UNDONE, note)
            return 0.0
        if outcome.verdict is Verdict.KEEP:
            note = f"{name_of(program)} is well and stays."
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
        reason = f"{name_of(program)} was rolled back, {back}. {outcome.reason}"
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
        if not self._looks.due():
            return False
        self._looks.begun()
        try:
            found = check.look(program, self._tools)
        except CallsteadError as error:  # the target was checked; it stays until better is known
            log.info("program.not_looked", product=program.product, error=str(error))
            return False
        if found.target and found.target.digest == program.wanted().digest:
            return False
        self._looks.hint()
        self._move(program, Event.WITHDRAWN, found.sentence, target=None)
        return True
