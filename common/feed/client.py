"""A reader of a feed, with requests: what the updater follows the communications server by."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from common.backoff import Backoff
from common.clock import Clock, SystemClock
from common.errors import RefusedError
from common.feed.storage import Event
from common.logs import get_logger

log = get_logger(__name__)

# To be added to what the server may wait: an answer this late is a dead connection.
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Reload:
    """The cursor could not be continued: read the state afresh. Events follow from ``cursor``."""

    cursor: int


def follow(
    session: requests.Session,
    url: str,
    topic: str,
    after: int,
    *,
    wait: int = 25,
    backoff: Backoff | None = None,
    clock: Clock | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Event | Reload]:
    """The events of ``topic`` after ``after``, one by one, for ever, by long polls.

    A server that is away or answers nonsense is asked again, with growing pauses; nothing is
    lost by that. The cursor to keep is the ``seq`` of the last event dealt with, or that of a
    `Reload`.

    Args:
        session: with the certificates that the server wants.
        url: the feed's address, without a query.
        topic: what to follow.
        after: the cursor.
        wait: seconds one request may wait at the server; at most 60.
        backoff: pauses after failures; 0.5 to 30 s by default.
        clock: waits out the pauses.
        stop: ends the iterator at the next chance, within ``wait`` seconds.

    Raises:
        RefusedError: the server says that we may not read this (401, 403).
    """
    backoff, clock = backoff or Backoff(), clock or SystemClock()
    cursor, failures = after, 0
    while not (stop and stop.is_set()):
        try:
            found = _ask(session, url, {"topic": topic, "after": cursor, "wait": wait}, wait)
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            failures += 1
            log.info("feed.unreachable", url=url, failures=failures, error=str(error))
            _pause(backoff.delay(failures), clock, stop)
            continue
        failures = 0
        for item in found:
            if isinstance(item, Reload):
                cursor = item.cursor
            elif item.seq <= cursor:
                continue
            else:
                cursor = item.seq
            yield item


def _ask(
    session: requests.Session, url: str, query: dict[str, Any], wait: int
) -> list[Event | Reload]:
    limits = (_ANSWER_SECONDS, wait + _ANSWER_SECONDS)
    # Said again, because REQUESTS_CA_BUNDLE in the environment would win over the session's own.
    trusted = session.verify
    with session.get(url, params=query, timeout=limits, verify=trusted) as answer:
        if answer.status_code in {401, 403}:
            raise RefusedError("refused", f"{url} does not let us read {query['topic']!r}.")
        if answer.status_code == 410:
            return [Reload(int(answer.json()["cursor"]))]
        answer.raise_for_status()
        return [
            Event(int(e["seq"]), str(e["at"]), str(e["kind"]), dict(e["data"]))
            for e in answer.json()["events"]
        ]


def _pause(seconds: float, clock: Clock, stop: threading.Event | None) -> None:
    if stop:
        stop.wait(seconds)
    else:
        clock.sleep(seconds)
