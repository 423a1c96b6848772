"""What the chat keeps in the browser: over reloads, and for all tabs of a visitor."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.appliance.people import Person
from tests.web.appliance.shop import Shop

SUNDAYS = {"zone": "UTC", "week": {"6": ["09:00-18:00"]}, "days": {}}


def test_two_tabs_are_one_conversation_and_neither_forgets_what_the_other_keeps(shop: Shop):
    other = shop.page.context.new_page()
    other.goto(f"{shop.url}/example?queue={shop.queue}")
    conversation = shop.begin()
    other.get_by_role("button", name="Chat with us").click()
    expect(other.get_by_role("status").first).to_contain_text("You are speaking with Anna")
    shop.write("from the first")
    other.get_by_role("textbox", name="Your message").fill("from the second")
    other.keyboard.press("Enter")
    for page in (shop.page, other):
        expect(page.locator("callstead-chat li[data-number]")).to_have_count(2)
    other.get_by_role("button", name="Close").click()
    shop.page.reload()
    expect(shop.lines()).to_have_count(2)
    assert sorted(shop.kept(conversation)) == ["from the first", "from the second"]
    shop.page.get_by_role("button", name="Chat with us").click()
    shop.page.get_by_role("button", name="End the chat").click()
    shop.page.get_by_role("button", name="New chat").click()
    other.get_by_role("button", name="Chat with us").click()
    expect(other.get_by_role("button", name="Start the chat")).to_be_visible()


def test_what_another_tab_has_not_sent_yet_stays(shop: Shop):
    shop.page.context.route_web_socket("**/api/v1/feed", lambda socket: socket.close())
    conversation = shop.begin()
    shop.page.route("**/api/v1/chat/messages", lambda route: route.abort())
    shop.write("not sent yet")
    expect(shop.page.locator("callstead-chat li")).to_contain_text("sending")
    other = shop.page.context.new_page()
    other.route("**/api/v1/chat/messages", lambda route: route.abort())
    other.goto(f"{shop.url}/example?queue={shop.queue}")
    other.get_by_role("textbox", name="Your message").fill("nor this")
    other.keyboard.press("Enter")
    expect(other.locator("callstead-chat li")).to_have_count(2)
    other.close()
    shop.page.unroute("**/api/v1/chat/messages")
    shop.page.reload()
    expect(shop.lines()).to_have_count(2)
    assert sorted(shop.kept(conversation)) == ["nor this", "not sent yet"]


def test_out_of_hours_a_visitor_is_told_when_and_leaves_a_message(shop: Shop):
    admin = Person(shop.house, "admin")
    admin.do("PATCH", f"/queues/{shop.queue}", {"form": {"hours": SUNDAYS}})
    shop.page.goto(f"{shop.url}/example?queue={shop.queue}")
    shop.page.get_by_role("button", name="Chat with us").click()
    status = shop.page.get_by_role("status").first
    expect(status).to_contain_text("We are closed now and back on")
    question = shop.page.get_by_role("textbox", name="Your question")
    leave = shop.page.get_by_role("button", name="Leave a message")
    leave.click()
    question.fill("  ")
    leave.click()
    expect(question).to_be_focused()  # nothing is left without a word
    question.fill("please call me")
    shop.page.reload()
    expect(question).to_have_value("please call me")
    leave.click()
    expect(shop.lines()).to_have_count(1)
    expect(status).to_contain_text("back on 22 Nov")
    expect(status).to_contain_text("We have your message and answer here")
    expect(shop.page.get_by_role("textbox", name="Your message")).to_have_value("")


def test_who_writes_again_out_of_hours_is_told_when_it_opens(shop: Shop):
    admin = Person(shop.house, "admin")
    conversation = shop.begin()
    shop.answer(conversation, "a1", "Good bye")
    shop.done(conversation)
    status = shop.page.get_by_role("status").first
    expect(status).to_contain_text("has ended")
    admin.do("PATCH", f"/queues/{shop.queue}", {"form": {"hours": SUNDAYS}})
    shop.write("one more thing")
    expect(status).to_contain_text("We are closed now and back on 22 Nov")
    shop.page.reload()
    expect(status).to_contain_text("We are closed now and back on 22 Nov")


def test_a_page_that_loads_takes_no_focus_from_what_is_typed_in_it(shop: Shop):
    shop.begin()
    shop.page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
            const search = document.createElement("input");
            search.id = "search";
            document.body.prepend(search);
            search.focus();
        })"""
    )
    shop.page.reload()
    expect(shop.page.get_by_role("status").first).to_contain_text("You are speaking with Anna")
    expect(shop.page.locator("#search")).to_be_focused()


def test_a_network_that_is_gone_is_told_at_once_and_nothing_waits_when_it_is_back(shop: Shop):
    conversation = shop.begin()
    gone = shop.page.get_by_text("The connection is gone; we are trying again")
    shop.page.context.set_offline(True)
    expect(gone).to_be_visible(timeout=5_000)
    shop.write("typed meanwhile")
    expect(shop.page.get_by_role("button", name="End the chat")).to_be_disabled()
    shop.answer(conversation, "a1", "said meanwhile")
    shop.page.context.set_offline(False)
    expect(shop.lines()).to_have_count(2, timeout=10_000)
    expect(gone).to_be_hidden()
    expect(shop.page.get_by_role("button", name="End the chat")).to_be_enabled()
    assert shop.kept(conversation) == ["said meanwhile", "typed meanwhile"]
