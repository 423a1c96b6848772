"""Recordings go when their days are over: those of the queue, or else of the site."""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.domain.audit import Audit
from appliance.domain.work import Floor
from appliance.services.telephony.kept_recordings import Recordings


def forget_recordings(
    floor: Floor, recordings: Recordings, audit: Audit, now: datetime, site_days: int
) -> int:
    """Remove what is due, each on record before it goes; how many. Killed, it is done again."""
    queues = floor.read(lambda work: dict(work.queues()))
    own = {one.id: one.phone.keep_days for one in queues.values() if one.phone.keep_days}
    gone = 0
    shortest = timedelta(days=min([site_days, *own.values()]))
    for one, queue in recordings.kept_before(now - shortest):
        days = site_days if queue is None else own.get(queue, site_days)
        if one.begun_at + timedelta(days=days) > now:
            continue
        about = f"recording {one.id} of conversation {one.conversation} after {days} days"
        audit.record("system", "recording.removed", about)
        recordings.remove(one)
        gone += 1
    recordings.sweep()
    return gone
