"""What a browser fetches before an agent can work, and how long that takes."""

from __future__ import annotations

import gzip
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page

if TYPE_CHECKING:
    from desk import Desk


@dataclass
class Weight:
    """Of one kind of load; times in milliseconds, medians.

    Attributes:
        requests: until the conversations stand there.
        on_wire: bytes, heads included.
        script: bytes of script as the browser runs it.
        script_gzipped: the same, each file by gzip.
        first: the first picture of anything.
        useful: the first picture with the agent's conversations.
        again: the same as ``useful``, with what the browser kept from before.
    """

    requests: int
    on_wire: int
    script: int
    script_gzipped: int
    first: float
    useful: float
    again: float


def _load(page: Page, url: str) -> tuple[float, float]:
    page.goto(url)
    useful = page.evaluate("felt.useful")
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return first, useful


def measure(desk: Desk, browser: Browser, loads: int) -> Weight:
    """Load the desk ``loads`` times, each time by a browser that knows nothing, and once more."""
    firsts, usefuls, agains = [], [], []
    sizes: list[float] = []
    answers: list[Any] = []
    scripts: dict[str, bytes] = {}
    requests = on_wire = 0
    for number in range(loads):
        page = desk.page(browser)
        if number == 0:
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            session.on(
                "Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"])
            )
            page.on("response", lambda one: answers.append(one))  # noqa: PLW0108
        first, useful = _load(page, desk.url)
        firsts.append(first)
        usefuls.append(useful)
        if number == 0:
            page.wait_for_load_state("networkidle")
            scripts = {one.url: one.body() for one in answers
                       if "javascript" in one.headers.get("content-type", "")}  # fmt: skip
            session.detach()
            requests, on_wire = len(answers), round(sum(sizes))
        agains.append(_load(page, desk.url)[1])
        page.context.close()
    return Weight(
        requests, on_wire, sum(map(len, scripts.values())),
        sum(len(gzip.compress(one, 6)) for one in scripts.values()),
        statistics.median(firsts), statistics.median(usefuls), statistics.median(agains),
    )  # fmt: skip


def table(weight: Weight) -> str:
    """As Markdown."""
    rows = [
        ("requests", f"{weight.requests}", ""),
        ("bytes on the wire, heads included", f"{weight.on_wire:,}", ""),
        ("script, bytes", f"{weight.script:,}", ""),
        ("script, bytes gzipped", f"{weight.script_gzipped:,}", "< 250,000"),
        ("first picture, ms", f"{weight.first:.0f}", ""),
        ("the agent's conversations, ms", f"{weight.useful:.0f}", ""),
        ("the same with a warm cache, ms", f"{weight.again:.0f}", ""),
    ]
    lines = [f"| {name} | {value} | {target} |" for name, value, target in rows]
    return "\n".join(["", "| first load | | target |", "|---|---|---|", *lines, ""])
