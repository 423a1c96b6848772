"""Pushes that nobody has to start: `callstead home serve` runs them by time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from common import locks
from common.clock import Clock
from common.errors import CallsteadError, NetworkError, OperatorError
from common.logs import get_logger
from common.spool import Store
from home.publish.room import publication_of
from home.schema import migrations
from home.settings import HomeSettings

if TYPE_CHECKING:
    from home.push.service import Pusher

log = get_logger(__name__)


@contextlib.contextmanager
def open_pusher(settings: HomeSettings, clock: Clock) -> Iterator[Pusher]:
    """The one pusher of this home. Raises OperatorError when another process pushes."""
    from home.push.service import Pusher  # noqa: PLC0415 - SSH takes 0.3 s to load

    publication = publication_of(settings, clock)
    if not publication.exists:
        raise OperatorError(
            f"There is no home in {settings.folder} yet. Make its keys with `callstead home init`."
        )
    busy = "Another push (process {holder}) is under way. Wait for it, or end it; it can go on."
    with locks.exclusive(settings.folder / "push.lock", busy=busy, wait=0, clock=clock):
        store = Store(settings.folder / "home.db", migrations())
        try:
            key = settings.folder / "keys" / "online" / "push.key"
            yield Pusher(publication, store, key, settings.push, clock)
        finally:
            store.close()


def push_to_all(settings: HomeSettings, clock: Clock, leaving: Callable[[], bool]) -> None:
    """Bring every site that takes pushes what is new; one that fails does not hold up the rest.

    Args:
        settings: the home's.
        clock: when it was.
        leaving: asked between two chunks; a push that is left goes on the next time.
    """

    def told(_path: str, _done: int, _total: int) -> None:
        if leaving():
            raise NetworkError("The home was told to stop; the push goes on at the next time.")

    with open_pusher(settings, clock) as pusher:
        for site in pusher.sites():
            if leaving():
                return
            try:
                done = pusher.push(site, told)
                log.info("push.done", site=site, files=done.files, sent=done.sent)
            except CallsteadError as error:
                log.warning("push.failed", site=site, reason=str(error))
