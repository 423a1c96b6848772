"""What time and change do by themselves on the floor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from appliance.domain.work import Floor, Work
from appliance.services.answer_offer import expire_offers
from appliance.services.offer_waiting import offer_waiting
from appliance.services.snooze import wake_due
from appliance.services.talk import close_overdue, overflow

T = TypeVar("T")


def tick(work: Work) -> None:
    """Each second: end what is over, move on what has waited too long, offer what can be."""
    expire_offers(work)
    close_overdue(work)
    overflow(work)
    wake_due(work)
    offer_waiting(work)


def change(floor: Floor, job: Callable[[Work], T]) -> T:
    """Run ``job`` and, if it moved anybody, look at the queues in the same transaction.

    Answers what ``job`` answered, after the commit.
    """
    return floor.write(_then_offer(job))


def change_soon(floor: Floor, job: Callable[[Work], T]) -> Future[T]:
    """As `change`, without waiting for the commit. Raises BusyError."""
    return floor.submit(_then_offer(job))


def _then_offer(job: Callable[[Work], T]) -> Callable[[Work], T]:
    def both(work: Work) -> T:
        result = job(work)
        if work.moved:  # most of what is done is talk, which frees nobody
            offer_waiting(work)
        return result

    return both
