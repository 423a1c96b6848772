"""Axe, on every page of the desk, in real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.support.axe import hindrances, too_wide
from tests.support.chromium import ANY_CERTIFICATE, chromium
from tests.support.look import View, press, sign_in, views
from tests.support.showroom import Showroom, open_to_visitors

SLOW = 30_000  # milliseconds; the machine may be busy
LOOKERS = ("anna", "bo", "maria", "lihua", "sue", "admin2")


@dataclass
class Site:
    room: Showroom
    address: str
    chromium: Browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("room")
    with (
        chromium(ANY_CERTIFICATE) as browser,
        open_to_visitors(folder, days=2) as (room, address),
    ):
        yield Site(room, address, browser)


def test_every_page_has_somebody_who_looks(site: Site):
    assert {view.who for view in views(site.room)} == set(LOOKERS)


@pytest.mark.parametrize("who", LOOKERS)
def test_nothing_hinders(site: Site, who: str):
    found: dict[str, list[str]] = {}
    context = sign_in(site.chromium, site.address, who, "en")
    context.set_default_timeout(SLOW)
    page = context.new_page()
    for view in views(site.room):
        if view.who == who:
            found[view.name] = _wrong_with(page, site, view)
    context.close()
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _wrong_with(page: Page, site: Site, view: View) -> list[str]:
    page.set_viewport_size({"width": view.size[0], "height": view.size[1]})
    page.goto(site.address + view.path)
    page.wait_for_selector(view.ready)
    press(page, view)
    wide = too_wide(page)
    return hindrances(page) + ([f"too wide: {wide}"] if wide else [])
