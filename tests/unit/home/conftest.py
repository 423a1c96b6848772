from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.vendor import Vendor


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[Vendor]:
    made = Vendor(tmp_path)
    yield made
    made.store.close()
