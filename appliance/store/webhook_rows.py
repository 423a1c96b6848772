"""Webhooks and deliveries, from their rows."""

from __future__ import annotations

from appliance.domain.webhooks import Delivery, Webhook
from appliance.store.account_models import DeliveryRow, WebhookRow


def hook_of(row: WebhookRow) -> Webhook:
    """As the rules know it."""
    return Webhook(
        row.id, row.name, row.url, tuple(row.kinds), row.active, row.cursor, row.created_at,
        row.failing_since, row.disabled_why, row.batch_size,
    )  # fmt: skip


def delivery_of(row: DeliveryRow) -> Delivery:
    """A line of the log."""
    return Delivery(
        row.id, row.webhook, row.event, row.kind, row.made_at, row.due_at, row.attempts,
        row.answered, row.trouble, row.done_at,
    )  # fmt: skip
