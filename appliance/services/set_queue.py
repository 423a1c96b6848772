"""Makes or changes a queue, as an administrator wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from appliance.domain.queue import Queue
from appliance.domain.refusals import InvalidError
from appliance.domain.work import Work


@dataclass(frozen=True)
class QueueForms:
    """A queue as JSON and back; ``from_form`` takes id, name and form."""

    to_form: Callable[[Queue], dict[str, Any]]
    from_form: Callable[[int, str, Mapping[str, Any]], Queue]


def set_queue(
    work: Work,
    forms: QueueForms,
    queue: int | None,
    name: str | None,
    form: Mapping[str, Any],
) -> Queue:
    """Keep ``queue`` with what ``form`` changes, or a new one.

    Raises:
        UnknownError: there is no such queue, or no such queue to overflow into.
        ValueError: the form means nothing, another queue has the name, or queues would hand on in
            a circle.
    """
    before = Queue(0, name or "") if queue is None else work.queue(queue)
    known = forms.to_form(before)
    strange = sorted(set(form) - set(known))
    if strange:
        raise InvalidError("queue-field", field=strange[0], known=sorted(known))
    try:
        wanted = forms.from_form(before.id, name or before.name, {**known, **form})
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidError("queue-form", what=str(error)) from error
    if any(one.name == wanted.name and one.id != wanted.id for one in work.queues().values()):
        raise InvalidError("queue-taken", name=wanted.name)
    _no_circle(work, wanted)
    kept = work.save_queue(wanted)
    if kept.hours != before.hours:
        _wait_for_opening(work, kept)
    work.tell("queue.set", who="system", queue=kept.id, data=told(kept))
    return kept


def told(queue: Queue) -> dict[str, object]:
    """What the event of a queue tells: its target too, by which reports count from then on."""
    return {"name": queue.name, "target": vars(queue.target)}


def _no_circle(work: Work, wanted: Queue) -> None:
    """What overflows must come to an end."""
    seen, queue = {wanted.id} if wanted.id else set(), wanted
    if wanted.closed_to is not None:
        work.queue(wanted.closed_to)
    while queue.overflow is not None:
        queue = work.queue(queue.overflow.to)
        if queue.id in seen:
            raise InvalidError("queue-circle", queue=wanted.name)
        seen.add(queue.id)


def _wait_for_opening(work: Work, queue: Queue) -> None:
    """What was left out of hours waits for the opening that holds now; a call has its own time."""
    for one in work.waiting(queue.id):
        if one.not_before is None or one.not_before <= work.now:
            continue
        if work.calls.of(one.id) is None:
            work.save(replace(one, not_before=queue.hours.next_opening(work.now)))
