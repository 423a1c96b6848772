"""A running appliance with agents, and browsers at its desk and at its chat."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page

from appliance.domain.conversation import State
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Author, Conversation, Message
from appliance.domain.roles import Role
from appliance.domain.telephony.call import Step
from appliance.domain.telephony.guests import Guest
from appliance.domain.telephony.provider import Channel
from appliance.domain.work import Work
from appliance.office import Office
from appliance.services.keep_moving import change
from appliance.services.take_part import invite
from appliance.services.telephony.follow_call import IN_THE_CORE
from appliance.services.telephony.numbers import answered
from appliance.services.telephony.silence import Silence
from appliance.services.telephony.take_call import take_call
from appliance.settings import ApplianceSettings
from appliance.store.database import Database, database_url
from appliance.store.floor import SqlFloor
from appliance.store.leases import SqlLeases
from common.clock import SystemClock
from common.vault import Vault
from tests.web.appliance.conftest import CHEAP, GOOD
from tests.web.appliance.test_serve import Process

SLOW = 30_000  # milliseconds; the machine may be busy
MANY = 700
SEATS = 16


class DeskSite:
    """One process for several journeys; each has its own agents, queues and visitors."""

    def __init__(self, folder: Path, chromium: Browser) -> None:
        home = folder / "home"
        home.mkdir()
        self._chromium = chromium
        self.faults: list[str] = []
        self.queues: dict[str, int] = {}
        self.many = 0
        self._names = ["dora", *(f"anna{n}" for n in range(SEATS))]
        self._free = iter(self._names[1:])
        self._calls = itertools.count()
        settings = ApplianceSettings(data_dir=str(home / "appliance"))
        with Office.opened(settings, SystemClock()) as office:
            office.first_administrator(CHEAP)
            hashed = CHEAP.hash(GOOD)
            for name in self._names:
                office.users.add(name, name.title(), Role.AGENT, hashed, only_first=False)
                office.users.set_password(name, hashed, must_change=False)
            self.ids = {user.name: user.id for user in office.users.all()}
            office.floor.write(self._furnish)
        self.process = Process(home, CALLSTEAD_PROGRAM_TOKEN="updater's")
        self.process.start()
        self.process.wait_until_ready()

    def _furnish(self, work: Work) -> None:
        before: set[int] = set()
        for name in self._names[1:]:  # each serves a queue of their own, and the one before it
            self.queues[name] = work.save_queue(Queue(0, f"queue of {name}", ring=120.0)).id
            mine = frozenset({*before, self.queues[name]})
            work.save_agent(Agent(self.ids[name], name.title(), queues=mine))
            before = {self.queues[name]}
        dora = Agent(self.ids["dora"], "Dora")
        work.save_agent(dora)
        contact = work.add_contact("Wang Wei")
        begun = work.add_conversation(Conversation(0, "chat", contact, work.now))
        for number in range(1, MANY + 1):
            author = Author.AGENT if number % 3 == 0 else Author.CONTACT
            by = dora.id if author is Author.AGENT else None
            text = f"line {number} " + "of a long talk " * (number % 7)
            work.add_message(Message(begun.id, number, f"k{number}", author, text, work.now, by))
        work.save(replace(begun, state=State.ACTIVE, agent=dora.id, last_agent=dora.id,
                          messages=MANY))  # fmt: skip
        self.many = begun.id

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.process.port}"

    def _page(self, **options: Any) -> Page:
        context = self._chromium.new_context(
            **{"locale": "en-GB", "ignore_https_errors": True, **options}
        )
        context.set_default_timeout(SLOW)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heard)
        return page

    def _heard(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def desk(self, name: str, **options: Any) -> Page:
        """Somebody signs in and sees the desk."""
        page = self._page(viewport={"width": 1280, "height": 720}, **options)
        page.goto(f"{self.url}/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", GOOD)
        page.click("main button")
        page.locator("#content").wait_for()
        return page

    def newcomer(self) -> str:
        """The name of an agent who was not here before."""
        return next(self._free)

    def ready(self, **options: Any) -> tuple[str, Page]:
        """An agent who was not here before, available in a queue of the same name."""
        name = self.newcomer()
        page = self.desk(name, **options)
        page.locator(".empty .button.primary").click()
        page.locator("[data-test=state]", has_text="Available").wait_for()
        return name, page

    def visitor(self, queue: str, name: str = "Li") -> Page:
        """A visitor who has begun a chat."""
        page = self._page(viewport={"width": 700, "height": 700})
        page.goto(f"{self.url}/example?queue={self.queues[queue]}")
        page.get_by_role("button", name="Chat with us").click()
        page.get_by_role("textbox", name="Your name").fill(name)
        page.get_by_role("button", name="Start the chat").click()
        return page

    @contextmanager
    def floor(self) -> Iterator[SqlFloor]:
        """What another process of the site would work on."""
        folder = self.process.home / "appliance"
        database = Database(database_url("", folder))
        floor = SqlFloor(database, SystemClock(), Vault.of(folder))
        try:
            yield floor
        finally:
            floor.close()
            database.close()

    def picks_up(self, name: str) -> tuple[int, str]:
        """An agent picks up the telephone: the caller's conversation, and the number."""
        queue, agent = self.queues[name], self.ids[name]
        number = f"+86138{next(self._calls):08}"
        with self.floor() as floor:
            channel = Channel(f"call-of-{number}", True, number, "1")
            call = change(floor, lambda work: take_call(work, channel, queue))
            rings = replace(call, leg=f"leg-of-{number}", leg_agent=agent)
            floor.write(lambda work: IN_THE_CORE[Step.ACCEPT](work, rings))
        return call.conversation, number

    def asks_in(self, name: str, colleague: str, conversation: int) -> None:
        """An agent asks a colleague into the call, whose telephone rings."""
        with self.floor() as floor:
            asked = self.ids[colleague]
            floor.write(lambda work: invite(work, conversation, self.ids[name], asked))
            guest = Guest(conversation, asked, f"leg-of-{colleague}-{conversation}")
            floor.write(lambda work: work.guests.save(guest))

    def picks_up_beside(self, colleague: str, conversation: int) -> None:
        """A colleague who was asked in picks up."""
        guest = Guest(conversation, self.ids[colleague], f"leg-of-{colleague}-{conversation}")
        with self.floor() as floor:
            floor.write(lambda work: answered(work, guest))

    def switch_answers(self, answers: bool) -> None:
        """What the process that follows the telephones' switch says."""
        with self.floor() as floor:
            leases = SqlLeases(floor._database)
            keep = lambda seconds: leases.keep_silence(SystemClock().now(), seconds)  # noqa: E731
            Silence(floor, keep, 10).tell(silent=not answers)

    def update_waits(self, waits: bool) -> None:
        """What the updater of this program says."""
        answer = requests.post(
            f"{self.url}/drain", json={"drain": waits, "seconds": 600, "release": "2.0"},
            headers={"Authorization": "Bearer updater's"}, timeout=10,
            verify=str(self.process.home / "appliance" / "tls" / "server.pem"),
        )  # fmt: skip
        assert answer.status_code == 200

    def leave(self) -> None:
        """Close all browsers."""
        for context in self._chromium.contexts:
            context.close()

    def close(self) -> None:
        self.leave()
        self.process.close()


def write(visitor: Page, text: str) -> None:
    """The visitor says something."""
    visitor.get_by_role("textbox", name="Your message").fill(text)
    visitor.keyboard.press("Enter")
