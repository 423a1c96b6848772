"""Garbage in circles goes while a program serves, although Python itself does not look for it."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from common.serving import garbage
from common.serving.garbage import collect_garbage


class Circle:
    def __init__(self) -> None:
        self.self = self


@pytest.mark.parametrize("looks", [2, 12_000])
def test_it_goes_soon_and_python_takes_over_again_at_the_end(monkeypatch, looks):
    monkeypatch.setattr(garbage, "_ALL", looks)

    async def served() -> None:
        task = asyncio.get_running_loop().create_task(collect_garbage())
        await asyncio.sleep(0)
        assert not gc.isenabled()
        gone = weakref.ref(Circle())
        assert gone() is not None
        async with asyncio.timeout(20):
            while gone() is not None:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(served())
    assert gc.isenabled()
