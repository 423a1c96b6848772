"""The long form of tests/unit/comm_server/test_damaged_database.py: 500 places by chance."""

from __future__ import annotations

import pytest

from tests.support.damage import Ground, places

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("ground") / "site")


@pytest.mark.parametrize("seed", range(100, 120))
def test_of_many_flipped_bytes_only_their_pages_are_lost(ground, tmp_path, seed):
    places(ground, tmp_path, seed, 25)
