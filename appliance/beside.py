"""What a process does beside answering: by its roles, and from the moment the port is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from appliance.ops.turn import Turn
from appliance.process_roles import ProcessRole, Roles
from common.jobs import Jobs


@dataclass(frozen=True)
class Job:
    """Something done again and again.

    Attributes:
        seconds: from one time to the next.
        work: does what is due; a run that was missed is found due at the next.
        role: whose it is; None: every process does it. What belongs to the worker is done by one
            process alone, however many there are.
    """

    seconds: float
    work: Callable[[], object]
    role: ProcessRole | None = None


class Beside:
    """Starts and ends the jobs of a process.

    Args:
        roles: of this process.
        jobs: of all roles.
        turn: whether this process is the worker of the moment.
    """

    def __init__(self, roles: Roles, jobs: Iterable[Job], turn: Turn) -> None:
        self._turn = turn
        self._jobs = Jobs()
        for job in jobs:
            if job.role is None:
                self._jobs.every(job.seconds, job.work, at_once=True)
            elif job.role in roles:
                mine = self._in_turn(job.work) if job.role is ProcessRole.WORKER else job.work
                self._jobs.every(job.seconds, mine)

    def start(self) -> None:
        """Begin."""
        self._jobs.start()

    def stop(self) -> None:
        """End after the runs at hand, and let another worker go on at once."""
        self._jobs.stop()
        self._turn.give_back()

    def _in_turn(self, work: Callable[[], object]) -> Callable[[], None]:
        def when_mine() -> None:
            if self._turn.mine():
                work()

        return when_mine
