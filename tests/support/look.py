"""Photographs every page of the desk in both languages and both themes, and has axe look at each.

`make screenshots` does it.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Page
from playwright.sync_api import TimeoutError as TookTooLong

from tests.support.axe import hindrances, too_wide
from tests.support.chromium import ANY_CERTIFICATE, chromium
from tests.support.showroom import PASSWORD, ZONE_NAME, Showroom, open_to_visitors

LANGUAGES = ("zh-CN", "en")
THEMES = ("light", "dark")
WIDE, PHONE = (1280, 720), (390, 844)


@dataclass(frozen=True)
class View:
    """One page: its address, a name for the file, who looks, how wide, what is pressed there.

    ``click`` names one thing after the other that is clicked, by CSS, parted by `` ; ``.
    """

    name: str
    path: str
    who: str = "admin2"
    size: tuple[int, int] = WIDE
    ready: str = "h1"
    tall: bool = False
    press: str = ""
    click: str = ""


def views(room: Showroom) -> list[View]:
    """All of them; each supervisor's page on a phone, too."""
    talk = f"/conversations/{room.spoken_by('anna')}"
    agent = [
        View("agent", "/", "anna", ready="[data-test=card]"),
        View("agent-ring", "/", "bo", ready="[data-test=offer]"),
        View("agent-ring-phone", "/", "bo", PHONE, "[data-test=offer]"),
        View("agent-talk", talk, "anna", ready="[role=log] article"),
        View("agent-give", talk, "anna", ready="[role=log] article", press="Escape t"),
        View("agent-snooze", talk, "anna", ready="[role=log] article", press="Escape s"),
        View("agent-canned", talk, "anna", ready="[role=log] article", press="/"),
        View("agent-free", "/", "maria", ready=".empty"),
        View("palette", "/", "anna", ready="[data-test=card]", press="Control+k"),
        View("keys-help", "/", "anna", ready="[data-test=card]", press="?"),
        View(
            "agent-files",
            f"/conversations/{room.spoken_by('lihua')}",
            "lihua",
            ready="[role=log] img",
        ),
        View(
            "agent-wrap",
            f"/conversations/{room.spoken_by('bo', 'wrap_up')}",
            "bo",
            ready="form.wrap",
        ),
        View("state-menu", "/", "anna", ready="[data-test=card]", click="header button"),
        View(
            "person-menu",
            "/",
            "anna",
            ready="[data-test=card]",
            click="header button[title]:last-of-type",
        ),
        View("nowhere", "/admin/nothing", "anna", ready="main .empty"),
    ]
    supervisor = [
        View("wall", "/supervisor/wall", "sue", ready=".tiles"),
        View("live", "/supervisor/conversations", "sue", ready="tbody tr"),
        View("agents", "/supervisor/agents", "sue", ready=".people"),
        View("report", "/reports/figures?days=weeks&by=queue", "sue", ready=".chart svg"),
        View("report-reasons", "/reports/figures?days=weeks&by=reason", "sue", ready=".chart svg"),
        View("report-agents", "/reports/figures?days=weeks&by=agent", "sue", ready=".chart svg"),
        View("staffing", "/reports/staffing", "sue", ready="td.step0"),
    ]
    return [
        *agent,
        *supervisor,
        View("wall-full", "/supervisor/wall/full", "sue", (1920, 1080), ".tiles"),
        *(View(f"{v.name}-phone", v.path, v.who, PHONE, v.ready) for v in supervisor),
        View("running", "/running", ready="tbody tr"),
        View("start", "/admin/start", ready="main ol li"),
        View("people", "/admin/people", ready="tbody tr"),
        View("teams", "/admin/teams", ready="section"),
        View("keys", "/admin/keys", ready="main h1"),
        View("hooks", "/admin/hooks", ready="main h1"),
        View("queues", "/admin/queues", ready="tbody tr"),
        View("queue", f"/admin/queues/{room.queues['Orders 订单']}", ready=".parts", tall=True),
        View("account", "/account", ready="main h1"),
        View("calls", "/admin/calls", ready="tbody tr"),
        View("flow", "/admin/calls/1", ready=".walk li", tall=True),
        View("routing", f"/admin/routing?queue={room.queues['Orders 订单']}", ready="ol li"),
        View("replies", "/admin/replies", ready="tbody tr"),
        View("labels", "/admin/labels", ready="main ul li"),
        View("away", "/admin/away", ready="main ul li"),
        View("fields", "/admin/fields", ready="main ul li"),
        View("blocklist", "/admin/blocklist", ready="tbody tr"),
        View("site", "/admin/site", ready="tbody tr"),
        View("site-phone", "/admin/site", size=PHONE, ready="tbody tr"),
        View("widget", "/admin/widget", ready="iframe"),
        View("record", "/admin/record", ready="tbody tr"),
    ]


