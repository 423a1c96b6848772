from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.feed.house import TRANSPORTS, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "feed.db")
    yield made
    made.close()


@pytest.fixture(params=list(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)
