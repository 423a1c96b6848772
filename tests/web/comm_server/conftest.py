from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.site import TestSite, site_in
from tests.web.comm_server.browser import Browser


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSite]:
    with site_in(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def browser(site: TestSite) -> Browser:
    """Somebody who has signed in and changed the password."""
    browser = Browser(site)
    browser.sign_in_first()
    return browser
