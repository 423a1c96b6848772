"""Webhooks and their deliveries in the database; implements `appliance.domain.webhooks.Webhooks`.

What a person changes is here; what is due and what became of it have files of their own.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, func, select

from appliance.domain.webhooks import (
    PREFIX,
    TEST,
    Delivery,
    Outcome,
    Round,
    Webhook,
)
from appliance.store.account_models import DeliveryRow, WebhookRow
from appliance.store.database import Database
from appliance.store.floor_models import EventRow
from appliance.store.webhook_rows import delivery_of, hook_of
from appliance.store.webhooks_due import busy_hooks, round_for
from appliance.store.webhooks_told import record_round
from common.clock import Clock
from common.vault import Vault


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
            return [hook_of(row) for row in session.scalars(query)]

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
            return hook_of(row), secret

    def change(self, id: str, decide: Callable[[Webhook], Webhook]) -> Webhook | None:  # noqa: A002
        """Replace what a person may change; turning it on forgets its failures."""
        with self._database.edit() as session:
            row = session.get(WebhookRow, id)
            if row is None:
                return None
            wanted = decide(hook_of(row))
            row.name, row.url, row.kinds = wanted.name, wanted.url, list(wanted.kinds)
            row.batch_size = wanted.batch_size
            if wanted.active and not row.active:
                row.failing_since, row.disabled_why = None, ""
            row.active = wanted.active
            return hook_of(row)

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
            check(hook_of(row))
            session.execute(delete(DeliveryRow).where(DeliveryRow.webhook == id))
            session.delete(row)
            return hook_of(row)

    def deliveries(self, id: str, before: int, most: int) -> list[Delivery]:  # noqa: A002
        """The newest below number ``before``, newest first."""
        query = select(DeliveryRow).where(DeliveryRow.webhook == id)
        if before:
            query = query.where(DeliveryRow.id < before)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(DeliveryRow.id.desc()).limit(most))
            return [delivery_of(row) for row in rows]

    def send_again(self, id: str, delivery: int) -> Delivery | None:  # noqa: A002
        """It is due now, from the first try on."""
        with self._database.write() as session:
            row = session.get(DeliveryRow, delivery)
            if row is None or row.webhook != id:
                return None
            row.due_at, row.attempts, row.done_at = self._clock.now(), 0, None
            row.in_line = False
            return delivery_of(row)

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
            return delivery_of(row)

    def busy(self) -> list[str]:
        """See `appliance.store.webhooks_due`."""
        with self._database.line() as line:
            return busy_hooks(line, self._clock.now())

    def next_for(self, id: str, most: int) -> Round | None:  # noqa: A002
        """See `appliance.store.webhooks_due`."""
        with self._database.read() as session:
            row = session.get(WebhookRow, id)
            if row is None or not row.active:
                return None
            secret = partial(self._vault.open, row.secret, _where(id))
            return round_for(session, row, secret, most, self._clock.now())

    def record(
        self, told: Round, outcomes: Sequence[Outcome], stop_after: timedelta
    ) -> Webhook | None:
        """See `appliance.store.webhooks_told`."""
        with self._database.write() as session:
            return record_round(session, told, outcomes, self._clock.now(), stop_after)

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
