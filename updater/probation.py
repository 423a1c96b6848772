"""The step of ``probation``: is the new release well, and does it stay well?"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from common.errors import CallsteadError
from common.wire.release import Health
from updater import pointer
from updater.health import HealthCheck, checks_of
from updater.journal import Program
from updater.launcher import read_pointer, tail
from updater.running import last_end, outcome_of, read_running
from updater.tools import Tools


class Verdict(enum.Enum):
    """What follows from all that was seen so far."""

    WAIT = "wait"
    KEEP = "keep"
    GIVE_UP = "give up"
    UNDONE = "undone"


class Watch:
    """The rules of one probation, without any I/O.

    The release must become healthy ``within`` seconds of its first start and then stay so, as one
    process, for ``steady`` seconds. Once that time is over the first problem ends it. While
    something outside of it is missing that was there before, it is not kept; and given up only
    when ``outside_patience`` seconds more are over.

    Args:
        health: as the release's manifest says.
        begun: when the watch began; seconds of any clock that only goes forward.
        patience: seconds until the launcher must have started it.
        outside_patience: seconds more for what is not the release's own.
    """

    def __init__(
        self, health: Health, begun: float, patience: float, outside_patience: float = 0.0
    ) -> None:
        self._outside_patience = outside_patience
        self._health = health
        self._deadline = begun + patience + health.within
        self._started = False
        self._pid: int | None = None
        self._well_since: float | None = None

    def look(
        self, at: float, pid: int | None, problem: str, outside: str = ""
    ) -> tuple[Verdict, str]:
        """Take in one observation.

        Args:
            at: now, by the same clock as ``begun``.
            pid: the release's process, None when it does not run.
            problem: empty when it is healthy.
            outside: what is missing outside of it, empty when nothing is.
        """
        if pid is None:
            problem = problem or "It does not run."
        elif not self._started:
            self._started = True
            self._deadline = at + self._health.within
        if self._pid is not None and pid is not None and pid != self._pid:
            self._well_since = None
            if at > self._deadline:
                problem = problem or "It ended and had to be started again."
        self._pid = pid if pid is not None else self._pid
        if problem:
            self._well_since = None
            return (Verdict.GIVE_UP if at > self._deadline else Verdict.WAIT), problem
        if self._well_since is None:
            self._well_since = at
        if outside:
            over = at > self._deadline + self._outside_patience
            return (Verdict.GIVE_UP if over else Verdict.WAIT), outside
        if at - self._well_since >= self._health.steady:
            return Verdict.KEEP, ""
        return Verdict.WAIT, ""


@dataclass(frozen=True)
class Outcome:
    """How a probation stands: the reason is a sentence; the tail is what the program printed."""

    verdict: Verdict
    reason: str = ""
    log_tail: tuple[str, ...] = ()


class Probation:
    """Watches one generation; made anew when the updater was started again."""

    def __init__(self, program: Program, tools: Tools) -> None:
        manifest = program.wanted()
        limits = tools.settings.programs
        self.generation = program.generation
        self._tools = tools
        self._digest = manifest.digest
        self._health = manifest.health
        self._reached = program.reached
        self._checks: list[HealthCheck] = checks_of(
            manifest,
            tools.folder.root,
            program.port,
            timeout=tools.settings.network.program,
            check_seconds=limits.check_seconds,
        )
        self._checks += tools.extra_checks
        patience = limits.stop_seconds + limits.start_patience
        patience += limits.hook_seconds if manifest.data.hook else 0.0
        self._watch = Watch(
            manifest.health, tools.clock.monotonic(), patience, limits.server_patience
        )

    def look(self) -> Outcome:
        """Look once. With `Verdict.KEEP` the pointer has already lost its trial mark."""
        folder = self._tools.folder.root
        now = read_pointer(folder)
        if now is None or now.generation != self.generation:
            return self._given_up_by_launcher()
        if not now.trial:  # we were killed after the act and before its commit
            return Outcome(Verdict.KEEP)
        verdict, problem = self._watch.look(self._tools.clock.monotonic(), *self._see())
        if verdict is Verdict.KEEP:
            if pointer.end_trial(folder, self.generation):
                return Outcome(Verdict.KEEP)
            return self._given_up_by_launcher()
        if verdict is Verdict.GIVE_UP:
            ended = last_end(folder, self.generation)
            reason = f"It was not healthy within {self._health.within:g} s: {problem}"
            return Outcome(
                verdict, f"{reason} Its last start {ended}." if ended else reason, self._tail()
            )
        return Outcome(verdict, problem)

    def _see(self) -> tuple[int | None, str, str]:
        running = read_running(self._tools.folder.root)
        if running is None:
            return None, "", ""
        if (running.generation, running.slot) != (self.generation, self._digest):
            return None, "The old release is still being stopped.", ""
        for check in self._checks:
            if problem := check.problem(running):
                return running.pid, problem, ""
        return running.pid, "", self._missing_outside()

    def _missing_outside(self) -> str:
        """What was there before the switch and is not there now."""
        if self._reached:
            try:
                self._tools.comm.healthz()
            except CallsteadError as error:
                return f"Since the switch the communications server is not reached: {error}"
        return ""

    def _given_up_by_launcher(self) -> Outcome:
        outcome = outcome_of(self._tools.folder.root, self.generation)
        if outcome is None:
            return Outcome(
                Verdict.GIVE_UP, "The pointer to it was replaced by somebody else.", self._tail()
            )
        lines = outcome.get("log_tail")
        if outcome.get("started") is False:
            return Outcome(Verdict.UNDONE, f"It was not started: {outcome.get('reason')}.")
        return Outcome(
            Verdict.GIVE_UP,
            f"It could not be kept running: its last start {outcome.get('reason')}.",
            tuple(str(line) for line in lines) if isinstance(lines, list) else (),
        )

    def _tail(self) -> tuple[str, ...]:
        return tuple(
            tail(self._tools.folder.log, f"starting generation {self.generation}, attempt 1:")
        )
