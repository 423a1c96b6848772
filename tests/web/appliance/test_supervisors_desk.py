"""Journeys of supervisors and administrators, in real Chromium."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from appliance.domain.contact import Identity
from appliance.domain.work import Work
from appliance.services.arrive import Arrival, arrive
from appliance.services.say_message import Saying, say_message
from appliance.services.talk import end, leave
from appliance.store.flows import SqlFlows
from common.clock import SystemClock
from tests.support.showroom import open_to_visitors
from tests.web.appliance.room_site import SLOW, Site, opened, watched


@pytest.fixture(scope="module")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("room"), chromium) as found:
        yield found


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


def test_making_a_queue(site: Site, faults: list[str]):
    page = watched(site.page("admin2"), faults)
    page.goto(f"{site.address}/admin/queues")
    page.get_by_role("link", name="New queue").click()
    page.get_by_label("Name", exact=True).fill("Returns")
    page.get_by_label("Answered (%)").fill("95")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_label("Name of the rule").fill("Experts first")
    page.get_by_label("Skills and levels").first.fill("product 4")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="Returns")
    expect(row).to_contain_text("95% within 20 s")
    expect(row).to_contain_text("Experts first")
    kept = site.room.office.floor.read(lambda work: work.queues())
    (made,) = [queue for queue in kept.values() if queue.name == "Returns"]
    assert made.rules[0].steps[0].need.skills == {"product": 4}
    page.goto(f"{site.address}/admin/routing?queue={made.id}")
    expect(page.locator(".page ol li").first).to_contain_text("Is not in this queue")
    page.close()


def test_a_field_and_a_result_are_made_and_asked_for_before_a_conversation_is_closed(
    site: Site, faults: list[str]
):
    floor = site.room.office.floor
    page = watched(site.page("admin2"), faults)
    page.goto(f"{site.address}/admin/fields")
    section = page.get_by_role("region", name="Conversation fields")
    section.get_by_role("button", name="New field").click()
    page.get_by_role("button", name="Save").click()
    told = page.get_by_role("alert").filter(has_text="Enter a name")
    expect(told).to_be_visible()  # beside what the floor itself warns of
    page.get_by_label("Name · English").fill("Invoice No.")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.keyboard.press("Escape")  # whoever typed something is asked first
    page.get_by_label("Type").select_option("number")
    page.get_by_label("Required before an agent closes a conversation").check()
    page.get_by_role("button", name="Save").click()
    expect(section).to_contain_text("invoice_no")
    busy = floor.read(lambda work: work.held_by(site.room.agents["anna"]))
    spoken = next(one for one in busy if one.state == "active")
    floor.write(lambda work: end(work, spoken.id, spoken.agent))
    desk = watched(site.page("anna"), faults)
    desk.goto(f"{site.address}/conversations/{spoken.id}")
    form = desk.locator("form.wrap")
    form.get_by_label("Result").select_option(label="Solved")
    form.get_by_role("button", name="Close conversation").click()
    expect(form.get_by_role("alert").first).to_contain_text("Enter a number")
    form.get_by_label("Invoice No.").fill("4711")
    form.get_by_role("button", name="Close conversation").click()
    expect(form).to_have_count(0)
    closed = floor.read(lambda work: work.conversation(spoken.id))
    assert (closed.disposition, closed.fields["invoice_no"]) == ("solved", 4711)
    section.get_by_role("button", name="Retire: Invoice No.").click()
    expect(section.get_by_text("Retired: 1")).to_be_visible()
    desk.close()


def test_an_open_desk_offers_what_an_administrator_has_just_edited(site: Site, faults: list[str]):
    desk = watched(site.page("bo"), faults)
    desk.goto(site.address)
    desk.locator("[data-test=state]").click()
    menu = desk.locator("header .item")
    expect(menu.get_by_text("Lunch", exact=True)).to_be_visible()
    page = watched(site.page("admin2"), faults)
    page.goto(f"{site.address}/admin/away")
    page.get_by_role("button", name="New reason").click()
    page.get_by_label("Name · English").fill("Doctor")
    page.get_by_role("button", name="Save").click()
    expect(menu.get_by_text("Doctor", exact=True)).to_be_visible()  # without being opened again
    page.get_by_role("button", name="Retire: Doctor").click()
    expect(menu.get_by_text("Doctor", exact=True)).to_have_count(0)
    desk.close()
    page.close()


def test_a_flow_is_drawn_tried_and_published(site: Site, faults: list[str]):
    page = watched(site.page("admin2"), faults)
    page.goto(f"{site.address}/admin/calls")
    page.get_by_label("Name of the flow").fill("Night")
    page.get_by_role("button", name="New flow").click()
    expect(page.get_by_text("There is no step yet")).to_be_visible()
    page.get_by_label("New step").select_option("Callback")
    page.get_by_label("Name of the step").last.fill("later")
    page.get_by_role("button", name="Add the step").click()
    expect(page.get_by_text("a step for callers who do not want it")).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the step").click()
    page.get_by_label("New step").select_option("Voicemail")
    page.get_by_label("Name of the step").last.fill("box")
    page.get_by_role("button", name="Add the step").click()
    page.get_by_label("Text to speak").fill("Please speak now.")
    expect(page.get_by_role("listitem").filter(has_text="leaves a voicemail")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is in use from now on.")).to_be_visible()
    kept = SqlFlows(site.room.office.database, SystemClock()).all()
    (made,) = [one for one in kept if one.name == "Night"]
    assert made.form["steps"]["box"]["say"][0]["text"] == "Please speak now."  # type: ignore[index]
    page.goto(f"{site.address}/admin/calls")
    page.locator("main").get_by_label("Number", exact=True).fill("+861055501234")
    page.get_by_role("button", name="Add the number").click()  # leads somewhere, which is kept
    expect(page.get_by_text("It is there already")).to_be_visible()
    page.close()


def test_a_report_exported(site: Site, faults: list[str]):
    page = watched(site.page("sue"), faults)
    page.goto(f"{site.address}/reports/figures?days=week&by=queue&interval=day")
    expect(page.locator(".chart svg")).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible()
    rows = page.locator("tbody tr").count()
    with page.expect_download() as told:
        page.get_by_role("link", name="CSV").click()
    lines = list(csv.reader(io.StringIO(told.value.path().read_bytes().decode("utf-8-sig"))))
    assert len(lines) == rows + 1
    assert lines[0][:4] == ["Begins", "Queue", "Arrived", "Offered"]
    with page.expect_download() as told:
        page.get_by_role("link", name="Excel").click()
    assert "xl/worksheets/sheet2.xml" in zipfile.ZipFile(told.value.path()).namelist()
    page.close()


def test_a_supervisor_listens_and_takes_over(site: Site, faults: list[str]):
    floor = site.room.office.floor
    spoken = next(
        one for has in floor.read(lambda work: work.loads()).values() for one in has
        if one.state == "active"
    )  # fmt: skip
    theirs = next(name for name, one in site.room.agents.items() if one == spoken.agent)
    before = site.page(theirs)
    before.goto(f"{site.address}/account")  # wherever the agent is at that moment
    expect(before.get_by_role("heading", level=1)).to_be_visible()
    late = site.room.queues["Reception"]
    who = [Identity("cookie", "late", sure=False)]
    arrival = Arrival(channel="chat", queue=late, weight=25, name="Late", identities=who)
    floor.write(lambda work: arrive(work, arrival))
    floor.write(lambda work: _target(work, late, within=1.0))
    page = watched(site.page("sue"), faults)
    page.goto(f"{site.address}/supervisor/conversations")
    alerts = page.locator("[data-test=alerts]")
    expect(alerts).to_contain_text("longest wait")
    alerts.get_by_role("button", name="Dismiss").click()
    expect(alerts).to_have_count(0)
    row = page.locator("tr", has=page.get_by_text(f"#{spoken.id}", exact=True))
    expect(row).to_contain_text("Visitor ")
    row.focus()
    page.keyboard.press("l")
    heard = page.get_by_role("complementary", name=f"#{spoken.id}")
    expect(heard.get_by_role("listitem").first).to_be_visible()
    floor.write(lambda work: say_message(work, Saying(spoken.id, "v9", "Are you there?"), 4000))
    expect(heard).to_contain_text("Are you there?")
    row.focus()
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_contain_text("Set the state of")
    page.keyboard.press("Escape")
    expect(row).to_be_focused()  # as before the dialog
    page.keyboard.press("o")
    page.wait_for_url(f"**/conversations/{spoken.id}")
    expect(page.locator("main")).to_contain_text("Are you there?")
    taken = floor.read(lambda work: work.conversation(spoken.id))
    assert taken.agent == site.room.agents["sue"]
    notice = before.locator("[data-test=taken]")
    expect(notice).to_contain_text("Sue Bennett has taken over the conversation with")
    expect(notice.get_by_role("link")).to_have_count(0)  # the agent may not read it any more
    notice.get_by_role("button", name="OK").click()
    expect(notice).to_have_count(0)
    before.close()
    what = [one.what for one in site.room.office.audit.latest(20)]
    assert "conversation.listen" in what
    page.close()


def test_a_supervisor_who_reads_along_is_told_that_it_is_over_and_not_of_a_lost_connection(
    site: Site,
):
    floor = site.room.office.floor
    who = [Identity("cookie", "brief", sure=False)]
    queue = site.room.queues["Reception"]
    arrival = Arrival(channel="chat", queue=queue, weight=25, name="Brief", identities=who)
    number = floor.write(lambda work: arrive(work, arrival)).conversation.id
    page = site.page("sue")
    page.goto(f"{site.address}/supervisor/conversations")
    row = page.locator("tr", has=page.get_by_text(f"#{number}", exact=True))
    row.get_by_role("button", name="Listen in").click()
    heard = page.get_by_role("complementary", name=f"Brief · #{number}")
    expect(heard).to_contain_text("You are reading along")
    floor.write(lambda work: leave(work, number))
    expect(heard.get_by_role("status")).to_have_text("This conversation is over.")
    page.wait_for_timeout(5000)  # longer than it takes to come back to a feed that refuses
    expect(page.locator("[data-test=gone]")).to_have_count(0)
    page.close()


def _target(work: Work, queue: int, within: float) -> None:
    found = work.queue(queue)
    work.save_queue(replace(found, target=replace(found.target, within=within)))


def test_first_run(chromium: Browser, tmp_path: Path, faults: list[str]):
    with open_to_visitors(tmp_path, empty=True) as (room, address):
        context = chromium.new_context(ignore_https_errors=True, locale="en")
        context.set_default_timeout(SLOW)
        page = watched(context.new_page(), faults)
        page.goto(f"{address}/sign-in?lang=en")
        page.fill('input[name="name"]', "admin")
        page.fill('input[name="password"]', room.first_password)
        page.click("main form button")
        for field in page.locator('main input[type="password"]').all():
            name = field.get_attribute("name")
            field.fill(
                room.first_password if name in {"old", "current"} else "quite a new sentence"
            )
        page.click("main form button")
        expect(page.get_by_role("heading", name="First steps")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="password")).to_be_visible()
        page.get_by_label("Name", exact=True).fill("Help desk")
        page.locator("li.current select").select_option("always")
        page.get_by_role("button", name="Save").click()
        page.get_by_label("Name to sign in with").fill("li")
        page.get_by_role("button", name="Add a person").click()
        expect(page.get_by_role("button", name="Copy")).to_be_visible()
        page.get_by_role("button", name="I have handed it over").click()
        page.get_by_role("button", name="I will take conversations").click()
        page.get_by_role("button", name="I am ready").click()
        expect(page.get_by_role("link", name="Chat as a visitor")).to_be_visible()
        visitor = watched(context.new_page(), faults)
        visitor.goto(f"{address}/example?queue=1")
        visitor.get_by_role("button", name="Chat with us").click()
        visitor.get_by_role("textbox", name="Your name").fill("A visitor")
        visitor.get_by_role("button", name="Start the chat").click()
        desk = watched(context.new_page(), faults)
        desk.goto(f"{address}/running")
        desk.get_by_role("link", name="Chats").click()
        expect(desk.locator("[data-test=offer]")).to_contain_text("Help desk")
        expect(page.locator("[data-test=offer]")).to_contain_text("Help desk")
        desk.keyboard.press("F2")
        expect(page.get_by_text("Your call centre takes chats.")).to_be_visible()
        context.close()
