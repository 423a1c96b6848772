"""When a release on probation is kept and when it is given up; time is a list of numbers."""

from __future__ import annotations

import pytest

from common.wire.release import Health
from updater.probation import Verdict, Watch

# Healthy within 10 s of its first start, then steady for 3 s; the launcher has 40 s to start it.
HEALTH = Health("/healthz", within=10, steady=3)
WELL, ILL = "", "did not answer"

CASES = [
    ("well at once", [(1, 7, WELL), (3.9, 7, WELL)], Verdict.WAIT),
    ("well and steady", [(1, 7, WELL), (4, 7, WELL)], Verdict.KEEP),
    ("slow to become well", [(0, 7, ILL), (9, 7, WELL), (12, 7, WELL)], Verdict.KEEP),
    ("still ill at the end", [(0, 7, ILL), (10, 7, ILL)], Verdict.WAIT),
    ("ill after the end", [(0, 7, ILL), (10.1, 7, ILL)], Verdict.GIVE_UP),
    ("the time begins with the first start", [(30, 7, ILL), (39, 7, ILL)], Verdict.WAIT),
    ("never started", [(0, None, WELL), (50, None, WELL)], Verdict.WAIT),
    ("never started in time", [(0, None, WELL), (50.1, None, WELL)], Verdict.GIVE_UP),
    ("one bad look begins the steady time anew", [(0, 7, WELL), (2, 7, ILL), (4, 7, WELL)],
     Verdict.WAIT),
    ("flapping ends with the time", [(0, 7, WELL), (2, 7, ILL), (9, 7, WELL), (11, 7, ILL)],
     Verdict.GIVE_UP),
    ("started again: steady anew", [(0, 7, WELL), (2.9, 8, WELL), (4, 8, WELL)], Verdict.WAIT),
    ("started again and steady", [(0, 7, WELL), (2, 8, WELL), (5, 8, WELL)], Verdict.KEEP),
    ("started again too late", [(0, 7, WELL), (1, 7, ILL), (9.9, 7, WELL), (10.5, 8, WELL)],
     Verdict.GIVE_UP),
    ("gone in the steady time, after the end", [(0, 7, ILL), (9, 7, WELL), (11, None, WELL)],
     Verdict.GIVE_UP),
]  # fmt: skip


@pytest.mark.parametrize(("looks", "verdict"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_verdict_follows_from_what_was_seen(looks, verdict):
    watch = Watch(HEALTH, begun=0, patience=40)
    seen = [watch.look(*look)[0] for look in looks]
    assert seen[-1] is verdict
    assert all(v is Verdict.WAIT for v in seen[:-1])


def test_the_reason_is_the_last_problem():
    watch = Watch(HEALTH, begun=0, patience=40)
    watch.look(0, 7, "first")
    assert watch.look(11, 7, "last") == (Verdict.GIVE_UP, "last")
