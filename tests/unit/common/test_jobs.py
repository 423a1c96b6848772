from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from common.errors import NetworkError
from common.jobs import Jobs, told


@pytest.mark.parametrize(
    ("error", "event"), [(NetworkError("away"), "job.not_done"), (ValueError("bug"), "job.failed")]
)
def test_a_job_that_fails_is_told_and_ends_nothing(error, event):
    with capture_logs() as lines, told():
        raise error
    assert [line["event"] for line in lines] == [event]


def test_a_job_runs_at_once_and_again_although_it_failed():
    runs = threading.Semaphore(0)

    def work():
        runs.release()
        raise NetworkError("away")

    jobs = Jobs()
    jobs.every(0.05, work, at_once=True)
    jobs.start()
    try:
        assert runs.acquire(timeout=10)
        assert runs.acquire(timeout=10)
    finally:
        jobs.stop()


def test_jobs_of_one_period_do_not_begin_at_one_moment():
    jobs, before = Jobs(), datetime.now(UTC)
    for _ in range(8):
        jobs.every(1, print)
        jobs.every(10, print, at_once=True)
    moments = [one.next_run_time for one in jobs._scheduler.get_jobs()]
    took = datetime.now(UTC) - before
    for first, moment in enumerate(moments):
        parts = [(moment - other).total_seconds() % 1 for other in moments[:first]]
        assert all(0.02 < part < 0.98 for part in parts)
    late = timedelta(seconds=2) + took
    assert all(timedelta() <= moment - before <= late for moment in moments)
