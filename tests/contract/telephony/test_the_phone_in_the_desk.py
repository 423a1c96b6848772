"""An agent in Chromium with a headset of silk, the real switch, and sipp as callers."""

from __future__ import annotations

import signal
import wave
from array import array
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Locator, Page, Route, expect

from appliance.telephony.configure import ari_password
from tests.support.kept_ground import Kept
from tests.support.phone_site import NUMBER, PhoneSite, begin, phone_site
from tests.support.waiting import until

pytestmark = pytest.mark.long
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept[PhoneSite]]:
    kept = Kept(
        lambda: phone_site(tmp_path_factory.mktemp("p") / "home"),
        clean=lambda site: not site.desks_open(),
    )
    yield kept
    kept.close()


@pytest.fixture
def site(sites: Kept[PhoneSite]) -> PhoneSite:
    return sites.get()


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
    louder_than(anna, "My level", 0.3)
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
    bar.get_by_role("button", name="Keypad").click()
    bar.get_by_role("button", name="5", exact=True).click()
    expect(bar.get_by_role("status")).to_have_text("5")
    anna.get_by_role("button", name="Hold").click()
    anna.get_by_role("button", name="Resume").click()
    expect(bar.locator("[data-test=quality]")).to_be_visible()
    anna.get_by_role("button", name="Transfer").click()
    expect(anna.get_by_role("dialog")).to_contain_text(
        "Nobody else who serves this queue is online"
    )
    anna.keyboard.press("Escape")
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
    late: list[Route] = []
    in_time = False

    def hold(route: Route) -> None:
        if in_time:
            route.continue_()
        else:
            late.append(route)

    bo.route("**/api/v1/desk/cards/*", hold)  # the phone rings before the desk knows of it
    anna.get_by_role("button", name="Ask Bo in").click()
    bo.locator("[data-test=asked]").wait_for()
    bo.locator("[data-test=find]").fill("in the midst of a wo")
    bo.keyboard.press("F2")
    expect(bo.locator("[data-test=asked]")).to_be_hidden()
    in_time = True
    for one in late:
        one.continue_()
    bo.locator("[data-test=call-bar]").get_by_role("button", name="Mute").wait_for()
    expect(anna.locator("header .badge", has_text="On hold")).to_be_visible()
    until(lambda: len(site.legs()) == 3, 30, "three", site.channels)
    anna.get_by_role("button", name="Hand over to Bo").click()
    expect(anna.locator("[data-test=state]")).to_have_text("Available")
    until(lambda: "2 active channels" in site.channels(), 30, "two", site.channels)
    bo.locator("[data-test=end]").click()
    bo.locator("[data-test=close]").click()
    site.until_quiet()
    anna.context.close()
    bo.context.close()


