"""Looks at the communications server now and then, so that the page need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.domain.running import Communications, Trouble
from common.clock import Clock
from common.logs import get_logger

log = get_logger(__name__)


class CommunicationsWatch:
    """Remembers how the communications server was last found, and since when.

    Args:
        address: of the communications server; empty when none is configured.
        look: asks its health address; answers what is wrong, or None.
        clock: for ``since``.
    """

    def __init__(self, address: str, look: Callable[[], Trouble | None], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self.found = Communications(address)

    def look(self) -> None:
        """Look once. One thread at a time; readers of `found` always see a whole answer."""
        if not self.found.address:
            return
        trouble = self._look()
        reachable = trouble is None
        if reachable is not self.found.reachable:
            log.info("communications.changed", reachable=reachable, trouble=trouble)
            self.found = replace(
                self.found, reachable=reachable, since=self._clock.now(), trouble=trouble
            )
        elif trouble is not self.found.trouble:
            self.found = replace(self.found, trouble=trouble)
