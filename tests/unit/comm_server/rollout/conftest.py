from __future__ import annotations

import pytest

from tests.support.site import TestSite
from tests.unit.comm_server.rollout.world import RolloutWorld


@pytest.fixture
def world(site: TestSite) -> RolloutWorld:
    return RolloutWorld(site)
