"""A chat through the front door: from a clean start to a rating, and what all books say of it."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.chromium import chromium as started
from tests.support.waiting import until
from tests.web.appliance.test_serve import Process

_FORM = re.compile(r'name="csrf" value="([^"]+)"')
OWN = "quite a new sentence"
PATIENCE = 30.0  # seconds; a busy machine is slow
expect.set_options(timeout=PATIENCE * 1000)


class Person:
    """Somebody who signs in with a one-time password, chooses one of their own, and uses REST."""

    def __init__(self, process: Process, name: str, first: str) -> None:
        self._url = f"https://127.0.0.1:{process.port}"
        self._session = requests.Session()
        self._session.trust_env = False  # authorities of the environment are none of ours
        self._session.verify = str(process.home / "appliance" / "tls" / "server.pem")
        self._session.headers["Origin"] = self._url
        self.name = name
        self._send("/sign-in", name=name, password=first)
        self._send("/password", old=first, new=OWN, again=OWN)
        me = self._session.get(f"{self._url}/api/v1/me", timeout=10)
        assert me.status_code == 200, me.text
        self.id: int = me.json()["id"]
        self._session.headers["X-CSRF-Token"] = me.headers["X-CSRF-Token"]

    def _send(self, page: str, **fields: str) -> None:
        found = _FORM.search(self._session.get(self._url + page, timeout=10).text)
        assert found, page
        answer = self._session.post(
            self._url + page, data={**fields, "csrf": found[1]}, timeout=10, allow_redirects=False
        )
        assert answer.status_code in {302, 303}, answer.text

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """What the interface answers; it must not refuse."""
        more = {"If-Match": "*"} if method == "PATCH" else {}
        answer = self._session.request(
            method, f"{self._url}/api/v1{path}", json=body, headers=more, timeout=10
        )
        assert answer.ok, answer.text
        return answer.json()

    def ready(self) -> None:
        for said in ("sign_in", "ready"):
            self.do("POST", "/desk/presence", {"said": said})

    def rings(self) -> int:
        """The conversation that is offered to them, once it is."""

        def offered() -> list[int]:
            found = self.do("GET", "/desk/conversations")["items"]
            return [one["id"] for one in found if one["state"] == "offered"]

        return until(offered, PATIENCE, f"an offer to {self.name}")[0]

    def page(self, context: BrowserContext, path: str) -> Page:
        """The same person at a browser."""
        cookies = [
            {"name": one.name, "value": one.value or "", "url": self._url}
            for one in self._session.cookies
        ]
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(self._url + path)
        return page


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path / "home")
    made.home.mkdir()
    made.start()
    made.wait_until_ready()
    yield made
    made.close()


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with started() as browser:
        yield browser


def test_from_a_clean_start_to_a_rated_chat_of_which_all_books_tell_the_same(
    process: Process, chromium: Browser
):
    first = re.search(r"password: (\S+)", (process.home / "appliance/first-sign-in").read_text())
    assert first
    admin = Person(process, "admin", first[1])
    sales, repairs = (_queue(admin, name) for name in ("sales", "repairs"))
    anna = _newcomer(process, admin, "anna", "agent", queues=[sales])
    ben = _newcomer(process, admin, "ben", "agent", queues=[repairs], skills={"kettles": 5})
    carl = _newcomer(process, admin, "carl", "agent", queues=[repairs])
    sun = _newcomer(process, admin, "sun", "supervisor")
    step = {"after": 0, "groups": [], "skills": {"kettles": 3}}
    rule = {"name": "experts", "tags": [], "priority": 0, "steps": [step]}
    admin.do("PATCH", f"/queues/{repairs}", {"form": {"rules": [rule]}})
    for agent in (anna, carl, ben):  # Carl has been free for longer, and is no expert
        agent.ready()

    floor = sun.page(_browser(chromium), "/supervisor/conversations")
    visitor = _visitor(chromium, process, sales)
    number = anna.rings()
    here = f"/desk/conversations/{number}"
    anna.do("POST", f"{here}/accept")
    row = floor.get_by_role("row", name="Li Na")
    expect(row).to_contain_text("Anna")
    visitor.get_by_role("textbox", name="Your message").fill("My kettle leaks")
    visitor.keyboard.press("Enter")
    _said(anna, here, 1)
    anna.do("POST", f"{here}/messages", {"key": "a1", "text": "I ask a colleague"})
    anna.do("POST", f"{here}/transfer", {"queue": repairs, "note": "an old one"})
    assert ben.rings() == number
    ben.do("POST", f"{here}/accept")
    expect(row).to_contain_text("Ben")  # the page was not loaded again
    ben.do("POST", f"{here}/messages", {"key": "b1", "text": "Send it to us"})
    expect(visitor.locator("callstead-chat li[data-number]").last).to_contain_text("Send it to us")
    ben.do("POST", f"{here}/end")
    ben.do("POST", f"{here}/close", {"disposition": "repair"})
    _rates(visitor)
    expect(row).to_have_count(0)

    said = ["My kettle leaks", "I ask a colleague", "an old one", "Send it to us"]
    transcript = sun.do("GET", f"{here}/export?format=json")
    assert [one["text"] for one in transcript["messages"]] == said
    assert sorted(transcript["agents"].values()) == ["Anna", "Ben"]
    assert transcript["conversation"]["disposition"] == "repair"
    assert admin.do("GET", "/audit/verdict")["broken"] is None
    lines = [(one["who"], one["what"], one["subject"])
             for one in admin.do("GET", "/audit?most=200")["items"]]  # fmt: skip
    assert ("sun", "transcript.exported", f"conversation {number} as json") in lines
    added = {subject for _who, what, subject in lines if what == "user.added"}
    assert added == {"admin", "anna", "ben", "carl", "sun"}
    assert process.end(signal.SIGTERM) == 0
    assert process.run("audit", "verify").returncode == 0
    numbered = [(one["number"], one["internal"]) for one in transcript["messages"]]
    _the_events_agree(process, number, numbered)


def _the_events_agree(process: Process, conversation: int, said: list[tuple[int, bool]]) -> None:
    with closing(sqlite3.connect(process.home / "appliance" / "appliance.db")) as database:
        found = database.execute(
            "SELECT kind, who, data FROM events WHERE conversation = ? ORDER BY id", [conversation]
        ).fetchall()
    told = [json.loads(data) for kind, _who, data in found if kind == "message.said"]
    assert [(one["number"], one["internal"]) for one in told] == said
    kinds = [kind.removeprefix("conversation.") for kind, _who, _data in found]
    moves = ("offer", "accept", "transfer", "end", "close")
    assert [kind for kind in kinds if kind in moves] == [
        "offer", "accept", "transfer", "offer", "accept", "end", "close",
    ]  # fmt: skip
    assert kinds[-1] == "rate"


def _queue(admin: Person, name: str) -> int:
    made: int = admin.do("POST", "/queues", {"name": name, "form": {"ring": 60.0}})["id"]
    return made


def _newcomer(process: Process, admin: Person, name: str, role: str, **offered: Any) -> Person:
    body = {"name": name, "display_name": name.title(), "role": role}
    added = admin.do("POST", "/users", body)
    if offered:
        admin.do("PATCH", f"/agents/{added['id']}", offered)
    return Person(process, name, added["one_time_password"])


def _browser(chromium: Browser) -> BrowserContext:
    return chromium.new_context(ignore_https_errors=True, locale="en")


def _visitor(chromium: Browser, process: Process, queue: int) -> Page:
    page = _browser(chromium).new_page()
    page.goto(f"https://127.0.0.1:{process.port}/example?queue={queue}")
    page.get_by_role("button", name="Chat with us").click()
    page.get_by_role("textbox", name="Your name").fill("Li Na")
    page.get_by_role("button", name="Start the chat").click()
    return page


def _rates(visitor: Page) -> None:
    visitor.get_by_title("5 stars").click()
    visitor.get_by_role("button", name="Send the rating").click()
    expect(visitor.locator("callstead-chat .thanks").first).to_contain_text("Thank you")


def _said(agent: Person, here: str, number: int) -> None:
    until(lambda: agent.do("GET", f"{here}/messages")["items"][number - 1 :], PATIENCE, "a message")
