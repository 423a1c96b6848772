"""Hands the ring's lines to the communications server, each exactly once.

The lines have numbers; the server remembers the highest one that it committed and answers with
it. What it already has is not kept twice, so a lost answer costs only a repetition.
"""

from __future__ import annotations

from common.clock import Clock, stamp
from common.logs import get_logger
from updater.comm import AnswerError, Comm
from updater.logtail.ring import Ring, Waiting

log = get_logger(__name__)
_MOST_LINES = 500
_MOST_BYTES = 512 * 1024
# The server looked at the batch and will say the same tomorrow.
_FINAL = frozenset({400, 403, 409, 413, 422})


def send_lines(ring: Ring, comm: Comm, clock: Clock) -> int:
    """Send what waits, oldest first; how many lines were handed over.

    Raises:
        NetworkError, RemoteError: nothing is lost; call again later.
    """
    handed, most = 0, _MOST_LINES
    while (batch := ring.waiting(most, _MOST_BYTES)).rows:
        try:
            accepted = comm.send_logs(_message(batch, clock))
        except AnswerError as error:
            if error.status not in _FINAL or error.kind in {"", "stranger"}:
                raise
            if len(batch.rows) > 1:  # one of them spoils the others: find it
                most = len(batch.rows) // 2
                continue
            log.warning("logtail.line_rejected", seq=batch.rows[0]["seq"], error=str(error))
            ring.set_aside(batch.rows[0]["seq"])
            most = _MOST_LINES
            continue
        ring.sent(batch.ring, accepted, batch.lost)
        if accepted < batch.rows[-1]["seq"]:
            break  # it took less than it was given; not again in the same breath
        handed += len(batch.rows)
    return handed


def _message(batch: Waiting, clock: Clock) -> dict[str, object]:
    return {
        "ring": batch.ring,
        "now": stamp(clock.now()),
        "lost": batch.lost,
        "lines": [{**row, "error": bool(row["error"])} for row in batch.rows],
    }
