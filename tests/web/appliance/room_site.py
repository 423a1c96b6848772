"""A call centre at work, and browsers of those who look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.look import sign_in
from tests.support.showroom import Showroom, open_to_visitors

SLOW = 30_000  # milliseconds; the machine may be busy


@dataclass
class Site:
    """Everybody signs in once; whatever goes wrong in a page is among the faults."""

    room: Showroom
    address: str
    chromium: Browser
    people: dict[str, BrowserContext]

    def page(self, who: str) -> Page:
        """A new page of theirs."""
        if who not in self.people:
            self.people[who] = sign_in(self.chromium, self.address, who, "en")
            self.people[who].set_default_timeout(SLOW)
        return self.people[who].new_page()


@contextmanager
def opened(folder: Path, chromium: Browser) -> Iterator[Site]:
    """The site, and everybody's browsers closed at the end."""
    expect.set_options(timeout=SLOW)
    with open_to_visitors(folder, days=2) as (room, address):
        found = Site(room, address, chromium, {})
        yield found
        for context in found.people.values():
            context.close()


def watched(page: Page, faults: list[str]) -> Page:
    """Whatever goes wrong in the page is told."""
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    return page