def dialogs(room: Showroom) -> list[View]:
    """What opens over a page, or happens to it; what supervisors open, on a phone, too."""
    add = ".page > header .button.primary"
    edit = ".does .button"
    talk = f"/conversations/{room.spoken_by('anna')}"
    call = f"/conversations/{room.spoken_by('wei')}"
    wraps = f"/conversations/{room.spoken_by('bo', 'wrap_up')}"
    number = " ".join("13800138000")
    helping = [
        View("set-state", "/supervisor/agents", "sue", ready=".people", click=".people .button"),
        View(
            "listen-in",
            "/supervisor/conversations",
            "sue",
            ready="tbody tr",
            click="tr:nth-child(2) .does .button",
        ),
        View(
            "give-on",
            "/supervisor/conversations",
            "sue",
            ready="tbody tr",
            click="tr:nth-child(2) .does .button:nth-child(2)",
        ),
        View("figure-means", "/supervisor/wall", "sue", ready=".tiles", click=".tile .means"),
        View(
            "their-menu",
            "/supervisor/wall",
            "sue",
            ready=".tiles",
            click="header > .bare:last-of-type",
        ),
        View("their-state", "/supervisor/wall", "sue", ready=".tiles", click="header button"),
        View("their-palette", "/supervisor/wall", "sue", ready=".tiles", click="header .search"),
        View("their-reply", "/admin/replies", "sue", ready="tbody tr", click="tbody .button"),
        View("their-block", "/admin/blocklist", "sue", ready="tbody tr", click=add),
    ]
    phones = [
        View("call-ring", "/", "rosa", ready="[data-test=offer]"),
        View("call-ring-phone", "/", "rosa", PHONE, "[data-test=offer]"),
        View("call", call, "wei", ready="[data-test=end]"),
        View("call-give", call, "wei", ready="[data-test=end]", press=f"Escape t {number}"),
        View("call-invite", call, "wei", ready="[data-test=end]", press="Escape i"),
        View("call-supervise", call, "sue", ready="[data-test=ladder]"),
        View("phone-menu", "/", "maria", ready=".empty", click="[data-test=phone]"),
        View("call-out", "/", "maria", ready=".empty", press="c"),
        View(
            "call-back",
            talk,
            "anna",
            ready="[data-test=call-number]",
            click="[data-test=call-number]",
        ),
        # A "/" was left there: the first Escape closes what it finds.
        View("agent-invite", talk, "anna", ready="[role=log] article", press="Escape Escape i"),
        View("agent-talk-phone", talk, "anna", PHONE, "[role=log] article"),
        View(
            "agent-give-phone",
            talk,
            "anna",
            PHONE,
            "[role=log] article",
            click=".talk .button:nth-child(3)",
        ),
        View("agent-wrap-phone", wraps, "bo", PHONE, "form.wrap"),
        View("running-phone", "/running", "sue", PHONE, "tbody tr"),
        View("account-phone", "/account", "sue", PHONE, "main h1"),
        View("replies-phone", "/admin/replies", "sue", PHONE, "tbody tr"),
        View("blocklist-phone", "/admin/blocklist", "sue", PHONE, "tbody tr"),
        View("talk-phone", talk, "sue", PHONE, "[role=log] article"),
        View("call-supervise-phone", call, "sue", PHONE, "[data-test=ladder]"),
        View("agent-save", talk, "sue", ready="[role=log] article", click=".talk header .button"),
    ]
    return [
        *phones,
        *helping,
        *(replace(one, name=f"{one.name}-phone", size=PHONE) for one in helping),
        View("person-add", "/admin/people", ready="tbody tr", click=add),
        View(
            "person-work", "/admin/people", ready="tbody tr", click=f"tbody tr:nth-child(3) {edit}"
        ),
        View(
            "person-account",
            "/admin/people",
            ready="tbody tr",
            click=f"tbody tr:nth-child(3) {edit}:nth-child(2)",
        ),
        View("key-add", "/admin/keys", click=add),
        View("hook-add", "/admin/hooks", click=add),
        View("hook-deliveries", "/admin/hooks", ready="tbody tr", click=f"tbody {edit}"),
        View("queue-new", "/admin/queues/new", ready=".parts", tall=True),
        View("reply-edit", "/admin/replies", ready="tbody tr", click="tbody .button"),
        View("label-add", "/admin/labels", ready="main ul li", click="main section .button"),
        View("label-edit", "/admin/labels", ready="main ul li", click="main li .button:not(.bare)"),
        View("away-add", "/admin/away", ready="main ul li", click="main section .button"),
        View("field-add", "/admin/fields", ready="main ul li", click="main section .button"),
        View("block-add", "/admin/blocklist", ready="tbody tr", click=add),
        View("block-edit", "/admin/blocklist", ready="tbody tr", click=f"tbody {edit}"),
        View("factor", "/account", ready="main h1", click="main .button.primary"),
    ]


