"""The browser of journeys: Debian's Chromium, without a window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ANY_CERTIFICATE = "--ignore-certificate-errors"


@contextmanager
def chromium(*switches: str) -> Iterator[Browser]:
    """Started with these switches, and closed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *switches]
        )
        try:
            yield browser
        finally:
            browser.close()
