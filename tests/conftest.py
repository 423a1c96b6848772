"""For every test: how long it may take and how often it is tried, and what a skip must say."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow; that is no finding about what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_ON_BUILD_SERVER = os.environ.get("CI", "").lower() in {"1", "true"}
_NO_REASON = {"", "unconditional skip"}
_TESTS = Path(__file__).parent
_PARALLEL_FOLDERS = {"architecture", "unit", "contract", "web"}
# Whole processes among the unit tests.
_SLOW = {
    "test_companion_program.py",
    "test_killed_updater.py",
    "test_kills.py",
    "test_launcher_processes.py",
    "test_one_port.py",
    "test_self_update.py",
    "test_sent_back_processes.py",
    "test_snapshot_processes.py",
    "test_whole.py",
}

# Each takes from half a minute to three; begun last, one worker would idle beside it.
_LONGEST = (
    "test_story.py",
    "test_nothing_hinders.py",
    "test_desk.py",
    "test_widget.py",
    "test_supervisors_desk.py",
)


def _judge_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure where it is not allowed."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = text.removeprefix("Skipped:").strip()
    if reason in _NO_REASON:
        report.outcome = "failed"
        report.longrepr = "This skip gives no reason. Say what is missing on this machine."
    elif _ON_BUILD_SERVER:
        report.outcome = "failed"
        report.longrepr = f"In CI nothing skips, but this test wanted to: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the skips of tests and fixtures."""
    report = yield
    _judge_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skips of whole modules."""
    report = yield
    _judge_skip(report)
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow ones, which run after the others: whole sites, kills at every touch of the
    disk.

    Whatever runs gets a second try, because a machine that is busy elsewhere can make a process
    or a thread late. Who needed it is named at the end of the run, to be looked at.
    """
    for item in items:
        folder = item.path.relative_to(_TESTS).parts[0]
        by_name = item.path.name in _SLOW or "killed_at_every_touch" in item.name
        if folder not in _PARALLEL_FOLDERS or by_name:
            item.add_marker(pytest.mark.slow)
        if folder != "architecture":
            item.add_marker(pytest.mark.flaky(reruns=1))
    _longest_first(items)


def _longest_first(items: list[pytest.Item]) -> None:
    """Files whole, as `--dist loadfile` hands them out: the longest, then those of many tests."""
    size = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        name = item.path.name
        rank = _LONGEST.index(name) if name in _LONGEST else len(_LONGEST)
        return rank, -size[item.path], str(item.path)

    items.sort(key=place)
