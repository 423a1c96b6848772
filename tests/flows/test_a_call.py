"""Calls from end to end: sipp, the real switch, the appliance, two agents in Chromium.

After one that goes well: the short form of what the drills do in every state.
"""

from __future__ import annotations

import io
import os
import wave
from array import array
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin

import psutil
from playwright.sync_api import APIResponse, Page, expect

from appliance.domain.capacity import FULL
from appliance.domain.contact import Identity
from appliance.domain.queue import Queue
from appliance.domain.telephony.phones import Number
from appliance.domain.work import Work
from appliance.office import Office
from appliance.services import talk
from appliance.services.arrive import Arrival, arrive
from appliance.services.describe import describe_contact
from appliance.services.say_message import Saying, say_message
from appliance.store.flows import SqlFlows
from appliance.store.phones import SqlPhones
from common.clock import SystemClock
from tests.support.phone_site import PhoneSite, begin, phone_site
from tests.support.waiting import until

expect.set_options(timeout=30_000)

NUMBER, CALLER, OUTSIDE = "200", "+8613800000000", "+861060001234"
ASKED = "Where is my parcel?"
_HEARD = 500  # of 32768: a tone, and not the noise of nothing


def furnish(office: Office, queue: Queue) -> None:
    """A menu before the queue, whose talks are recorded; the caller has written before."""
    steps = {
        "menu": {
            "kind": "menu", "say": [{"text": "销售请按一。", "language": "zh-CN"}],
            "keys": {"1": "sales"}, "ways": {"otherwise": "bye"},
        },
        "sales": {"kind": "queue", "queue": queue.id},
        "bye": {"kind": "hang_up"},
    }  # fmt: skip
    flows = SqlFlows(office.database, SystemClock())
    draft = flows.add("main", {"start": "menu", "steps": steps})
    flows.publish(draft.id, "ada")
    SqlPhones(office.database).keep_number(Number(NUMBER, queue.id, draft.id))

    anna = next(user.id for user in office.users.all() if user.name == "anna")

    def write(work: Work) -> None:
        work.save_queue(replace(queue, phone=replace(queue.phone, record=True)))
        by_cookie = [Identity("cookie", "a-browser", sure=False)]
        chat = arrive(
            work, Arrival("chat", queue.id, by_cookie, FULL, name="Li", subject=ASKED)
        ).conversation  # fmt: skip
        describe_contact(work, chat.contact, anna, number=CALLER)  # who typed it in at the desk
        say_message(work, Saying(chat.id, "1", ASKED), 1000)
        talk.leave(work, chat.id)

    office.floor.write(write)


def asked(page: Page, path: str) -> APIResponse:
    """What the appliance answers to whoever sits there."""
    answer = page.request.get(urljoin(page.url, path))
    assert answer.ok, answer.text()
    return answer


def loudness(page: Page, number: int) -> float:
    """The root mean square of what was recorded of a call, and is played at the desk."""
    page.goto(urljoin(page.url, f"/conversations/{number}"))
    play = page.get_by_role("list", name="Recordings").get_by_role("button", name="Play")
    play.first.wait_for()  # it comes by itself when the recording is sealed
    play.first.click()
    path = page.locator("audio[src]").get_attribute("src")
    with wave.open(io.BytesIO(asked(page, path or "").body())) as file:
        samples = array("h", file.readframes(file.getnframes()))
    return float((sum(s * s for s in samples) / len(samples)) ** 0.5)


def take(page: Page) -> None:
    """Accept what rings, and speak."""
    page.locator("[data-test=offer]").wait_for()
    page.keyboard.press("F2")
    page.locator("[data-test=call-bar]").get_by_role("button", name="Mute").wait_for()


def until_telephones(site: PhoneSite, number: int) -> None:
    """So many are in the call; what records it is a channel, too, and no telephone."""
    until(lambda: site.channels().count("PJSIP/") == number, 30, f"{number}", site.channels)


def call_back(site: PhoneSite, page: Page, number: int) -> None:
    """From what was closed, the caller's number is called; they answer, and the agent ends it."""
    page.goto(urljoin(page.url, f"/conversations/{number}"))
    expect(page.locator("[data-test=phone-state]")).to_have_text("The phone is ready")
    site.real.party("answers", after=1)
    page.get_by_role("button", name=f"Call {CALLER}").click()
    expect(page.locator("[data-test=dial]")).to_contain_text(CALLER)
    expect(page.get_by_role("button", name="Hold")).to_be_hidden()  # nobody is there yet
    page.get_by_role("button", name="Hold").wait_for()
    until_telephones(site, 2)
    page.locator("[data-test=end]").click()
    page.locator("[data-test=close]").click()
    site.until_quiet()


