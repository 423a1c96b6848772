"""What time and change do by themselves on the floor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import TypeVar

from appliance.domain.routing import DECLINE_PAUSE
from appliance.domain.work import Floor, Work
from appliance.services.answer_offer import expire_offers, forget_refusals, refused_long_ago
from appliance.services.offer_waiting import can_offer, offer_waiting
from appliance.services.snooze import due_to_wake, wake_due
from appliance.services.talk import close_overdue, overflow, overflowing
from appliance.services.tell_update import tell_update

T = TypeVar("T")


def keep_moving(floor: Floor, updating: bool, decline_pause: float = DECLINE_PAUSE) -> bool:
    """Each second: end what is over, move on what has waited too long, offer what can be.

    It looks beside the writer first, whose place it takes only when something is due; what is due
    is judged again there.

    Args:
        floor: the core.
        updating: whether desks are told that an update waits for this program; so is the answer.
        decline_pause: seconds for which who declined a conversation is not asked about it again.
    """
    pause = timedelta(seconds=decline_pause)
    if not floor.read(lambda work: _anything_due(work, pause) or work.drained != updating):
        return updating

    def job(work: Work) -> bool:
        _move(work, pause)
        return tell_update(work, updating)

    return floor.write(job)


def _anything_due(work: Work, pause: timedelta) -> bool:
    return work.stirs() and bool(
        work.ringing_until(work.now) or work.wrapping_until(work.now) or overflowing(work)
        or due_to_wake(work) or refused_long_ago(work, pause) or can_offer(work)
    )  # fmt: skip


def _move(work: Work, pause: timedelta) -> None:
    expire_offers(work)
    forget_refusals(work, pause)
    close_overdue(work)
    overflow(work)
    wake_due(work)
    offer_waiting(work)


def change(floor: Floor, job: Callable[[Work], T]) -> T:
    """Run ``job`` and, if it moved anybody, look at the queues in the same transaction.

    Answers what ``job`` answered, after the commit.
    """
    return floor.write(_then_offer(job))


def change_soon(floor: Floor, job: Callable[[Work], T], *, short: bool = False) -> Future[T]:
    """As `change`, without waiting for the commit; see `Floor.submit`. Raises BusyError."""
    return floor.submit(_then_offer(job), short=short)


def _then_offer(job: Callable[[Work], T]) -> Callable[[Work], T]:
    def both(work: Work) -> T:
        result = job(work)
        if work.moved:  # most of what is done is talk, which frees nobody
            offer_waiting(work)
        return result

    return both
