"""An appliance, the real switch, and agents in Chromium whose headsets are of silk."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests
from playwright.sync_api import Browser, Page, expect

from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.phones import Number
from appliance.office import Office
from appliance.settings import ApplianceSettings
from appliance.store.database import Database, database_url
from appliance.store.floor import SqlFloor
from appliance.store.phones import SqlPhones
from appliance.telephony.configure import ari_password
from appliance.telephony.running import running_pid
from common.clock import SystemClock
from common.vault import Vault
from tests.support.chromium import chromium
from tests.support.real_switch import RealSwitch, real_switch
from tests.support.waiting import until
from tests.web.appliance.conftest import CHEAP, GOOD
from tests.web.appliance.test_serve import Process

NUMBER = "100"
FAKE_MEDIA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

Furnish = Callable[[Office, Queue], None]


class PhoneSite:
    """One appliance beside one switch, agents anna and bo in one queue, a supervisor sue."""

    def __init__(self, home: Path, real: RealSwitch, chromium: Browser, furnish: Furnish) -> None:
        self.real, self._chromium = real, chromium
        self._data = home / "appliance"
        settings = ApplianceSettings(data_dir=str(self._data))
        with Office.opened(settings, SystemClock()) as office:
            office.first_administrator(CHEAP)
            hashed = CHEAP.hash(GOOD)
            roles = {"anna": Role.AGENT, "bo": Role.AGENT, "sue": Role.SUPERVISOR}
            for name, role in roles.items():
                office.users.add(name, name.title(), role, hashed, only_first=False)
                office.users.set_password(name, hashed, must_change=False)
            self.ids = {user.name: user.id for user in office.users.all()}
            queue = office.floor.write(lambda work: work.save_queue(Queue(0, "sales", ring=60.0)))
            for name in ("anna", "bo"):
                agent = Agent(self.ids[name], name.title(), queues=frozenset({queue.id}))
                office.floor.write(lambda work, agent=agent: work.save_agent(agent))
            SqlPhones(office.database).keep_number(Number(NUMBER, queue.id))
            furnish(office, queue)
        self.process = Process(
            home,
            CALLSTEAD_APPLIANCE_TELEPHONY_ARI_PORT=str(real.settings.ari_port),
            CALLSTEAD_APPLIANCE_TELEPHONY_OUTBOUND=real.settings.outbound,
            CALLSTEAD_APPLIANCE_TELEPHONY_ALLOWED_PREFIXES="+86",
            CALLSTEAD_APPLIANCE_NODES_LEASE_SECONDS="5",  # so long a kill is waited out
        )
        self.process.start()
        self.process.wait_until_ready()

    def desk(self, name: str, **options) -> Page:
        """Somebody signs in, and turns the phone on."""
        context = self._chromium.new_context(
            **{"locale": "en-GB", "ignore_https_errors": True, "permissions": ["microphone"],
               "viewport": {"width": 1280, "height": 720}, **options}
        )  # fmt: skip
        page = context.new_page()
        page.goto(f"https://127.0.0.1:{self.process.port}/sign-in")
        page.fill("[name=name]", name)
        page.fill("[name=password]", GOOD)
        page.click("main button")
        page.locator("[data-test=state]").wait_for()
        page.get_by_role("button", name="My phone").click()
        page.get_by_role("button", name="Use the phone at this desk").click()
        expect(page.locator("[data-test=phone-state]")).to_have_text("The phone is ready")
        page.keyboard.press("Escape")
        return page

    def ready(self, name: str, **options) -> Page:
        """The same, and calls may come."""
        page = self.desk(name, **options)
        begin(page)
        return page

    def until_quiet(self) -> None:
        """Nothing is left at the switch."""
        until(lambda: "0 active channels" in self.channels(), 60, "quiet", self.channels)

    def kill(self) -> None:
        """`kill -9` of the appliance; another one starts, and finds the calls."""
        told = self._adoptions()
        self.process.end(signal.SIGKILL)
        self.process.start()
        self.process.wait_until_ready()
        until(lambda: self._adoptions() > told, 60, "the calls to be adopted")

    def kill_switch(self) -> None:
        """`kill -9` of the switch; nobody starts another one."""
        pid = running_pid(self.real.places)
        assert pid is not None
        killed = psutil.Process(pid)
        killed.kill()
        killed.wait(30)
        self.real.switch.stop()  # nothing is left of the process either

    def calls_going_on(self) -> list[Call]:
        """Those that the core says are not over."""
        database = Database(database_url("", self._data))
        floor = SqlFloor(database, SystemClock(), Vault.of(self._data))
        try:
            return floor.read(lambda work: list(work.calls.going_on()))
        finally:
            floor.close()
            database.close()

    def _adoptions(self) -> int:
        return self.process.log.read_text("utf-8").count("calls.adopted")

    def ari(self, path: str, method: str = "GET") -> Any:
        """What the switch says of itself, or does."""
        where = f"http://127.0.0.1:{self.real.settings.ari_port}/ari/{path}"
        known = ("callstead", ari_password(self.real.places))
        answer = requests.request(method, where, auth=known, timeout=10)
        return answer.json() if answer.content else None

    def legs(self) -> dict[str, str]:
        """The telephones in calls: which number they called (empty: they were rung), by channel."""
        there = [one for one in self.ari("channels") if one["name"].startswith("PJSIP/")]
        return {one["id"]: one["dialplan"]["exten"] for one in there}

    def room(self) -> set[str]:
        """The telephones that hear each other, in the one call that there is."""
        rooms = [one for one in self.ari("bridges") if one["id"].startswith("call-")]
        return set(self.legs()) & {leg for one in rooms for leg in one["channels"]}

    def channels(self) -> str:
        return self.real.switch.console.ask("core show channels")

    def desks_open(self) -> bool:
        """Whether somebody still sits at one."""
        return bool(self._chromium.contexts)

    def close(self) -> None:
        for context in self._chromium.contexts:
            context.close()
        self.process.close()


def begin(page: Page) -> None:
    """From now on calls may come."""
    state = page.locator("[data-test=state]")
    if state.text_content() != "Available":
        page.locator(".empty .button.primary").click()
    expect(state).to_have_text("Available")


@contextmanager
def phone_site(home: Path, furnish: Furnish = lambda _office, _queue: None) -> Iterator[PhoneSite]:
    """Started, and ended; ``furnish`` gets the office and the queue before the start."""
    (home / "appliance" / "telephony").mkdir(parents=True)
    with (
        real_switch(home / "appliance" / "telephony", []) as real,
        chromium(*FAKE_MEDIA) as browser,
    ):
        made = PhoneSite(home, real, browser, furnish)
        try:
            yield made
        finally:
            made.close()
