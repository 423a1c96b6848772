"""Tells the customer's systems what happened; the worker looks every few seconds.

Each hook is told in a thread of its own, so that a slow one holds up nobody but itself. What became
of many events is written at once, after they were told: a kill before that tells them again, under
the same ids.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import timedelta
from typing import Protocol

from appliance.domain.audit import Audit
from appliance.domain.webhooks import (
    Outcome,
    Parcel,
    Round,
    Webhooks,
    body_of,
    number_of,
    signature,
)
from common import __version__
from common.clock import Clock
from common.jobs import told
from common.logs import get_logger

log = get_logger(__name__)

_SECONDS = 30.0  # of one run; then the worker sees again whether it still is the one
_UNWRITTEN = 1.0  # seconds after which is written what became of events, however few they are
_THREADS = 64  # hooks that are told at the same time; no more exist, unless the setting was raised


class Sending(Protocol):
    """A connection that is kept from one event to the next."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST it, and answer the status; raises when there was no answer."""
        ...

    def close(self) -> None:
        """After the last one."""
        ...


class SendWebhooks:
    """Sends what is due.

    Args:
        hooks: where they are kept.
        sending: makes a connection for one hook.
        audit: told when a hook is turned off.
        clock: the moment.
        stop_after: a hook that fails for so long is turned off.
        log_every: events told to a hook before what became of them is written.
    """

    def __init__(
        self,
        hooks: Webhooks,
        sending: Callable[[], Sending],
        audit: Audit,
        clock: Clock,
        stop_after: Callable[[], timedelta],
        log_every: Callable[[], int],
    ) -> None:
        self._hooks = hooks
        self._sending = sending
        self._audit = audit
        self._clock = clock
        self._stop_after = stop_after
        self._log_every = log_every
        self._running: dict[str, Future[None]] = {}
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook")

    def begin(self) -> None:
        """Begin to tell each hook for which there is something, unless it is being told."""
        self._running = {hook: run for hook, run in self._running.items() if not run.done()}
        for hook in self._hooks.busy():
            if hook not in self._running and not self._stopping.is_set():
                self._running[hook] = self._threads.submit(self._tell, hook)

    def run_once(self) -> None:
        """`begin`, and wait until nothing more is due."""
        self.begin()
        wait(self._running.values())
        for run in self._running.values():
            run.result()

    def stop(self) -> None:
        """End after the requests at hand, which are logged."""
        self._stopping.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _tell(self, id: str) -> None:  # noqa: A002
        """Until nothing is due to this hook, or for half a minute."""
        until = self._clock.monotonic() + _SECONDS
        with told(), closing(self._sending()) as send:
            while not self._stopping.is_set() and self._clock.monotonic() < until:
                found = self._hooks.next_for(id, self._log_every())
                if found is None:
                    return
                self._record(found, list(self._outcomes(found, send)))

    def _outcomes(self, found: Round, send: Sending) -> Iterable[Outcome]:
        """Of the first parcels, up to one that holds up those behind it."""
        until = self._clock.monotonic() + _UNWRITTEN
        for parcel in found.parcels:
            outcome = self._send(found, parcel, send)
            yield outcome
            if outcome.trouble and (parcel.in_line or outcome.away):
                return
            if self._stopping.is_set() or self._clock.monotonic() >= until:
                return

    def _send(self, found: Round, parcel: Parcel, send: Sending) -> Outcome:
        hook, body = found.hook, body_of(found.hook, parcel)
        number = number_of(hook, parcel)
        now = int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Callstead/{__version__}",
            "webhook-id": number,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(found.secret, number, now, body),
        }
        status: int | None = None
        try:
            status = send(hook.url, headers, body.encode())
            trouble = "" if 200 <= status < 300 else f"It answered {status}."
        except Exception as error:  # noqa: BLE001 - whatever it is, it did not arrive
            trouble = str(error) or type(error).__name__
        if trouble:
            log.info("webhook.not_arrived", webhook=hook.id, status=status, trouble=trouble)
        return Outcome(parcel, status, trouble)

    def _record(self, found: Round, outcomes: list[Outcome]) -> None:
        stopped = self._hooks.record(found, outcomes, self._stop_after())
        if stopped is not None:
            trouble = stopped.disabled_why
            log.warning("webhook.turned_off", webhook=stopped.id, trouble=trouble)
            self._audit.record("system", "webhook.turned_off", f"{stopped.name}: {trouble}")
