"""What hinders people on a page, as axe finds it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.architecture.house import ROOT

AXE = ROOT / "appliance" / "web" / "node_modules" / "axe-core" / "axe.min.js"

_TOO_WIDE = """() => [document.documentElement, document.querySelector("main")]
    .every((one) => !one || one.scrollWidth <= one.clientWidth) ? "" :
    [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right
            > document.documentElement.clientWidth + 1)
        .map((one) => one.tagName + "." + one.className).slice(0, 5).join(", ")"""


def too_wide(page: Page) -> str:
    """What stands out of the window at the right; empty: nothing does."""
    return str(page.evaluate(_TOO_WIDE))


def hindrances(page: Page) -> list[str]:
    """All that is serious on the page, by WCAG 2.2 AA."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        """() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
        .then((told) => told.violations
            .filter((one) => ["serious", "critical"].includes(one.impact))
            .map((one) => one.id + ": " + one.nodes.map((n) => n.html.slice(0, 150))))"""
    )
    return list(found)