def heard_by_the_caller(site: PhoneSite, name: str) -> float:
    """How loud it is at the caller's ear for two seconds: the root mean square, of 32768."""
    ari = f"http://127.0.0.1:{site.real.settings.ari_port}/ari"
    address = f"{ari}/channels"
    auth = ("callstead", ari_password(site.real.places))
    there = requests.get(address, auth=auth, timeout=10).json()
    (caller,) = (one["id"] for one in there if one["dialplan"]["exten"] == NUMBER)
    probe = {"spy": "out", "app": "callstead"}
    requests.post(f"{address}/{caller}/snoop/{name}", params=probe, auth=auth, timeout=10)
    sound = site.real.places.recorded(name)
    record = {"name": name, "format": "wav", "maxDurationSeconds": 2}
    asked = f"{address}/{name}/record"
    until(
        lambda: requests.post(asked, params=record, auth=auth, timeout=10).ok, 10, "a probe"
    )  # fmt: skip
    live = f"{ari}/recordings/live/{name}"  # its head is written at the end
    until(lambda: requests.get(live, auth=auth, timeout=10).status_code == 404, 30, "its end")
    requests.delete(f"{address}/{name}", auth=auth, timeout=10)
    with wave.open(str(sound)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    return float((sum(one * one for one in samples) / len(samples)) ** 0.5)


def value(page: Page, meter: Locator) -> float:
    page.wait_for_timeout(50)
    return float(meter.evaluate("one => one.value"))


def quieter_than(page: Page, label: str, level: float) -> None:
    """For three seconds: the headset of silk beeps each second."""
    meter = page.get_by_role("meter", name=label)
    page.wait_for_timeout(500)  # what was on its way
    heard = [value(page, meter) for _ in range(60)]
    assert max(heard) < level


def in_room(site: PhoneSite, number: int) -> None:
    until(lambda: len(site.room()) == number, 30, f"{number} in the room", site.channels)


def test_a_supervisor_listens_whispers_and_joins_and_each_hears_whom_they_should(site: PhoneSite):
    """The caller is silent, and so is Anna, so that what is heard is Sue's."""
    anna, sue = site.ready("anna"), site.desk("sue")
    site.real.caller(NUMBER, stays=180, says="silence")
    anna.locator("[data-test=offer]").wait_for()
    anna.keyboard.press("F2")
    mute = anna.locator("[data-test=call-bar]").get_by_role("button", name="Mute")
    mute.wait_for()
    theirs = "The others’ level"
    sue.goto(f"https://127.0.0.1:{site.process.port}/supervisor/conversations")
    sue.locator("[data-test=phone-state]", has_text="The phone is ready").wait_for(state="attached")
    sue.get_by_role("button", name="Listen in").click()
    ladder, banner = sue.locator("[data-test=ladder]"), anna.locator("[data-test=banner]")
    expect(ladder).to_contain_text("Nobody hears you")
    louder_than(sue, theirs, 0.1)  # Anna's
    mute.click()
    expect(banner).to_have_text("Sue is listening to this call.")
    quieter_than(anna, theirs, 0.05)
    assert heard_by_the_caller(site, "probe-listen") < 50
    sue.keyboard.press("u")
    expect(ladder).to_contain_text("Only the agent hears you")
    expect(banner).to_have_text("Sue is whispering: only you hear it.")
    louder_than(anna, theirs, 0.1)
    assert heard_by_the_caller(site, "probe-whisper") < 50
    sue.keyboard.press("u")
    expect(ladder).to_contain_text("Everybody hears everybody")
    in_room(site, 3)
    assert heard_by_the_caller(site, "probe-join") > 500
    sue.keyboard.press("d")
    expect(ladder).to_contain_text("Only the agent hears you")
    in_room(site, 2)  # the switch follows what was said
    assert heard_by_the_caller(site, "probe-down") < 50
    anna.locator("[data-test=end]").click()
    expect(ladder.get_by_role("button", name="Leave")).to_have_count(0)
    anna.locator("[data-test=close]").click()
    site.until_quiet()
    anna.context.close()
    sue.context.close()


def test_no_voice_is_told_a_page_loaded_anew_has_its_call_again_and_a_closed_one_ends_it(
    site: PhoneSite,
):
    anna = site.ready("anna")
    caller = site.real.caller(NUMBER, stays=600)
    anna.locator("[data-test=offer]").wait_for()
    anna.keyboard.press("F2")
    bar = anna.locator("[data-test=call-bar]")
    bar.get_by_role("button", name="Mute").wait_for()
    until(lambda: "2 active channels" in site.channels(), 30, "a talk", site.channels)
    caller.send_signal(signal.SIGSTOP)  # the line is there, and nothing comes
    expect(bar.locator("[data-test=silent]")).to_be_visible()
    caller.send_signal(signal.SIGCONT)
    expect(bar.locator("[data-test=silent]")).to_be_hidden()
    anna.keyboard.press("Escape")
    anna.get_by_role("button", name="Hold").click()
    anna.get_by_role("button", name="Resume").wait_for()
    anna.wait_for_timeout(12_500)  # on hold nothing is meant to come
    expect(bar.locator("[data-test=silent]")).to_be_hidden()
    anna.get_by_role("button", name="Resume").click()
    in_room(site, 2)
    before = site.room()
    anna.reload()
    # The caller's telephone is there all the time, and the page has another one.
    until(lambda: len(site.room() - before) == 1, 60, "the page", site.channels, every=0.1)
    assert len(site.room() & before) == len(site.legs()) - 1 == 1
    bar.get_by_role("button", name="Mute").wait_for()
    louder_than(anna, "The others’ level", 0.1)
    address = anna.url
    anna.close()
    # Sooner than the ten seconds after which the switch notices the silence.
    until(lambda: len(site.legs()) == 1, 8, "the caller alone", site.channels, every=0.1)
    caller.wait(60)  # their telephone was told: nobody is left with nobody
    site.until_quiet()
    anna.context.close()
    again = site.desk("anna")  # what is left is the work after the call
    again.goto(address)
    again.locator("[data-test=close]").click()
    again.context.close()


def test_a_call_is_given_to_a_number_outside_and_comes_back_when_nobody_answers(site: PhoneSite):
    outside = "+861060001234"
    anna = site.ready("anna")
    site.real.caller(NUMBER, stays=600)
    anna.locator("[data-test=offer]").wait_for()
    anna.keyboard.press("F2")
    in_room(site, 2)
    two = site.room()

    def give() -> None:
        anna.get_by_role("button", name="Transfer", exact=True).click()
        anna.get_by_role("dialog").get_by_role("combobox").fill("+86 10 6000-1234")
        anna.get_by_role("button", name=f"Transfer to {outside}").click()

    site.real.party("declines")
    give()
    expect(anna.locator("[data-test=missed]")).to_contain_text(outside)
    until(lambda: site.room() == two, 30, "the same talk", site.channels)
    site.real.party("answers", after=1)
    give()
    anna.locator("[data-test=onward]").wait_for()
    until(lambda: len(site.room() & two) == 1 == len(site.room() - two), 30, "who go on")
    anna.locator("[data-test=close]").click()
    expect(anna.locator("[data-test=state]")).to_have_text("Available")
    (caller,) = site.room() & two
    site.ari(f"channels/{caller}", "DELETE")  # hangs up
    site.until_quiet()
    anna.context.close()


def test_a_phone_that_was_turned_off_is_off_and_not_out_of_reach(site: PhoneSite):
    anna = site.desk("anna")
    anna.get_by_role("button", name="My phone").click()
    anna.get_by_role("button", name="Turn the phone off").click()
    name = f"seat-{site.ids['anna']}"
    known = lambda: name in site.real.switch.console.ask("pjsip show endpoints")  # noqa: E731
    until(lambda: not known(), 30, "the phone to go", every=0.1)
    expect(anna.locator("[data-test=phone-state]")).to_have_text("The phone is off")
    anna.context.close()


def test_a_phone_is_gone_from_the_switch_with_its_desk(site: PhoneSite):
    anna = site.desk("anna")
    name = f"seat-{site.ids['anna']}"
    known = lambda: name in site.real.switch.console.ask("pjsip show endpoints")  # noqa: E731
    assert known()
    anna.context.close()
    until(lambda: not known(), 30, "the phone to go", every=0.1)
