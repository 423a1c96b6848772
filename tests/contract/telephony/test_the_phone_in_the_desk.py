"""An agent in Chromium with a headset of silk, the real switch, and sipp as callers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.domain.telephony.phones import Number
from appliance.office import Office
from appliance.settings import ApplianceSettings
from appliance.store.phones import SqlPhones
from common.clock import SystemClock
from tests.support.real_switch import RealSwitch, real_switch
from tests.support.waiting import until
from tests.web.appliance.conftest import CHEAP, GOOD
from tests.web.appliance.test_serve import Process

pytestmark = pytest.mark.long
expect.set_options(timeout=30_000)

NUMBER = "100"
FAKE_MEDIA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


class PhoneSite:
    """One appliance beside one switch, agents anna and bo in one queue, a supervisor sue."""

    def __init__(self, home: Path, real: RealSwitch, chromium: Browser) -> None:
        self.real, self._chromium = real, chromium
        settings = ApplianceSettings(data_dir=str(home / "appliance"))
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
        self.process = Process(
            home, CALLSTEAD_APPLIANCE_TELEPHONY_ARI_PORT=str(real.settings.ari_port)
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
        page.get_by_role("button", name="Telephone at this desk").click()
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

    def channels(self) -> str:
        return self.real.switch.console.ask("core show channels")

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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    home = tmp_path_factory.mktemp("p") / "home"
    (home / "appliance" / "telephony").mkdir(parents=True)
    with (
        real_switch(home / "appliance" / "telephony", []) as real,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *FAKE_MEDIA]
        )
        made = PhoneSite(home, real, chromium)
        yield made
        made.close()
        chromium.close()


def louder_than(page: Page, label: str, level: float) -> None:
    meter = page.get_by_role("meter", name=label)
    until(
        lambda: float(meter.evaluate("one => one.value")) > level, 30, label,
        lambda: meter.evaluate("one => one.value"), every=0.05,
    )  # fmt: skip


def test_an_agent_hears_themselves_in_the_echo_test(site: PhoneSite):
    anna = site.desk("anna")
    anna.get_by_role("button", name="My phone").click()
    anna.get_by_role("button", name="Echo test", exact=True).click()
    louder_than(anna, "How loud I am", 0.3)
    louder_than(anna, "What comes back", 0.3)
    expect(anna.locator("[data-test=quality]").first).to_contain_text("Good line")
    anna.get_by_role("button", name="End the echo test").click()
    site.until_quiet()
    anna.context.close()


def test_a_call_rings_is_taken_muted_held_and_ended_at_the_desk(site: PhoneSite):
    anna = site.ready("anna")
    site.real.caller(NUMBER, stays=60)
    expect(anna.locator("[data-test=offer]")).to_contain_text("+8613800000000")
    anna.keyboard.press("F2")
    bar = anna.locator("[data-test=call-bar]")
    expect(bar.get_by_role("button", name="Mute")).to_be_visible()
    until(lambda: "2 active channels" in site.channels(), 30, "a talk", site.channels)
    bar.get_by_role("button", name="Mute").click()
    expect(bar.get_by_role("button", name="Muted")).to_be_visible()
    bar.get_by_role("button", name="Keys").click()
    bar.get_by_role("button", name="5", exact=True).click()
    expect(bar.get_by_role("status")).to_have_text("5")
    anna.get_by_role("button", name="Hold").click()
    anna.get_by_role("button", name="Resume").click()
    expect(bar.locator("[data-test=quality]")).to_be_visible()
    anna.locator("[data-test=end]").click()
    anna.locator("[data-test=close]").click()
    site.until_quiet()
    expect(anna.locator("[data-test=state]")).to_have_text("Available")
    anna.context.close()


def test_a_colleague_is_asked_while_the_caller_waits_and_then_has_the_call(site: PhoneSite):
    anna, bo = site.ready("anna"), site.desk("bo")
    site.real.caller(NUMBER, stays=60)
    anna.locator("[data-test=offer]").wait_for()
    anna.keyboard.press("F2")
    anna.locator("[data-test=call-bar]").get_by_role("button", name="Mute").wait_for()
    begin(bo)
    anna.keyboard.press("Escape")
    anna.get_by_role("button", name="Ask a colleague in").click()
    anna.get_by_role("option", name="Bo").wait_for()
    anna.get_by_role("button", name="Ask Bo in").click()
    bo.locator("[data-test=asked]").get_by_role("button", name="Answer").click()
    bo.locator("[data-test=call-bar]").get_by_role("button", name="Mute").wait_for()
    expect(anna.locator("header .badge", has_text="On hold")).to_be_visible()
    until(lambda: "3 active channels" in site.channels(), 30, "three", site.channels)
    anna.get_by_role("button", name="Hand over to Bo").click()
    expect(anna.locator("[data-test=state]")).to_have_text("Available")
    until(lambda: "2 active channels" in site.channels(), 30, "two", site.channels)
    bo.locator("[data-test=end]").click()
    bo.locator("[data-test=close]").click()
    site.until_quiet()
    anna.context.close()
    bo.context.close()


def test_a_phone_is_gone_from_the_switch_with_its_desk(site: PhoneSite):
    anna = site.desk("anna")
    name = f"seat-{site.ids['anna']}"
    known = lambda: name in site.real.switch.console.ask("pjsip show endpoints")  # noqa: E731
    assert known()
    anna.context.close()
    until(lambda: not known(), 30, "the phone to go", every=0.1)
