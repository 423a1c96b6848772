"""An agent at work by the keyboard: the time from each press to its picture."""

from __future__ import annotations

import statistics
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, Page

if TYPE_CHECKING:
    from desk import Desk

_TEXT = "Thank you, I will look into it now. "
_QUIET = 80  # milliseconds
_HEAD = "section.talk header p"
_LINE = "[role=log][aria-busy=false] article"  # of the open conversation, not of the one before


@dataclass
class Step:
    """One thing that an agent does; times in milliseconds.

    Attributes:
        keys: from each press to the picture after it.
        slow: what Chromium's own Event Timing told, of presses of 16 ms and more.
        long: tasks that took longer than 50 ms.
        whole: from the press until what was wanted stood there.
        work: what the page's thread had to do, in time of the processor.
    """

    name: str
    keys: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    long: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        return _part(self.keys, 0.95)


def _part(found: list[float], share: float) -> float:
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Hands:
    """Presses keys, and keeps what came of it under the step's name."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.steps: dict[str, Step] = {}
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def _worked(self) -> float:
        found = self._session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(x["value"]) for x in found if x["name"] == "TaskDuration")

    def press(self, step: str, keys: str, wanted: tuple[str, str] | None = None) -> None:
        if step not in self.steps:
            print(f"  {step}", flush=True)
        one = self.steps.setdefault(step, Step(step))
        self.page.evaluate("step => felt.begin(step)", step)
        before = self._worked()
        self.page.keyboard.press(keys)
        self.page.evaluate("felt.answered")
        if wanted:
            one.whole.append(self.page.evaluate("([a, b]) => felt.until(a, b)", list(wanted)))
        self.page.wait_for_timeout(_QUIET)  # each press is measured by itself
        one.work.append(self._worked() - before)

    def type(self, step: str, text: str) -> None:
        for letter in text:
            self.press(step, letter)

    def told(self) -> list[Step]:
        found = self.page.evaluate("({ keys: felt.keys, slow: felt.slow, long: felt.long })")
        for kind, entries in found.items():
            for name, milliseconds in entries:
                getattr(self.steps[name], kind).append(milliseconds)
        return list(self.steps.values())


def measure(
    desk: Desk, browser: Browser, rounds: int, slower: float, trace: Path | None = None
) -> list[Step]:
    """All steps, one after the other in one browser.

    With ``trace`` Chromium writes there what it did, with samples of the scripts and a picture of
    each frame. That is as much work as the desk's own: times of such a run are not those of people.
    """
    page = desk.page(browser)
    page.goto(desk.url)
    page.locator("[data-test=card]").first.wait_for()
    page.wait_for_load_state("networkidle")
    if slower != 1:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    if trace:
        browser.start_tracing(page=page, path=trace, screenshots=True)
    hands = _Hands(page)
    for step in (_list, _palette, _long, _switching, _typing, _offers):
        step(hands, desk, rounds)
    if trace:
        browser.stop_tracing()
    steps = hands.told()
    page.context.close()
    return steps


def _open(hands: _Hands, step: str, conversation: int) -> None:
    """By the palette: its number, then Enter."""
    page = hands.page
    page.evaluate("felt.step = ''")
    page.keyboard.press("Control+k")
    page.keyboard.type(f"#{conversation}")
    page.locator("[role=option]").first.wait_for()
    hands.press(step, "Enter", (_HEAD, f"#{conversation} "))


def _list(hands: _Hands, _desk: Desk, rounds: int) -> None:
    """Down through conversations that were not open yet, and up again."""
    for _ in range(2 * rounds):
        hands.press("down the list, each read now", "Alt+ArrowDown", (_LINE, ""))
    for _ in range(2 * rounds - 1):
        hands.press("up the list, each read before", "Alt+ArrowUp", (_LINE, ""))


def _palette(hands: _Hands, _desk: Desk, rounds: int) -> None:
    for number in range(rounds):
        hands.press("palette: Ctrl-K", "Control+k", ("dialog[open] [role=option]", ""))
        hands.type("palette: a letter of a name", f"visitor {number + 100}")
        hands.press("palette: Escape", "Escape")


def _long(hands: _Hands, desk: Desk, rounds: int) -> None:
    """The long one, read upwards: older pages come meanwhile."""
    _open(hands, "the long conversation, read now", desk.room["long"])
    page = hands.page
    page.locator(_LINE).last.wait_for()
    page.locator("[role=log]").focus()
    for _ in range(4 * rounds):
        hands.press("a page up in the long one", "PageUp")
    hands.press("to the end of the long one", "End")


def _switching(hands: _Hands, desk: Desk, rounds: int) -> None:
    others = [one["conversation"] for one in desk.room["visitors"][: 2 * rounds]]
    for number in others[rounds:]:
        _open(hands, "to a short conversation", number)
        _open(hands, "back to the long one", desk.room["long"])


def _typing(hands: _Hands, desk: Desk, rounds: int) -> None:
    text = (_TEXT * rounds)[: 6 * rounds]
    field_ = "form.composer textarea"
    short = desk.room["visitors"][3]["conversation"]
    for step, number in (
        ("a letter in the long one", desk.room["long"]),
        ("a letter in a short one", short),
    ):
        _open(hands, "to a short conversation", number)
        hands.page.locator(field_).focus()
        hands.type(step, text)
        hands.press("sending", "Enter", ("[role=log] article", text.strip()))


def _offers(hands: _Hands, desk: Desk, rounds: int) -> None:
    page = hands.page
    for number in range(rounds):
        page.evaluate("felt.step = ''")
        answer = page.request.post(
            f"{desk.url}/api/v1/chat",
            data={"queue": 1, "visitor": uuid.uuid4().hex, "name": f"New {number}"},
        )
        assert answer.status == 201, answer.text()
        page.locator("[data-test=offer]").wait_for()
        hands.press("taking an offer: F2", "F2", (_HEAD, f"#{answer.json()['conversation']} "))


def table(steps: list[Step]) -> str:
    """As Markdown."""
    lines = [
        "",
        "| press | times | p50 | p95 | max | Event Timing | long tasks | there, p50 | p95 | work |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in steps:
        whole = ("", "")
        if one.whole:
            whole = (f"{statistics.median(one.whole):.0f}", f"{_part(one.whole, 0.95):.0f}")
        lines.append(
            f"| {one.name} | {len(one.keys)} | {statistics.median(one.keys):.0f} | {one.p95:.0f} | "
            f"{max(one.keys):.0f} | {f'{max(one.slow):.0f}' if one.slow else '< 16'} | "
            f"{len(one.long)} | {whole[0]} | {whole[1]} | {statistics.median(one.work):.0f} |"
        )
    return "\n".join([*lines, ""])
