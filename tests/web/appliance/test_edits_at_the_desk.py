"""Somebody else edits what an agent has in a form, in real Chromium: nothing is lost unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from appliance.domain.conversation import State
from appliance.domain.custom_fields import CustomField, Subject
from appliance.domain.records import Agent, Conversation
from appliance.domain.work import Work
from appliance.services.catalogue import save_field
from appliance.services.describe import describe_contact, describe_conversation
from appliance.services.show_confidential import show_confidential
from tests.support.axe import hindrances
from tests.web.appliance.room_site import Site, opened, watched

FIELDS = ((Subject.CONVERSATION, "invoice"), (Subject.CONTACT, "town"))


@pytest.fixture(scope="module")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("room"), chromium) as found:
        for subject, key in FIELDS:
            field = CustomField(0, subject, key, {"en": key.title()}, required=True)
            found.room.office.floor.write(
                lambda work, field=field: save_field(work, field, "user:1")
            )
        passport = CustomField(
            0,
            Subject.CONVERSATION,
            "passport",
            {"en": "Passport"},
            required=True,
            confidential=True,
        )
        found.room.office.floor.write(lambda work: save_field(work, passport, "user:1"))
        sue = Agent(found.room.agents["sue"], "Sue Bennett")
        found.room.office.floor.write(lambda work: work.save_agent(sue))
        yield found


class Desk:
    """An agent who wraps up, and a supervisor who edits the same."""

    def __init__(self, site: Site, page: Page) -> None:
        self._site, self.page = site, page
        self._floor = site.room.office.floor
        self.id = self._floor.write(self._begun)
        self._sue = site.room.agents["sue"]
        self.edit(fields={"invoice": "A 1", "passport": "1"}, disposition="", tags=["late"])
        self.edit_contact(fields={"town": "Lund"})
        page.goto(f"{site.address}/conversations/{self.id}")
        self.form = page.locator("form.wrap")
        expect(self.field("Town")).to_have_value("Lund")

    def _begun(self, work: Work) -> int:
        bo, queue = self._site.room.agents["bo"], next(iter(work.queues()))
        begun = work.add_conversation(
            Conversation(0, "chat", work.add_contact("Wang Wei"), work.now, queue=queue)
        )
        work.save(replace(begun, state=State.WRAP_UP, agent=bo, last_agent=bo))
        return begun.id

    def edit(self, **change: Any) -> None:
        """The supervisor edits the conversation."""
        self._floor.write(lambda work: describe_conversation(work, self.id, self._sue, **change))

    def edit_contact(self, **change: Any) -> None:
        """The supervisor edits the contact."""
        contact = self.now().contact
        self._floor.write(lambda work: describe_contact(work, contact, self._sue, **change))

    def now(self) -> Conversation:
        """As it is kept."""
        return self._floor.read(lambda work: work.conversation(self.id))

    def contact_fields(self) -> Any:
        """As they are kept."""
        contact = self.now().contact
        return self._floor.read(lambda work: work.desk.contact(contact)).fields

    def passport(self) -> object:
        """The confidential value that is kept."""
        return self._floor.read(
            lambda work: show_confidential(work, Subject.CONVERSATION, self.id, "passport")
        )

    def field(self, name: str) -> Locator:
        """One of the form's."""
        return self.form.get_by_label(name)

    def close(self) -> None:
        """Press the button."""
        self.form.get_by_role("button", name="Close conversation").click()


@pytest.fixture
def desk(site: Site) -> Iterator[Desk]:
    faults: list[str] = []
    page = watched(site.page("bo"), faults)
    yield Desk(site, page)
    page.close()
    assert faults == []


def test_what_the_agent_left_alone_follows_and_what_was_typed_stays_beside_theirs(desk):
    desk.form.get_by_label("Result").select_option(label="Solved")
    desk.form.get_by_label("Note").fill("calls again")
    desk.edit(fields={"invoice": "A 2"}, tags=["late", "vip"])
    expect(desk.field("Invoice")).to_have_value("A 2")
    expect(desk.form.get_by_text("vip")).to_be_visible()
    desk.field("Invoice").fill("B 1")
    desk.edit(fields={"invoice": "C 1"})
    theirs = desk.form.locator("[data-test=theirs]")
    expect(theirs).to_contain_text("C 1")
    expect(desk.field("Invoice")).to_have_value("B 1")
    assert hindrances(desk.page) == []
    theirs.get_by_role("button").click()
    expect(theirs).to_have_count(0)
    expect(desk.field("Invoice")).to_have_value("C 1")
    expect(desk.form.get_by_label("Note")).to_have_value("calls again")


