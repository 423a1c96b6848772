from __future__ import annotations

import threading

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
