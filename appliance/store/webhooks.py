"""Webhooks and their deliveries in the database; implements `appliance.domain.webhooks.Webhooks`.

What was told and the cursor are one transaction, for many events at once, after they were told; it
counts only while the cursor is where it was when they were read. So a kill leaves events that are
told, or told twice under the same ids, and never one that is forgotten.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from appliance.domain.webhooks import (
    PREFIX,
    TEST,
    Delivery,
    Outcome,
    Parcel,
    Round,
    Told,
    Webhook,
    after_failure,
    wants,
)
from appliance.store.account_models import DeliveryRow, WebhookRow
from appliance.store.database import Database
from appliance.store.floor_models import EventRow
from appliance.store.models import Stamp
from appliance.store.quick import Quick
from common.clock import Clock, stamp
from common.vault import Vault

_LOOKED_AT = 500  # events, for those that a hook wants to hear of


class SqlWebhooks:
    """See the interface."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def all(self) -> list[Webhook]:
        """Every hook, oldest first."""
        query = select(WebhookRow).order_by(WebhookRow.created_at, WebhookRow.id)
        with self._database.read() as session:
            return [_hook(row) for row in session.scalars(query)]

    def add(
        self, name: str, url: str, kinds: Sequence[str], batch_size: int = 1
    ) -> tuple[Webhook, str]:
        """A new one, from the newest event on; and its secret."""
        new, secret = secrets.token_hex(8), _secret()
        with self._database.write() as session:
            newest = session.scalar(select(func.max(EventRow.id))) or 0
            row = WebhookRow(
                id=new, name=name, url=url, secret=self._vault.seal(secret, _where(new)),
                kinds=list(kinds), active=True, cursor=newest, created_at=self._clock.now(),
                disabled_why="", batch_size=batch_size,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _hook(row), secret

    def change(self, id: str, decide: Callable[[Webhook], Webhook]) -> Webhook | None:  # noqa: A002
        """Replace what a person may change; turning it on forgets its failures."""
        with self._database.edit() as session:
            row = session.get(WebhookRow, id)
            if row is None:
                return None
            wanted = decide(_hook(row))
            row.name, row.url, row.kinds = wanted.name, wanted.url, list(wanted.kinds)
            row.batch_size = wanted.batch_size
            if wanted.active and not row.active:
                row.failing_since, row.disabled_why = None, ""
            row.active = wanted.active
            return _hook(row)

    def new_secret(self, id: str) -> str | None:  # noqa: A002
        """The old one is worth nothing from now on."""
        secret = _secret()
        with self._database.write() as session:
            row = session.get(WebhookRow, id)
            if row is None:
                return None
            row.secret = self._vault.seal(secret, _where(id))
        return secret

    def remove(self, id: str, check: Callable[[Webhook], None]) -> Webhook | None:  # noqa: A002
        """With its deliveries; ``check`` may raise."""
        with self._database.edit() as session:
            row = session.get(WebhookRow, id)
            if row is None:
                return None
            check(_hook(row))
            session.execute(delete(DeliveryRow).where(DeliveryRow.webhook == id))
            session.delete(row)
            return _hook(row)

    def deliveries(self, id: str, before: int, most: int) -> list[Delivery]:  # noqa: A002
        """The newest below number ``before``, newest first."""
        query = select(DeliveryRow).where(DeliveryRow.webhook == id)
        if before:
            query = query.where(DeliveryRow.id < before)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(DeliveryRow.id.desc()).limit(most))
            return [_delivery(row) for row in rows]

    def send_again(self, id: str, delivery: int) -> Delivery | None:  # noqa: A002
        """It is due now, from the first try on."""
        with self._database.write() as session:
            row = session.get(DeliveryRow, delivery)
            if row is None or row.webhook != id:
                return None
            row.due_at, row.attempts, row.done_at = self._clock.now(), 0, None
            row.in_line = False
            return _delivery(row)

    def test(self, id: str) -> Delivery | None:  # noqa: A002
        """Tell this hook alone an event of its own."""
        now = self._clock.now()
        with self._database.write() as session:
            hook = session.get(WebhookRow, id)
            if hook is None:
                return None
            event = EventRow(at=now, kind=TEST, who="system", data={"webhook": hook.name})
            session.add(event)
            session.flush()
            row = DeliveryRow(
                webhook=id, event=event.id, kind=TEST, made_at=now, due_at=now, attempts=0,
                trouble="", in_line=False,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _delivery(row)

    def busy(self) -> list[str]:
        """Active hooks for which there may be something to tell."""
        with self._database.line() as line:
            return [id_ for (id_,) in _BUSY.rows(line, {"now": self._clock.now()})]

    def next_for(self, id: str, most: int) -> Round | None:  # noqa: A002
        """What is due; read beside the writer."""
        now = self._clock.now()
        with self._database.read() as session:
            row = session.get(WebhookRow, id)
            if row is None or not row.active:
                return None
            hook, mine = _hook(row), DeliveryRow.webhook == id
            most = max(most, hook.batch_size)
            alone = _tried(session, [mine, _due(now), DeliveryRow.in_line.is_(False)], most)
            held = _tried(
                session,
                [mine, DeliveryRow.due_at.is_not(None), DeliveryRow.in_line.is_(True)],
                most,
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
            secret = self._vault.open(row.secret, _where(id))
            return Round(hook, secret, hook.cursor, looked, tuple(parcels))

    def record(
        self, told: Round, outcomes: Sequence[Outcome], stop_after: timedelta
    ) -> Webhook | None:
        """One transaction for all of them."""
        now = self._clock.now()
        new: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        for outcome in outcomes:
            for one, state in _states(outcome, now):
                if one.delivery is None:
                    new.append({**state, "webhook": told.hook.id, "event": one.event,
                                "kind": one.kind, "made_at": now})  # fmt: skip
                else:
                    known.append({**state, "id": one.delivery})
        with self._database.write() as session:
            row = session.get(WebhookRow, told.hook.id, with_for_update=True)
            if row is None or row.cursor != told.cursor:
                return None
            if new:
                session.execute(insert(DeliveryRow), new)
            if known:
                session.execute(update(DeliveryRow), known)
            row.cursor = _moved(told, outcomes)
            for outcome in outcomes:
                row.failing_since = (row.failing_since or now) if outcome.trouble else None
            failing = row.failing_since if outcomes else None
            if not row.active or failing is None or now - failing < stop_after:
                return None
            row.active, row.disabled_why = False, outcomes[-1].trouble[:300]
            return _hook(row)

    def forget(self, before: datetime) -> None:
        """Remove what was made before ``before`` and is not tried any more."""
        with self._database.write() as session:
            session.execute(
                delete(DeliveryRow).where(
                    DeliveryRow.made_at < before, DeliveryRow.due_at.is_(None)
                )
            )


def _busy() -> Quick:
    """Asked every other second, hooks or none."""
    newest = select(func.max(EventRow.id)).scalar_subquery()
    due = select(DeliveryRow.webhook).where(DeliveryRow.due_at <= bindparam("now", type_=Stamp))
    found = or_(WebhookRow.cursor < newest, WebhookRow.id.in_(due))
    query = select(WebhookRow.id).where(WebhookRow.active, found)
    return Quick(query.order_by(WebhookRow.created_at, WebhookRow.id), writes=False)


_BUSY = _busy()


def _secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _where(webhook: str) -> str:
    return f"webhooks/secret/{webhook}"


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


def _hook(row: WebhookRow) -> Webhook:
    return Webhook(
        row.id, row.name, row.url, tuple(row.kinds), row.active, row.cursor, row.created_at,
        row.failing_since, row.disabled_why, row.batch_size,
    )  # fmt: skip


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        row.id, row.webhook, row.event, row.kind, row.made_at, row.due_at, row.attempts,
        row.answered, row.trouble, row.done_at,
    )  # fmt: skip
