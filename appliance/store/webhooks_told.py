"""What became of webhooks' deliveries: the log, the cursor, and the end of a hook nobody hears.

What was told and the cursor are one transaction, for many events at once, after they were told; it
counts only while the cursor is where it was when they were read. So a kill leaves events that are
told, or told twice under the same ids, and never one that is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from appliance.domain.webhooks import Outcome, Round, Told, Webhook, after_failure
from appliance.store.account_models import DeliveryRow, WebhookRow
from appliance.store.webhook_rows import hook_of


def record_round(
    session: Session,
    told: Round,
    outcomes: Sequence[Outcome],
    now: datetime,
    stop_after: timedelta,
) -> Webhook | None:
    """Answers the hook when it was turned off now, because nothing arrived for ``stop_after``."""
    row = session.get(WebhookRow, told.hook.id, with_for_update=True)
    if row is None or row.cursor != told.cursor:
        return None
    _log(session, told, outcomes, now)
    row.cursor = _moved(told, outcomes)
    for outcome in outcomes:
        row.failing_since = (row.failing_since or now) if outcome.trouble else None
    failing = row.failing_since if outcomes else None
    if not row.active or failing is None or now - failing < stop_after:
        return None
    row.active, row.disabled_why = False, outcomes[-1].trouble[:300]
    return hook_of(row)


def _log(session: Session, told: Round, outcomes: Sequence[Outcome], now: datetime) -> None:
    new: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for outcome in outcomes:
        for one, state in _states(outcome, now):
            if one.delivery is None:
                new.append({**state, "webhook": told.hook.id, "event": one.event,
                            "kind": one.kind, "made_at": now})  # fmt: skip
            else:
                known.append({**state, "id": one.delivery})
    if new:
        session.execute(insert(DeliveryRow), new)
    if known:
        session.execute(update(DeliveryRow), known)


def _states(outcome: Outcome, now: datetime) -> Iterable[tuple[Told, dict[str, Any]]]:
    """What the log says of each event of a parcel from now on."""
    for one in outcome.parcel.events:
        attempts = one.attempts + 1
        state: dict[str, Any] = {"answered": outcome.status, "trouble": outcome.trouble[:300]}
        if outcome.trouble:
            after = after_failure(outcome, attempts, now)
            state |= {"attempts": after.attempts, "due_at": after.due_at,
                      "in_line": after.in_line, "done_at": None}  # fmt: skip
        else:
            state |= {"attempts": attempts, "due_at": None, "in_line": False, "done_at": now}
        yield one, state


def _moved(told: Round, outcomes: Sequence[Outcome]) -> int:
    """Where the cursor is after the first ``outcomes`` of a round."""
    if len(outcomes) == len(told.parcels):
        return told.looked
    new = [one.parcel.events[-1].event for one in outcomes if one.parcel.new]
    return new[-1] if new else told.cursor
