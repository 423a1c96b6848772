"""A call centre with one agent who is ready, and a visitor's page in real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from appliance.domain.roles import Role
from appliance.process_roles import FEED
from appliance.store.live import SqlLive
from common.feed import FeedApp, Wakeups
from tests.support.serving import served
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor

SLOW = 30_000  # milliseconds; the machine may be busy


@contextmanager
def visitors_page(chromium: Chromium) -> Iterator[Page]:
    """A visitor's; whatever goes wrong in it fails the test."""
    expect.set_options(timeout=SLOW)
    context = chromium.new_context(locale="en-GB", viewport={"width": 900, "height": 700})
    context.set_default_timeout(SLOW)
    page = context.new_page()
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield page
    context.close()
    assert faults == []


@dataclass
class Shop:
    """A running appliance with one agent who is ready, and the visitor's page."""

    house: House
    port: int
    queue: int
    anna: Person
    page: Page

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> int:
        """The visitor opens the chat, and the agent takes it; the conversation."""
        self.page.goto(f"{self.url}/example?queue={self.queue}")
        self.page.get_by_role("button", name="Chat with us").click()
        self.page.get_by_role("textbox", name="Your name").fill("Li")
        self.page.get_by_role("button", name="Start the chat").click()
        expect(self.page.get_by_role("status").first).to_contain_text("We are connecting you")
        ((ringing),) = self.anna.get("/desk/conversations")["items"]
        self.anna.do("POST", f"/desk/conversations/{ringing['id']}/accept")
        expect(self.page.get_by_role("status").first).to_contain_text("You are speaking with Anna")
        number: int = ringing["id"]
        return number

    def spoken(self) -> int:
        """The agent speaks with somebody else; the conversation."""
        number = Visitor(self.house, self.queue).id
        self.anna.do("POST", f"/desk/conversations/{number}/accept")
        return number

    def done(self, conversation: int) -> None:
        """And is ready for the next one."""
        for verb in ("end", "close"):
            self.anna.do("POST", f"/desk/conversations/{conversation}/{verb}")

    def write(self, text: str) -> None:
        self.page.get_by_role("textbox", name="Your message").fill(text)
        self.page.keyboard.press("Enter")

    def answer(self, conversation: int, key: str, text: str) -> None:
        path = f"/desk/conversations/{conversation}/messages"
        self.anna.do("POST", path, {"key": key, "text": text})

    def lines(self) -> Any:
        return self.page.locator("callstead-chat li[data-number]")

    def kept(self, conversation: int) -> list[str]:
        path = f"/desk/conversations/{conversation}/messages"
        return [one["text"] for one in self.anna.get(path)["items"]]


@contextmanager
def open_shop(house: House, page: Page) -> Iterator[Shop]:
    """The appliance runs."""
    house.signed_in()
    admin = Person(house, "admin")
    queue = admin.do("POST", "/queues", {"name": "sales"}, 201)["id"]
    house.add("anna", Role.AGENT, "Anna")
    anna = Person(house, "anna")
    admin.do("PATCH", f"/agents/{anna.get('/desk/me')['id']}", {"queues": [queue]})
    for said in ("sign_in", "ready"):
        anna.do("POST", "/desk/presence", {"said": said})
    wakeups = Wakeups()
    house.appliance.office.floor._on_commit = wakeups.notify
    feed = FeedApp(
        FEED, SqlLive(house.appliance.office.database), house.appliance.may_read, wakeups=wakeups,
        passing=house.appliance.passing,
        commands=house.appliance.frames,
    )  # fmt: skip
    with served(flask=house.appliance.flask, feed=feed, plain_prefixes=("/",)) as server:
        yield Shop(house, server.port, queue, anna, page)
        page.goto("about:blank")
