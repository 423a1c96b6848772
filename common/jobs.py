"""What a program does by itself, by time.

There is no persistent job store: every job reads from its database what is due, so that a run
that was missed while the program was down is found due at the next start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from common.errors import CallsteadError
from common.logs import get_logger

log = get_logger(__name__)

_GOLDEN = 0.618034  # its multiples lie far from each other in the circle, however many there are


class Jobs:
    """APScheduler with our rules: one run of a job at a time, missed runs become one."""

    def __init__(self) -> None:
        self._count = 0
        self._scheduler = BackgroundScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def every(
        self,
        seconds: float,
        work: Callable[[], object],
        *,
        jitter: float = 0,
        at_once: bool = False,
    ) -> None:
        """Call ``work`` every ``seconds``, plus or minus ``jitter``.

        First after ``seconds``, or now if ``at_once``; and up to a second later, each job at
        another moment of the second, so that they do not all begin together, again and again.
        """
        self._count += 1
        first = (0.0 if at_once else seconds) + self._count * _GOLDEN % 1.0 * min(seconds, 1.0)
        self._scheduler.add_job(
            _guarded, "interval", [work], seconds=seconds, jitter=jitter or None,
            next_run_time=datetime.now(UTC) + timedelta(seconds=first),
        )  # fmt: skip

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """End after the runs at hand."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """A job that fails is told, and tried again at its next time."""
    try:
        yield
    except CallsteadError as error:
        log.warning("job.not_done", reason=str(error))
    except Exception:
        log.exception("job.failed")


def _guarded(work: Callable[[], object]) -> None:
    with told():
        work()
