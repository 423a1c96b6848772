"""A SIGKILL at each fsync of the communications server, and of the home, through a small story.

strace delivers the signal when the call is entered, so that what it should have made durable is
not. SQLite calls fdatasync and Python fsync; strace counts each thread's own calls, hence one
series for each call and, for threads that come second, one on a site that has its database.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.logs import get_logger
from tests.support.two_ends import TwoEnds, assert_nothing_lost_or_doubled, event, post
from tests.support.waiting import until

log = get_logger(__name__)
_OTHER = {"comm": "home", "home": "comm"}


def ground(folder: Path, *, used: bool) -> TwoEnds:
    """What every run begins with: a new site, or one that has told the vendor something."""
    ends = TwoEnds(folder).make()
    if used:
        try:
            for name in ("home", "comm"):
                ends.start(name)
            for name in ("home", "comm"):
                ends.well(name)
            tell(ends, "comm", 1)
            for name in ("comm", "home"):
                assert ends.stop(name) == 0
        finally:
            ends.close()
    return ends


def tell(ends: TwoEnds, victim: str, number: int) -> set[str]:
    """The story: two reports of one new problem and one of another arrive, whoever dies.

    ``victim`` is started again when it is found dead.
    """

    def revived(done: bool) -> bool:
        if not ends.running(victim):
            ends.start(victim)
        return done

    until(lambda: revived(ends.healthy(victim)), 120, victim, ends.told)
    dsn = ends.dsn()
    names = [f"{number:016x}{one:016x}" for one in range(3)]
    for one, name in enumerate(names):
        report = event(one % 2 + 10 * number, name)
        until(lambda r=report: revived(post(ends, dsn, r)), 120, "an answer", ends.told)
    until(lambda: revived(ends.delivered() and set(names) <= set(ends.at_the_vendor())), 180,
          "the reports at the vendor", ends.told)  # fmt: skip
    return set(names)


def killed_at(ends: TwoEnds, victim: str, call: str, number: int) -> bool:
    """One run with a kill at the ``number``-th ``call``; False when there was none so late."""
    before = set(ends.at_the_vendor())
    try:
        ends.start(_OTHER[victim])
        traced = ends.start(
            victim, "strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:signal=SIGKILL:when={number}",
        )  # fmt: skip
        ends.well(_OTHER[victim])
        names = tell(ends, victim, number + 1) | before
        lived = ends.running(victim) and ends.processes[victim].pid == traced
        if lived:
            lived = ends.stop(victim) == 0
        assert_nothing_lost_or_doubled(ends, names, names)
        return not lived
    finally:
        ends.close()


def series(folder: Path, victim: str, call: str, numbers: range, *, used: bool) -> int:
    """Kill at each of ``numbers``, each time on a fresh copy; how many kills there were."""
    first = ground(folder / "ground", used=used)
    kills = 0
    for number in numbers:
        ends = first.copy(folder / f"killed-{number}")
        if not killed_at(ends, victim, call, number):
            break
        kills += 1
        shutil.rmtree(ends.folder)
    return kills


@pytest.mark.parametrize(("victim", "numbers"), [("comm", range(6, 7)), ("home", range(2, 3))])
def test_killed_at_one_of_sqlites_fsyncs_everything_arrives_once(tmp_path, victim, numbers):
    assert series(tmp_path, victim, "fdatasync", numbers, used=True) == len(numbers)


SERIES = [
    (victim, call, used)
    for victim in ("comm", "home")
    for call, used in (("fdatasync", True), ("fdatasync", False), ("fsync", False))
]


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("victim", "call", "used"), SERIES)
def test_killed_at_every_fsync_everything_arrives_once(tmp_path, victim, call, used):
    kills = series(tmp_path, victim, call, range(1, 10_000), used=used)
    log.info("drill.kills", victim=victim, call=call, used=used, kills=kills)
    assert kills > 3
