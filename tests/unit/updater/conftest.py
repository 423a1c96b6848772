"""A vendor with one release, and one computer that may take it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import RepositorySimulator


@pytest.fixture
def vendor() -> RepositorySimulator:
    made = RepositorySimulator(PRODUCT)
    made.ship(PRODUCT, "1.0.0")
    return made


@pytest.fixture
def world(tmp_path: Path, vendor: RepositorySimulator) -> Iterator[World]:
    made = World(tmp_path, vendor)
    yield made
    made.close()
