"""Journeys at the desk, in real Chromium, with a process that can be killed."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from appliance.domain.agent_state import Said
from appliance.domain.records import Conversation
from appliance.services import presence
from appliance.services.describe import describe_contact
from appliance.services.keep_moving import change
from appliance.services.take_part import part
from common.web.totp import code_at
from tests.support.axe import hindrances
from tests.support.chromium import chromium
from tests.support.waiting import until
from tests.web.appliance.conftest import GOOD
from tests.web.appliance.desk_site import MANY, SLOW, DeskSite, write

expect.set_options(timeout=SLOW)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskSite]:
    with chromium() as browser:
        made = DeskSite(tmp_path_factory.mktemp("desk"), browser)
        yield made
        made.close()


@pytest.fixture(autouse=True)
def no_faults(site: DeskSite) -> Iterator[None]:
    site.faults.clear()
    yield
    site.leave()
    assert site.faults == []


def take(agent: Page) -> None:
    """Take what rings; what is said is seen before it is theirs, too."""
    agent.keyboard.press("F2")
    expect(agent.get_by_role("textbox", name="Reply")).to_be_visible()


def lines(page: Page, text: str):
    return page.locator("[data-test=message]", has_text=text)


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Reply").fill(text)
    page.keyboard.press("Enter")
    expect(lines(page, text)).to_have_count(1)


def test_a_chat_from_its_ring_to_its_close(site: DeskSite):
    name, anna = site.ready()
    visitor = site.visitor(name, "Li Na")
    offer = anna.locator("[data-test=offer]")
    expect(offer).to_contain_text("Li Na")
    expect(offer).to_contain_text("You are the only one who can take it.")
    assert hindrances(anna) == []
    anna.keyboard.press("F2")
    expect(visitor.get_by_role("status")).to_contain_text(f"You are speaking with {name.title()}")
    write(visitor, "Where is <b>my</b> order?")
    expect(lines(anna, "Where is <b>my</b> order?")).to_have_count(1)
    expect(anna.locator("[data-test=card]")).to_contain_text("Waiting")
    say(anna, "On its way")
    expect(anna.locator("[data-test=card]")).not_to_contain_text("Waiting")
    expect(visitor.locator("callstead-chat li[data-number]").last).to_contain_text("On its way")
    anna.keyboard.press("Escape")
    anna.keyboard.press("s")
    until = anna.get_by_role("button", name="Until the visitor writes")
    key = until.locator("kbd").inner_text()  # how many stand before it depends on the hour
    assert hindrances(anna) == []
    anna.keyboard.press(key)
    expect(anna.locator("[data-test=aside]")).to_contain_text("1")
    expect(anna.locator("[data-test=state]")).to_have_text("Available")
    visitor.get_by_role("textbox", name="Your message").press_sequentially("thank", delay=700)
    expect(anna.locator("[data-test=card]")).to_have_count(0)
    visitor.keyboard.press("Enter")
    expect(anna.locator("[data-test=card]")).to_contain_text("Back")
    anna.locator("[data-test=card]").click()
    expect(anna.locator("[data-test=back]")).to_contain_text("the visitor has written")
    visitor.get_by_role("textbox", name="Your message").press_sequentially("you!", delay=900)
    expect(anna.locator("[data-test=typing]")).to_contain_text("Li Na is typing")
    say(anna, "You are welcome")
    expect(anna.locator("[data-test=back]")).to_have_count(0)
    anna.keyboard.press("Escape")
    anna.keyboard.press("n")
    anna.get_by_role("textbox", name="Note", exact=True).first.fill("asks often")
    anna.keyboard.press("Enter")
    expect(lines(anna, "asks often")).to_contain_text("for colleagues only")
    expect(visitor.locator("callstead-chat li[data-number]")).to_have_count(4)
    assert hindrances(anna) == []
    _another(site, name, anna)
    anna.locator("[data-test=card]").click()
    anna.locator("[data-test=end]").click()
    anna.get_by_role("combobox", name="Result").fill("solved")
    assert hindrances(anna) == []
    anna.locator("[data-test=close]").click()
    expect(anna.locator("[data-test=card]")).to_have_count(0)
    expect(anna.locator("[data-test=state]")).to_have_text("Available")


def _another(site: DeskSite, name: str, anna: Page) -> None:
    """A second one rings, is taken, found among both, and ended."""
    site.visitor(name, "Wei")
    expect(anna.locator("[data-test=offer]")).to_contain_text("Wei")
    anna.locator("[data-test=end]").click(trial=True)  # what rings lies over nothing
    assert hindrances(anna) == []
    anna.keyboard.press("F2")
    expect(anna.get_by_role("region", name="Wei")).to_be_visible()
    anna.keyboard.press("Control+/")
    anna.keyboard.type("li na")
    expect(anna.locator("[data-test=card]")).to_contain_text("Li Na")
    anna.keyboard.type("x")
    expect(anna.locator("[data-test=none-found]")).to_contain_text("“li nax”")
    anna.keyboard.press("Escape")
    expect(anna.locator("[data-test=card]")).to_have_count(2)
    anna.locator("[data-test=end]").click()
    anna.locator("[data-test=close]").click()
    expect(anna.locator("[data-test=card]")).to_have_count(1)


def test_a_conversation_is_given_to_a_colleague_by_the_keyboard_alone(site: DeskSite):
    (queue, chen), (name, bo) = site.ready(), site.ready()
    visitor = site.visitor(queue, "Zhang")
    expect(chen.locator("[data-test=offer]")).to_contain_text("Zhang")
    take(chen)
    write(visitor, "It is broken")
    expect(lines(chen, "It is broken")).to_have_count(1)
    chen.keyboard.press("Escape")
    chen.keyboard.press("t")
    person = re.compile(f"^{name.title()} ")  # their queue is called after them
    expect(chen.get_by_role("option", name=person)).to_be_visible()
    assert hindrances(chen) == []
    chen.keyboard.type(name)
    chen.keyboard.press("Tab")
    chen.keyboard.type("has paid")
    chen.keyboard.press("Tab")
    chen.keyboard.press("Enter")
    expect(bo.locator("[data-test=offer]")).to_contain_text("It was given to you by name.")
    expect(chen.locator("[data-test=card]")).to_have_count(0)
    bo.keyboard.press("F2")
    expect(lines(bo, "It is broken")).to_have_count(1)
    expect(lines(bo, "has paid")).to_contain_text("for colleagues only")
    expect(visitor.get_by_role("status")).to_contain_text(f"You are speaking with {name.title()}")


def test_a_call_picked_up_at_the_telephone_opens_unless_something_is_typed(site: DeskSite):
    name, anna = site.ready()
    first, _number = site.picks_up(name)
    anna.wait_for_url(f"**/conversations/{first}")
    expect(anna.locator("[data-test=call-bar]")).to_be_visible()
    anna.locator("[data-test=end]").click()
    anna.locator("[data-test=close]").click()
    expect(anna.locator("[data-test=state]")).to_have_text("Available")
    anna.goto(f"{site.url}/conversations/{first}")
    note = anna.get_by_role("textbox", name="Note", exact=True).last
    note.fill("has paid")
    site.picks_up(name)
    expect(anna.locator("[data-test=card]")).to_have_count(1)
    anna.wait_for_timeout(1000)
    anna.keyboard.type(" today")
    expect(note).to_have_value("has paid today")
    assert anna.url.endswith(f"/conversations/{first}")


def test_a_colleague_who_picks_up_the_telephone_sees_the_call_they_were_asked_into(site: DeskSite):
    name, anna = site.ready()
    colleague, bo = site.ready()
    conversation, _number = site.picks_up(name)
    anna.wait_for_url(f"**/conversations/{conversation}")
    bo.goto(f"{site.url}/")
    expect(bo.locator("[data-test=state]")).to_have_text("Available")
    site.asks_in(name, colleague, conversation)
    there = anna.locator("[data-test=colleague]")
    expect(there).to_contain_text("ringing …")
    expect(anna.locator("[data-test=hand-over]")).to_be_hidden()
    site.picks_up_beside(colleague, conversation)
    bo.wait_for_url(f"**/conversations/{conversation}")
    expect(bo.locator("[data-test=call-bar]")).to_be_visible()
    expect(there).to_contain_text("in the call")
    expect(anna.locator("[data-test=hand-over]")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "rings", "why"),
    [
        ("en-GB", "ringing …", "declined, or is on the phone."),
        ("zh-CN", "正在振铃", "拒接，或正在通话"),
    ],
)
def test_who_asks_a_colleague_in_sees_that_they_ring_and_that_they_declined(
    site: DeskSite, locale: str, rings: str, why: str
):
    name, colleague = site.newcomer(), site.newcomer()
    anna, bo = site.desk(name, locale=locale), site.ids[colleague]
    with site.floor() as floor:
        change(floor, lambda work: presence.say(work, bo, Said.SIGN_IN))
        for said in (Said.SIGN_IN, Said.READY):
            change(floor, lambda work, said=said: presence.say(work, site.ids[name], said))
        conversation, _number = site.picks_up(name)
        anna.goto(f"{site.url}/conversations/{conversation}")
        there, missed = anna.locator("[data-test=colleague]"), anna.locator("[data-test=missed]")
        for because in ("busy", "no_answer"):
            site.asks_in(name, colleague, conversation)
            expect(there).to_contain_text(rings)
            expect(missed).to_be_hidden()
            floor.write(lambda work, why=because: part(work, conversation, bo, bo, why))
            expect(there).to_be_hidden()
            expect(missed).to_contain_text(colleague.title())
            if because == "busy":
                expect(missed).to_contain_text(why)
                floor.write(lambda work: work.guests.remove(work.guests.of(conversation)[0]))


def test_what_others_change_at_a_contact_is_seen_at_once_at_every_open_desk(site: DeskSite):
    name, anna = site.ready()
    conversation, _number = site.picks_up(name)
    anna.wait_for_url(f"**/conversations/{conversation}")
    pane = anna.get_by_role("complementary", name="Contact")
    note = pane.get_by_role("textbox", name="Note", exact=True)
    with site.floor() as floor:
        contact = floor.read(lambda work: work.conversation(conversation)).contact

        def change(**what: Any) -> None:
            colleague = site.ids["dora"]
            floor.write(lambda work: describe_contact(work, contact, colleague, **what))

        expect(pane.get_by_role("textbox", name="Name")).not_to_have_value("")
        change(name="Li Na", note="calls back", tags=["vip"])
        expect(pane.get_by_role("textbox", name="Name")).to_have_value("Li Na")
        expect(anna.locator("[data-test=card]")).to_contain_text("Li Na")
        expect(note).to_have_value("calls back")
        expect(pane.get_by_text("vip")).to_be_visible()
        note.fill("calls back at")
        note.focus()
        change(note="was called back", tags=["vip", "late"])
        expect(pane.get_by_text("late")).to_be_visible()
        anna.keyboard.type(" noon")
        expect(note).to_have_value("calls back at noon")
        note.blur()
        expect(note).to_have_value("was called back")
        expect(pane.get_by_role("alert")).to_contain_text("calls back at noon")


def test_what_was_before_with_a_contact_stands_with_its_time_of_day(site: DeskSite):
    name, anna = site.ready(timezone_id="Asia/Shanghai")
    conversation, _number = site.picks_up(name)
    at = datetime(2026, 3, 4, 1, 5, tzinfo=UTC)
    with site.floor() as floor:
        contact = floor.read(lambda work: work.conversation(conversation)).contact
        floor.write(lambda work: work.add_conversation(Conversation(0, "chat", contact, at)))
    anna.goto(f"{site.url}/conversations/{conversation}")
    before = anna.get_by_role("complementary", name="Contact").get_by_role("link")
    expect(before.locator("time")).to_have_text("Mar 4, 09:05")


def test_in_a_small_window_everything_is_in_reach(site: DeskSite):
    name, anna = site.ready()
    site.visitor(name)
    anna.locator("[data-test=offer]").wait_for()
    anna.keyboard.press("F2")
    end, pane = anna.locator("[data-test=end]"), anna.get_by_role("complementary", name="Contact")
    for width in (1024, 1150, 900, 820):
        anna.set_viewport_size({"width": width, "height": 520})
        box, whole = end.bounding_box(), anna.locator("section.talk").bounding_box()
        assert box is not None
        assert whole is not None
        assert box["x"] + box["width"] <= whole["x"] + whole["width"], width
    expect(pane).to_be_hidden()
    anna.get_by_role("button", name="Contact", exact=True).press("Enter")
    pane.get_by_role("textbox", name="Note", exact=True).fill("regular")
    pane.get_by_role("button", name="Back to the conversation").press("Enter")
    expect(pane).to_be_hidden()
    expect(end).to_be_visible()
    anna.keyboard.press("Escape")
    anna.keyboard.press("t")
    give = anna.get_by_role("dialog").get_by_role("button", name=re.compile("^Transfer"))
    give.wait_for()
    expect(give).to_be_in_viewport(ratio=1)
    anna.keyboard.press("Escape")
    anna.get_by_role("button", name="My account").click()
    last = anna.get_by_role("button", name="Sign out")
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)


def test_a_caller_who_turns_out_to_be_somebody_known_is_named_so_at_once(site: DeskSite):
    name, anna = site.ready()
    _conversation, number = site.picks_up(name)
    pane = anna.get_by_role("complementary", name="Contact")
    expect(anna.locator("[data-test=card]")).to_contain_text(number)
    expect(pane.get_by_role("textbox", name="Name")).to_have_value(number)
    with site.floor() as floor:
        known = floor.write(lambda work: work.add_contact("Li Na"))
        colleague = site.ids["dora"]
        floor.write(lambda work: describe_contact(work, known, colleague, note="calls back"))
        floor.write(lambda work: describe_contact(work, known, colleague, number=number))
    expect(anna.locator("[data-test=card]")).to_contain_text("Li Na")
    expect(pane.get_by_role("textbox", name="Name")).to_have_value("Li Na")
    expect(pane.get_by_role("textbox", name="Note", exact=True)).to_have_value("calls back")
    expect(anna.get_by_role("region", name="Li Na")).to_be_visible()


def test_a_second_step_is_made_in_the_page_and_asked_for_at_the_next_sign_in(site: DeskSite):
    name = site.newcomer()
    page = site.desk(name)
    page.goto(f"{site.url}/account")
    page.get_by_role("button", name="Set up").click()
    secret = page.locator("[data-test=secret]").inner_text().replace(" ", "")
    now = datetime.now(UTC)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong.")
    page.get_by_label("Code", exact=True).fill(code_at(secret, now - timedelta(seconds=30)))
    page.get_by_role("button", name="Turn it on").click()
    recovery = page.locator("[data-test=codes] code").first.inner_text()
    assert hindrances(page) == []
    page.get_by_role("button", name="I have saved them").click()
    expect(page.locator("[data-test=factor]")).to_have_text("On")
    for code in (code_at(secret, now), recovery):
        page.keyboard.press("Control+k")
        page.keyboard.type("sign out")
        page.keyboard.press("Enter")
        page.locator("[name=name]").fill(name)
        page.fill("[name=password]", GOOD)
        page.click("main button")
        page.locator("[name=code]").fill(code)
        page.click("main button")
        page.locator("#content").wait_for()
    page.goto(f"{site.url}/account")
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()


def test_seven_hundred_messages_are_read_as_one_scrolls_and_drawn_as_they_are_seen(site: DeskSite):
    dora = site.desk("dora")
    dora.goto(f"{site.url}/conversations/{site.many}")
    expect(lines(dora, f"line {MANY} ")).to_have_count(1)
    expect(lines(dora, f"line {MANY} ")).to_be_in_viewport()
    assert dora.locator("[data-test=message]").count() < 60
    seen = dora.locator("[data-test=message]").first
    first = "first => Number(first.querySelector('.text').textContent.split(' ')[1])"
    until(lambda: _up(dora) or seen.evaluate(first) < MANY - 250, 60, "an earlier page")
    assert dora.locator("[data-test=message]").count() < 60
    _switch_is_silent(site, dora)
    _put_off(site, dora)
    # Whoever is led to where they are types on there.
    reply = dora.locator("form.composer textarea")
    reply.focus()
    dora.keyboard.press("Control+k")
    dora.keyboard.type(f"#{site.many}")
    dora.get_by_role("option").first.wait_for()
    dora.keyboard.press("Enter")
    expect(dora.locator("dialog")).to_have_count(0)
    dora.keyboard.type("Still here")
    expect(reply).to_have_value("Still here")
    reply.fill("")


def _switch_is_silent(site: DeskSite, page: Page) -> None:
    """That no call rings is said as long as it is so, and to whoever loads the page meanwhile."""
    notice = page.locator("[data-test=switch-silent]")
    site.switch_answers(False)
    expect(notice).to_contain_text("No call rings until it does")
    assert hindrances(page) == []
    page.reload()
    expect(notice).to_be_visible()
    site.switch_answers(True)
    expect(notice).to_have_count(0)


def _put_off(site: DeskSite, page: Page) -> None:
    """An update waits: said to who is offline, too, with a desk open; and put off from there."""
    site.update_waits(True)
    notice = page.locator("[data-test=updating]")
    expect(notice).to_contain_text("once your open conversations are over")
    assert hindrances(page) == []
    notice.get_by_role("button", name="In an hour").click()
    expect(page.locator("[data-test=put-off]")).to_contain_text("The update is put off until")
    expect(notice).to_have_count(0)
    site.update_waits(False)


def _up(page: Page) -> None:
    page.get_by_role("log").evaluate("box => { box.scrollTop = 0; }")


def test_what_is_typed_while_the_server_is_dead_arrives_once_when_it_is_back(site: DeskSite):
    name, anna = site.ready()
    visitor = site.visitor(name, "Wu")
    expect(anna.locator("[data-test=offer]")).to_contain_text("Wu")
    take(anna)
    write(visitor, "first")
    expect(lines(anna, "first")).to_have_count(1)
    site.process.end(signal.SIGKILL)
    expect(anna.locator("[data-test=gone]")).to_be_visible()
    field = anna.get_by_role("textbox", name="Reply")
    field.fill("typed meanwhile")
    anna.keyboard.press("Enter")
    field.fill("not sent yet")
    expect(anna.locator("[data-test=outgoing]")).to_contain_text("typed meanwhile")
    site.process.start()
    site.process.wait_until_ready()
    expect(anna.locator("[data-test=gone]")).to_have_count(0)
    expect(lines(anna, "typed meanwhile")).to_have_count(1)
    # As after a browser that was killed before its storage reached the disk.
    anna.evaluate("() => { localStorage.clear(); location.reload(); }")
    expect(lines(anna, "typed meanwhile")).to_have_count(1)
    expect(anna.get_by_role("textbox", name="Reply")).to_have_value("not sent yet")