def test_what_was_left_alone_is_not_written_over_what_a_supervisor_has_put_right(desk):
    desk.edit(fields={"invoice": "A 2"})
    expect(desk.field("Invoice")).to_have_value("A 2")
    desk.edit_contact(fields={"town": "Malmö"})
    desk.form.get_by_label("Result").select_option(label="Solved")
    desk.close()
    expect(desk.form).to_have_count(0)
    assert (desk.now().disposition, desk.now().fields["invoice"]) == ("solved", "A 2")
    assert desk.contact_fields()["town"] == "Malmö"


def test_who_is_faster_is_seen_before_anything_is_overwritten_and_what_was_typed_stays(desk):
    for what in ("cards", "contacts"):
        desk.page.route(f"**/api/v1/desk/{what}/*", partial(_hear_nothing, []))
    desk.form.get_by_label("Result").select_option(label="Solved")
    desk.field("Invoice").fill("B 1")
    desk.field("Town").fill("Ystad")
    desk.edit(fields={"invoice": "C 1"})
    desk.edit_contact(fields={"town": "Malmö"}, tags=["regular"])
    desk.close()
    theirs = desk.form.locator("[data-test=theirs]")
    expect(theirs).to_contain_text(["C 1"])
    expect(desk.form.get_by_role("alert").last).to_contain_text("Somebody else")
    assert desk.now().fields["invoice"] == "C 1"
    desk.close()
    expect(theirs).to_contain_text(["Malmö"])
    assert desk.contact_fields()["town"] == "Malmö"
    assert hindrances(desk.page) == []
    expect(desk.field("Town")).to_have_value("Ystad")
    desk.close()
    expect(desk.form).to_have_count(0)
    assert (desk.now().disposition, desk.now().fields["invoice"]) == ("solved", "B 1")
    assert desk.contact_fields()["town"] == "Ystad"


def _hear_nothing(held: list[Route], route: Route) -> None:
    """The desk does not hear of the edit before it asks for something itself."""
    if route.request.method == "PATCH" or held:
        held.append(route)
        route.continue_()
    else:
        route.abort()


def test_a_note_of_the_contact_is_not_lost_to_somebody_who_edits_something_else(desk):
    pane = desk.page.get_by_role("complementary")
    note = pane.get_by_label("Note", exact=True)
    note.fill("speaks Swedish")
    desk.edit_contact(tags=["regular"])
    note.blur()
    expect(pane.get_by_text("regular")).to_be_visible()
    expect(note).to_have_value("speaks Swedish")
    note.fill("speaks Swedish and Finnish")
    desk.edit_contact(note="speaks Danish")
    note.blur()
    expect(pane.get_by_role("alert")).to_contain_text("speaks Swedish and Finnish")
    expect(pane.get_by_role("alert")).to_be_in_viewport()
    expect(note).to_have_value("speaks Danish")


def test_two_who_change_a_confidential_value_know_whose_is_kept_and_neither_sees_the_others(desk):
    pane = desk.page.get_by_role("complementary")
    change = pane.get_by_role("button", name="Change: Passport")
    expect(pane.get_by_text("Filled in by Sue Bennett")).to_be_visible()
    change.click()
    change_it = pane.get_by_label("Passport")
    change_it.fill("22")
    desk.edit(fields={"passport": "33"})
    expect(desk.form.get_by_text("Filled in by Sue Bennett")).to_be_visible()
    change_it.blur()
    told = pane.get_by_role("alert")
    expect(told).to_contain_text("Sue Bennett changed “Passport” before you did")
    expect(told).to_contain_text("Theirs is kept, yours is not.")
    expect(pane.get_by_text("Filled in by Sue Bennett")).to_be_visible()
    assert desk.passport() == "33"
    assert hindrances(desk.page) == []
    change.click()
    change_it.fill("22")
    change_it.blur()
    expect(pane.get_by_text("Filled in by Bo Lindqvist")).to_be_visible()
    assert desk.passport() == "22"
    change.click()
    change_it.blur()  # thought better of it
    expect(change).to_be_visible()
    desk.form.get_by_role("button", name="Change: Passport").click()
    desk.field("Passport").fill("44")
    desk.field("Passport").blur()
    desk.edit(fields={"passport": "55"})
    theirs = desk.form.locator("[data-test=theirs]")
    expect(theirs).to_contain_text("Sue Bennett changed this confidential value")
    assert not {"33", "55"} & set(desk.page.locator("body").inner_text().split())
    theirs.get_by_role("button").click()
    expect(desk.form.get_by_text("Filled in by Sue Bennett")).to_be_visible()
    desk.form.get_by_label("Result").select_option(label="Solved")
    desk.close()
    expect(desk.form).to_have_count(0)
    assert desk.passport() == "55"
