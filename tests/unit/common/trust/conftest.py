from __future__ import annotations

from pathlib import Path

import pytest

from common.trust import Repository
from tests.support.clock import FakeClock
from tests.support.repository_simulator import RepositorySimulator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def vendor() -> RepositorySimulator:
    """A vendor with two products, of which `phone` 1.0.0 is on stable."""
    vendor = RepositorySimulator("phone", "desk")
    vendor.ship("phone", "1.0.0")
    return vendor


@pytest.fixture
def reader(tmp_path: Path, vendor: RepositorySimulator, clock: FakeClock) -> Repository:
    return Repository(tmp_path / "trusted", vendor.first_root, vendor, clock)
