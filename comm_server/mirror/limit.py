"""A source that takes no more of the site's line than it may."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from tuf.api.exceptions import DownloadError

from common.clock import Clock
from common.trust import Source

# Waiting is cut into these, so that a server that stops is not waited for.
_SLICE = 0.5
LEAST = 4096


class Limited(Source):
    """Hands on ``source``'s bytes at ``rate``; what comes faster waits in the network's buffers.

    Args:
        source: what is read.
        rate: bytes per second over all that is read through this object; 0: no limit. Less than
            `LEAST` counts as that, or the source would take us for a line that stands still.
        clock: measures, and waits.
        leave: when it is set, reading breaks off at once, to go on after the next start.
    """

    def __init__(self, source: Source, rate: int, clock: Clock, leave: threading.Event) -> None:
        self._source = source
        self._rate = max(rate, LEAST) if rate else 0
        self._clock = clock
        self._leave = leave
        self._free_at = clock.monotonic()

    @property
    def name(self) -> str:
        """The source's."""
        return self._source.name

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """See `Source.open`."""
        return self._pace(self._source.open(path, offset))

    def _pace(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for chunk in chunks:
                if self._leave.is_set():
                    raise DownloadError("this server is being stopped")
                yield chunk
                if self._rate:
                    self._wait(len(chunk) / self._rate)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def _wait(self, seconds: float) -> None:
        # From now, not from the last time: a quiet hour saves nothing up for a burst.
        self._free_at = max(self._free_at, self._clock.monotonic()) + seconds
        while (left := self._free_at - self._clock.monotonic()) > 0 and not self._leave.is_set():
            self._clock.sleep(min(left, _SLICE))
