"""Receipts: what became of a release here, signed by this client, told until it is heard."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from common.clock import Clock, stamp
from common.errors import CallsteadError
from common.logs import get_logger
from common.wire.signing import sign
from updater.comm import AnswerError, Comm
from updater.identity import Identity
from updater.journal import Journal, Receipt
from updater.way import Way

log = get_logger(__name__)
_BATCH = 50
# The server looked at a receipt and will say the same tomorrow.
_FINAL = frozenset({400, 403, 409, 413, 422})


class ReceiptMaker:
    """Makes signed receipts; queuing them is part of the journal's transaction."""

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self._client = identity.client
        self._key = identity.key()
        self._clock = clock

    def make(
        self,
        outcome: str,
        product: str,
        version: str,
        digest: str,
        reason: str,
        *,
        from_version: str | None = None,
        log_tail: Sequence[str] = (),
        way: Way | None = None,
    ) -> Receipt:
        """A receipt with ``outcome`` committed, rolled_back, failed or refused."""
        identifier = str(uuid.uuid4())
        statement: dict[str, Any] = {
            "id": identifier,
            "client": self._client,
            "product": product,
            "version": version,
            "digest": digest,
            "outcome": outcome,
            "reason": reason,
            "from_version": from_version,
            "at": stamp(self._clock.now()),
            "log_tail": list(log_tail),
        }
        if way and way.by:
            statement["way"] = {"by": way.by, "bytes": way.bytes, "delta_refused": way.refused}
        return Receipt(identifier, sign(statement, self._key))


def send_waiting(journal: Journal, comm: Comm) -> int:
    """Send what waits, oldest first; how many were taken.

    Raises:
        NetworkError, RemoteError: nothing is lost; call again later.
    """
    taken = 0
    while waiting := journal.unsent(_BATCH):
        accepted = _send(journal, comm, waiting)
        if accepted == 0:
            break
        taken += accepted
    return taken


def _send(journal: Journal, comm: Comm, batch: list[Receipt]) -> int:
    ids = {receipt.id for receipt in batch}
    try:
        accepted = [one for one in comm.send_receipts([r.signed for r in batch]) if one in ids]
    except AnswerError as error:
        if error.status not in _FINAL or error.kind in {"", "stranger"}:
            raise
        if len(batch) > 1:  # one of them spoils the others: find it
            return sum(_send(journal, comm, [receipt]) for receipt in batch)
        _set_aside(journal, batch[0], error)
        return 1
    journal.sent(accepted)
    return len(accepted)


def _set_aside(journal: Journal, receipt: Receipt, error: CallsteadError) -> None:
    log.error("receipt.rejected", receipt=receipt.id, error=str(error))
    journal.sent([receipt.id], rejected=str(error))
