"""Follows the communications server's feed: "look now" a second after a release is there.

A hint is never needed: what it would have said is found by the next look anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import requests

from common.errors import RefusedError
from common.feed.client import Reload, follow
from common.logs import get_logger
from updater.comm import Comm
from updater.journal import Journal

log = get_logger(__name__)
_TOPIC = "updates"
_CURSOR = "feed_cursor"
# The server says that we may not read: revoked, or it was set up anew. Looking goes on meanwhile.
_REFUSED_PAUSE = 60.0


class Hints:
    """A thread that calls ``hint(product)``, or ``hint(None)`` for all, when something happened."""

    def __init__(
        self, comm: Comm, journal: Journal, wait: int, hint: Callable[[str | None], None]
    ) -> None:
        self._comm = comm
        self._journal = journal
        self._wait = wait
        self._hint = hint
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hints", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End; a long poll that is open then dies with the process."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        session = self._comm.session()
        while not self._stop.is_set():
            try:
                self._follow(session)
            except RefusedError as error:
                log.warning("hints.refused", error=str(error))
                self._stop.wait(_REFUSED_PAUSE)
            except Exception:
                log.exception("hints.failed")
                self._stop.wait(_REFUSED_PAUSE)

    def _follow(self, session: requests.Session) -> None:
        after = int(self._journal.fact(_CURSOR) or 0)
        for item in follow(
            session,
            self._comm.feed_url,
            _TOPIC,
            after,
            wait=self._wait,
            stop=self._stop,
        ):
            if isinstance(item, Reload):
                self._hint(None)
                self._journal.keep_fact(_CURSOR, str(item.cursor))
                continue
            product = item.data.get("product")
            self._hint(product if isinstance(product, str) else None)
            self._journal.keep_fact(_CURSOR, str(item.seq))
