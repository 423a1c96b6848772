"""Garbage in circles is looked for often and little, so that nobody notices.

Python looks when ten thousand more objects came than went. With thousands of connections as many
go as come (timers, for the most part), so it looks seldom, and then at all that is young: all
threads stand still for 0.05 s and more. So the looks are by the clock here, at few objects each.

A connection has 105 objects, and leaves no circle when it ends; a REST request leaves one of 60,
which grows old only if a look came while it went on. So what is old is nearly all in use, and
looking at it takes up to 0.6 s with ten thousand connections: three times an hour. In between too
would cost a hundredth of all time, and find nothing.
"""

from __future__ import annotations

import asyncio
import gc
import itertools

_EVERY = 0.03  # seconds; some hundred microseconds under load
_ALL = 40_000  # looks until what has outlived one is looked at again


async def collect_garbage() -> None:
    """Until cancelled; then Python does it by itself again.

    What is there already lives as long as the program, and is never looked at.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for count in itertools.count(1):
            await asyncio.sleep(_EVERY)
            gc.collect(0 if count % _ALL else 2)
    finally:
        gc.enable()
