"""What webhooks are to be told next; read beside the writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session

from appliance.domain.webhooks import Parcel, Round, Told, Webhook, wants
from appliance.store.account_models import DeliveryRow, WebhookRow
from appliance.store.floor_models import EventRow
from appliance.store.models import Stamp
from appliance.store.quick import Line, Quick
from appliance.store.webhook_rows import hook_of
from common.clock import stamp

_LOOKED_AT = 500  # events, for those that a hook wants to hear of


def _busy() -> Quick:
    """Asked every other second, hooks or none."""
    newest = select(func.max(EventRow.id)).scalar_subquery()
    due = select(DeliveryRow.webhook).where(DeliveryRow.due_at <= bindparam("now", type_=Stamp))
    found = or_(WebhookRow.cursor < newest, WebhookRow.id.in_(due))
    query = select(WebhookRow.id).where(WebhookRow.active, found)
    return Quick(query.order_by(WebhookRow.created_at, WebhookRow.id), writes=False)


_BUSY = _busy()


def busy_hooks(line: Line, now: datetime) -> list[str]:
    """Active ones for which there may be something to tell."""
    return [id_ for (id_,) in _BUSY.rows(line, {"now": now})]


def round_for(session: Session, row: WebhookRow, secret: Callable[[], str], most: int, now: datetime
              ) -> Round | None:  # fmt: skip
    """What is due for a hook, ``most`` events or so; None: nothing."""
    hook, mine = hook_of(row), DeliveryRow.webhook == row.id
    most = max(most, hook.batch_size)
    alone = _tried(session, [mine, _due(now), DeliveryRow.in_line.is_(False)], most)
    held = _tried(
        session, [mine, DeliveryRow.due_at.is_not(None), DeliveryRow.in_line.is_(True)], most
    )
    line, looked = [told for _due_at, told in held], hook.cursor
    if not held:
        line, looked = _new(session, hook, most)
    elif held[0][0] is None or held[0][0] > now:
        line = []
    parcels = [Parcel((told,), in_line=False) for _due_at, told in alone]
    size = hook.batch_size
    parcels += [
        Parcel(tuple(line[first : first + size]), in_line=True)
        for first in range(0, len(line), size)
    ]
    if not parcels and looked == hook.cursor:
        return None
    return Round(hook, secret(), hook.cursor, looked, tuple(parcels))


def _due(now: datetime) -> ColumnElement[bool]:
    return DeliveryRow.due_at <= now


def _tried(
    session: Session, which: Iterable[ColumnElement[bool]], most: int
) -> list[tuple[datetime | None, Told]]:
    """Deliveries of the log, by the moment at which they are due; oldest first."""
    query = (
        select(DeliveryRow, EventRow)
        .join(EventRow, EventRow.id == DeliveryRow.event)
        .where(*which)
        .order_by(DeliveryRow.id)
        .limit(most)
    )
    return [
        (row.due_at, replace(_told(event), delivery=row.id, attempts=row.attempts))
        for row, event in session.execute(query)
    ]


def _new(session: Session, hook: Webhook, most: int) -> tuple[list[Told], int]:
    """Events behind the cursor that the hook wants, and how far was looked for them."""
    found = session.execute(
        select(EventRow.id, EventRow.kind)
        .where(EventRow.id > hook.cursor)
        .order_by(EventRow.id)
        .limit(_LOOKED_AT)
    ).all()
    wanted = [event for event, kind in found if wants(hook.kinds, kind)]
    if not wanted:
        return [], found[-1].id if found else hook.cursor
    looked = wanted[most - 1] if len(wanted) >= most else found[-1].id
    query = select(EventRow).where(EventRow.id.in_(wanted[:most])).order_by(EventRow.id)
    return [_told(event) for event in session.scalars(query)], looked


def _told(event: EventRow) -> Told:
    content = {
        "type": event.kind,
        "timestamp": stamp(event.at),
        "data": {
            "event": event.id, "who": event.who, "conversation": event.conversation,
            "agent": event.agent, "queue": event.queue, **event.data,
        },
    }  # fmt: skip
    return Told(event.id, event.kind, content)