def sign_in(browser: Browser, address: str, who: str, language: str, **more: object
            ) -> BrowserContext:  # fmt: skip
    """A browser of somebody who is signed in."""
    context = browser.new_context(
        ignore_https_errors=True, locale=language, timezone_id=ZONE_NAME,
        reduced_motion="reduce", **more,  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"{address}/sign-in?lang={language}")
    page.fill('input[name="name"]', who)
    page.fill('input[name="password"]', PASSWORD)
    page.click("main form button")
    page.wait_for_selector("#desk > *")
    page.close()
    return context


def press(page: Page, view: View) -> None:
    """What is clicked, and the keys that belong to the view."""
    for target in filter(None, view.click.split(" ; ")):
        page.locator(target).first.click()
    for keys in view.press.split():
        page.keyboard.press(keys)
        if keys != "Escape":
            page.locator("dialog[open], .canned").first.wait_for()


def photograph(page: Page, address: str, view: View, file: Path) -> None:
    """One picture, of the whole page."""
    page.set_viewport_size({"width": view.size[0], "height": view.size[1]})
    page.goto(address + view.path)
    page.wait_for_selector(view.ready, timeout=30_000)
    with contextlib.suppress(TookTooLong):  # on a busy machine it may never rest so long
        page.wait_for_load_state("networkidle", timeout=5_000)
    press(page, view)
    page.wait_for_timeout(300)
    if view.tall:  # what scrolls inside is shown whole
        page.set_viewport_size({"width": view.size[0], "height": 2200})
    page.screenshot(path=file)


def look_at(page: Page, address: str, view: View, file: Path) -> list[str]:
    """Photograph it; answers what is wrong with it."""
    try:
        photograph(page, address, view, file)
        wide = too_wide(page)
        return hindrances(page) + ([f"too wide: {wide}"] if wide else [])
    except Error as error:  # the other pages are looked at all the same
        return [str(error)]


def main() -> None:
    """`python -m tests.support.look FOLDER [PART OF A NAME ...]`; 1 when something is wrong.

    Names are those of the files, such as ``live-phone-zh-CN-dark``.
    """
    out, parts = Path(sys.argv[1]), sys.argv[2:]
    out.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []

    def tell(what: object) -> None:
        wrong.append(str(what))
        print(what, flush=True)  # noqa: T201

    with tempfile.TemporaryDirectory() as folder, open_to_visitors(Path(folder)) as (room, address):
        shown = [*views(room), *dialogs(room)]
        with chromium(ANY_CERTIFICATE) as browser:
            for language, theme in product(LANGUAGES, THEMES):
                form = f"-{language}-{theme}"
                wanted = [
                    one for one in shown
                    if not parts or any(part in one.name + form for part in parts)
                ]  # fmt: skip
                for who, held in sorted({(view.who, view.size == PHONE) for view in wanted}):
                    context = sign_in(
                        browser, address, who, language, color_scheme=theme,
                        has_touch=held, is_mobile=held,
                    )  # fmt: skip
                    page = context.new_page()
                    page.on("pageerror", lambda error: tell(f"page error: {error}"))
                    for view in wanted:
                        if (view.who, view.size == PHONE) != (who, held):
                            continue
                        file = out / f"{view.name}{form}.png"
                        print(file, flush=True)  # noqa: T201
                        for one in look_at(page, address, view, file):
                            tell(f"{file.name}: {one}")
                    context.close()
    sys.exit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
