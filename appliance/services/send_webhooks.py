"""Tells the customer's systems what happened; the worker runs it every few seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from appliance.domain.audit import Audit
from appliance.domain.webhooks import Due, Webhooks, signature
from common import __version__
from common.clock import Clock
from common.logs import get_logger

log = get_logger(__name__)

_AT_ONCE = 40
_SECONDS = 30.0  # of one run; then the worker sees again whether it still is the one
_THREADS = 4  # hooks that are told at the same time: a slow one holds up few
_LEASE = timedelta(minutes=15)  # longer than 40 tries at the longest time-out of one minute in turn
Post = Callable[[str, Mapping[str, str], bytes], int]


class SendWebhooks:
    """Collects what is new, and sends what is due.

    Args:
        hooks: where they are kept.
        post: sends one; raises when it did not arrive.
        audit: told when a hook is turned off.
        clock: the moment.
        stop_after: a hook that fails for so long is turned off.
    """

    def __init__(
        self,
        hooks: Webhooks,
        post: Post,
        audit: Audit,
        clock: Clock,
        stop_after: Callable[[], timedelta],
    ) -> None:
        self._hooks = hooks
        self._post = post
        self._audit = audit
        self._clock = clock
        self._stop_after = stop_after

    def run_once(self) -> None:
        """Until nothing is due, or for half a minute."""
        if not self._hooks.all():
            return
        until = self._clock.monotonic() + _SECONDS
        while self._round() and self._clock.monotonic() < until:
            pass

    def _round(self) -> bool:
        """Whether there may be more."""
        self._hooks.collect()
        by_hook: dict[str, list[Due]] = defaultdict(list)
        found = self._hooks.claim(_AT_ONCE, _LEASE)
        for due in found:
            by_hook[due.delivery.webhook].append(due)
        if by_hook:
            with ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook") as pool:
                list(pool.map(self._send_in_order, by_hook.values()))
        return len(found) == _AT_ONCE

    def _send_in_order(self, dues: list[Due]) -> None:
        for due in dues:
            self._send(due)

    def _send(self, due: Due) -> None:
        delivery = due.delivery
        number = f"msg_{delivery.webhook}_{delivery.event}"
        now = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Callstead/{__version__}",
            "webhook-id": number,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(due.secret, number, now, due.body),
        }
        status: int | None = None
        try:
            status = self._post(due.url, headers, due.body.encode())
            trouble = "" if 200 <= status < 300 else f"It answered {status}."
        except Exception as error:  # noqa: BLE001 - whatever it is, it did not arrive
            trouble = str(error) or type(error).__name__
        if status is not None and not trouble:
            self._hooks.arrived(delivery.id, status)
            return
        log.info("webhook.not_arrived", webhook=delivery.webhook, status=status, trouble=trouble)
        stopped = self._hooks.failed(delivery.id, status, trouble, self._stop_after())
        if stopped is not None:
            log.warning("webhook.turned_off", webhook=stopped.id, trouble=trouble)
            self._audit.record("system", "webhook.turned_off", f"{stopped.name}: {trouble}")
