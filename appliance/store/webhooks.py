"""Webhooks and their deliveries in the database; implements `appliance.domain.webhooks.Webhooks`.

Deliveries and the cursor that led to them are one transaction; a claim is a conditional update of
the moment at which a delivery is due. So a kill leaves an event that is told, or told twice under
the same id, and never one that is forgotten.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from appliance.domain.webhooks import PREFIX, TEST, Delivery, Due, Webhook, next_try, wants
from appliance.store.account_models import DeliveryRow, WebhookRow
from appliance.store.database import Database
from appliance.store.floor_models import EventRow
from common.clock import Clock, stamp
from common.vault import Vault

_AT_ONCE = 500  # events looked at in one transaction
_MOST_PENDING = 5000  # of one hook; what comes further waits in the events, which are kept anyway


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

    def add(self, name: str, url: str, kinds: Sequence[str]) -> tuple[Webhook, str]:
        """A new one, from the newest event on; and its secret."""
        new, secret = secrets.token_hex(8), _secret()
        with self._database.write() as session:
            newest = session.scalar(select(func.max(EventRow.id))) or 0
            row = WebhookRow(
                id=new, name=name, url=url, secret=self._vault.seal(secret, _where(new)),
                kinds=list(kinds), active=True, cursor=newest, created_at=self._clock.now(),
                disabled_why="",
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _hook(row), secret

    def change(self, id: str, decide: Callable[[Webhook], Webhook]) -> Webhook | None:  # noqa: A002
        """Replace name, address, kinds and ``active``; turning it on forgets its failures."""
        with self._database.write() as session:
            row = session.get(WebhookRow, id)
            if row is None:
                return None
            wanted = decide(_hook(row))
            row.name, row.url, row.kinds = wanted.name, wanted.url, list(wanted.kinds)
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

    def remove(self, id: str) -> Webhook | None:  # noqa: A002
        """With its deliveries."""
        with self._database.write() as session:
            row = session.get(WebhookRow, id)
            if row is None:
                return None
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
                trouble="",
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _delivery(row)

    def collect(self) -> int:
        """Make deliveries of new events, and move the cursors with them."""
        now, made = self._clock.now(), 0
        newest = select(func.max(EventRow.id)).scalar_subquery()
        behind = select(WebhookRow.id).where(WebhookRow.active, WebhookRow.cursor < newest)
        with self._database.read() as session:  # nobody waits while there is nothing new
            hooks = list(session.scalars(behind.order_by(WebhookRow.created_at, WebhookRow.id)))
        for hook in hooks:
            with self._database.write() as session:
                row = session.get(WebhookRow, hook)
                pending = select(func.count()).where(
                    DeliveryRow.webhook == hook, DeliveryRow.due_at.is_not(None)
                )
                if row is None or (session.scalar(pending) or 0) >= _MOST_PENDING:
                    continue
                events = session.execute(
                    select(EventRow.id, EventRow.kind)
                    .where(EventRow.id > row.cursor)
                    .order_by(EventRow.id)
                    .limit(_AT_ONCE)
                ).all()
                for event, kind in events:
                    if wants(row.kinds, kind):
                        made += 1
                        session.add(
                            DeliveryRow(
                                webhook=row.id, event=event, kind=kind, made_at=now, due_at=now,
                                attempts=0, trouble="",
                            )
                        )  # fmt: skip
                if events:
                    row.cursor = events[-1].id
        return made

    def claim(self, most: int, lease: timedelta) -> list[Due]:
        """Deliveries that are due; nobody else claims them for ``lease``."""
        now = self._clock.now()
        query = (
            select(DeliveryRow, WebhookRow, EventRow)
            .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook)
            .join(EventRow, EventRow.id == DeliveryRow.event)
            .where(DeliveryRow.due_at <= now, WebhookRow.active)
            .order_by(DeliveryRow.id)
            .limit(most)
        )
        with self._database.read() as session:
            if not session.execute(query.limit(1)).first():
                return []
        with self._database.write() as session:
            found = []
            for row, hook, event in session.execute(query).all():
                mine = session.execute(
                    update(DeliveryRow)
                    .where(DeliveryRow.id == row.id, DeliveryRow.due_at == row.due_at)
                    .values(due_at=now + lease)
                    .returning(DeliveryRow.id)
                    .execution_options(synchronize_session=False)
                ).all()
                if mine:
                    secret = self._vault.open(hook.secret, _where(hook.id))
                    found.append(Due(_delivery(row), hook.url, secret, _body(event)))
            return found

    def arrived(self, delivery: int, status: int) -> None:
        """The other side has it."""
        with self._database.write() as session:
            row = session.get(DeliveryRow, delivery)
            if row is None:
                return
            row.attempts += 1
            row.due_at, row.answered, row.trouble = None, status, ""
            row.done_at = self._clock.now()
            hook = session.get(WebhookRow, row.webhook)
            if hook is not None:
                hook.failing_since = None

    def failed(
        self, delivery: int, status: int | None, trouble: str, stop_after: timedelta
    ) -> Webhook | None:
        """It is tried again later, or given up; answers the hook when it was turned off now."""
        now = self._clock.now()
        with self._database.write() as session:
            row = session.get(DeliveryRow, delivery)
            hook = session.get(WebhookRow, row.webhook) if row else None
            if row is None or hook is None:
                return None
            row.attempts += 1
            row.answered, row.trouble = status, trouble[:300]
            row.due_at = next_try(row.attempts, now)
            hook.failing_since = hook.failing_since or now
            if not hook.active or now - hook.failing_since < stop_after:
                return None
            hook.active, hook.disabled_why = False, trouble[:300]
            return _hook(hook)

    def forget(self, before: datetime) -> None:
        """Remove what was made before ``before`` and is not tried any more."""
        with self._database.write() as session:
            session.execute(
                delete(DeliveryRow).where(
                    DeliveryRow.made_at < before, DeliveryRow.due_at.is_(None)
                )
            )


def _secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _where(webhook: str) -> str:
    return f"webhooks/secret/{webhook}"


def _body(event: EventRow) -> str:
    return json.dumps(
        {
            "type": event.kind,
            "timestamp": stamp(event.at),
            "data": {
                "event": event.id, "who": event.who, "conversation": event.conversation,
                "agent": event.agent, "queue": event.queue, **event.data,
            },
        },
        ensure_ascii=False,
    )  # fmt: skip


def _hook(row: WebhookRow) -> Webhook:
    return Webhook(
        row.id, row.name, row.url, tuple(row.kinds), row.active, row.cursor, row.created_at,
        row.failing_since, row.disabled_why,
    )  # fmt: skip


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        row.id, row.webhook, row.event, row.kind, row.made_at, row.due_at, row.attempts,
        row.answered, row.trouble, row.done_at,
    )  # fmt: skip