def ask_number_in(page: Page) -> None:
    """The number outside is asked in, and the caller is on hold meanwhile."""
    page.get_by_role("button", name="Ask a colleague in").click()
    page.get_by_role("dialog").get_by_role("combobox").fill(OUTSIDE)
    page.get_by_role("button", name=f"Ask {OUTSIDE} in").click()
    page.locator("[data-test=leave-alone]").wait_for()


def until_in_room(site: PhoneSite, number: int) -> None:
    """So many hear each other."""
    until(lambda: len(site.room()) == number, 30, f"{number} in the room", site.channels)


def who_works_on_calls_shares_a_processor_and_nobody_else_does(site: PhoneSite) -> None:
    everywhere = os.sched_getaffinity(site.process.pid)
    places = [os.sched_getaffinity(one.id) for one in psutil.Process(site.process.pid).threads()]
    one = {max(everywhere)}
    assert places.count(one) > 32  # the calls' threads, who hears the switch, the writer
    assert everywhere == one or places.count(everywhere) > 1


def the_appliance_dies_in_a_call_of_three(site: PhoneSite, page: Page) -> None:
    """A number outside is with agent and caller, and recorded; the agent then leaves the two."""
    site.real.caller(NUMBER, stays=600, keys=[(0.5, "1")])
    take(page)
    until_telephones(site, 2)
    site.real.party("answers")
    ask_number_in(page)
    until_in_room(site, 2)
    page.get_by_role("button", name="Resume").click()
    until_in_room(site, 3)
    three = site.room()
    site.kill()
    assert site.room() == three == set(site.legs())
    page.locator("[data-test=leave-alone]").click()
    page.locator("[data-test=onward]").wait_for()
    until_telephones(site, 2)
    assert site.room() < three
    caller = next(leg for leg, called in site.legs().items() if called)
    site.ari(f"channels/{caller}", "DELETE")  # hangs up
    site.until_quiet()
    page.locator("[data-test=close]").click()
    expect(page.locator("[data-test=state]")).to_have_text("Available")


def the_switch_dies_in_a_call(site: PhoneSite, page: Page) -> None:
    """Its agent is free, although no other switch comes; with the next one all of it is over."""
    expect(page.locator("[data-test=phone-state]")).to_have_text("The phone is ready")
    site.real.caller(NUMBER, stays=600, keys=[(0.5, "1")])
    take(page)
    until_in_room(site, 2)
    site.kill_switch()
    page.locator("[data-test=close]").click()
    expect(page.locator("[data-test=state]")).to_have_text("Available")
    site.real.switch.start([])
    until(lambda: not site.calls_going_on(), 30, "the end of it", site.calls_going_on)
    assert site.legs() == {}


def test_through_menu_and_queue_to_an_agent_recorded_transferred_and_reported(tmp_path):
    with phone_site(tmp_path / "home", furnish) as site:
        anna = site.ready("anna")
        bo = site.desk("bo")
        site.real.newcomer(NUMBER, "1", stays=60)
        take(anna)
        until_telephones(site, 2)
        # The switch tells what is asked for alone; each variable that is set would be an event.
        assert "StasisStart" in str(site.ari("applications/callstead")["events_allowed"])
        who_works_on_calls_shares_a_processor_and_nobody_else_does(site)
        # The earlier chat stands beside the call.
        history = anna.get_by_role("complementary", name="Contact").get_by_role("link")
        expect(history).to_contain_text(ASKED)
        anna.wait_for_timeout(1500)  # what is said is what is recorded
        begin(bo)
        anna.get_by_role("button", name="Transfer").click()
        anna.get_by_role("option", name="Bo").click()
        anna.get_by_role("button", name="Transfer to Bo").click()
        take(bo)
        expect(anna.locator("[data-test=state]")).to_have_text("Available")
        until_telephones(site, 2)
        number = int(bo.url.rsplit("/", 1)[1])
        bo.locator("[data-test=end]").click()
        bo.get_by_label("Result").fill("sold")
        bo.locator("[data-test=close]").click()
        site.until_quiet()
        assert site.real.switch.console.ask("bridge show all").count("\n") == 0
        for page in (anna, bo):
            expect(page.locator("[data-test=state]")).to_have_text("Available")

        call_back(site, bo, number)
        assert loudness(bo, number) > _HEARD
        today = datetime.now(UTC).date()
        sue = site.desk("sue")
        report = asked(sue, f"/api/v1/reports?first={today}&last={today}&channel=phone").json()
        values = report["sums"][-1]["values"]
        # Who is transferred comes to the queue, and is answered, once more.
        names = ("arrived", "answered", "handled", "transferred", "abandoned")
        assert [values[name] for name in names] == [2, 2, 2, 1, 0]
        assert values["talk"] > 1
        out = asked(sue, f"/api/v1/reports?first={today}&last={today}&channel=outbound").json()
        assert out["sums"][-1]["values"]["called_out"] == 1

        the_appliance_dies_in_a_call_of_three(site, bo)  # who spoke with them last
        the_switch_dies_in_a_call(site, bo)
