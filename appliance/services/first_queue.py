"""A new call centre has one queue, so that its first visitor has somewhere to wait."""

from __future__ import annotations

from appliance.domain.queue import Queue
from appliance.domain.work import Work
from appliance.services.set_queue import told

NAME = "Reception"


def first_queue(work: Work) -> None:
    """Make it when there is none yet."""
    if not work.queues():
        kept = work.save_queue(Queue(0, NAME))
        work.tell("queue.set", who="system", queue=kept.id, data=told(kept))
