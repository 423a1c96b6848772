"""The chat by keyboard and by screen reader, and in the visitor's language."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.appliance.shop import Shop

# Lines that a screen reader reads out: those that are put in, again or anew.
READ_OUT = """() => {
    window.readOut = [];
    const list = document.querySelector("callstead-chat").shadowRoot.querySelector("ol");
    new MutationObserver((changes) => changes.forEach((one) =>
        one.addedNodes.forEach((line) => line.tagName === "LI" && readOut.push(line.innerText)),
    )).observe(list, { childList: true });
}"""
FOCUSED = "() => document.querySelector('callstead-chat').shadowRoot.activeElement?.tagName"


def test_a_line_that_stands_keeps_its_focus_and_is_not_read_out_again(shop: Shop):
    conversation = shop.begin()
    shop.answer(conversation, "a1", "See https://tea.example")
    expect(shop.lines()).to_have_count(1)
    shop.page.evaluate(READ_OUT)
    shop.lines().locator("a").focus()
    shop.answer(conversation, "a2", "and welcome")
    shop.anna.do("POST", f"/desk/conversations/{conversation}/typing")
    expect(shop.lines()).to_have_count(2)
    expect(shop.page.locator("callstead-chat .typing")).to_contain_text("typing")
    assert shop.page.evaluate(FOCUSED) == "A"
    said = shop.page.evaluate("readOut")
    assert len(said) == 1
    assert "and welcome" in said[0]


def test_all_of_a_conversation_goes_by_keyboard(shop: Shop):
    keys = shop.page.keyboard
    shop.page.goto(f"{shop.url}/example?queue={shop.queue}")
    shop.page.get_by_role("button", name="Chat with us").focus()
    keys.press("Enter")
    expect(shop.page.get_by_role("textbox", name="Your name")).to_be_focused()
    keys.type("Li")
    keys.press("Enter")
    box = shop.page.get_by_role("textbox", name="Your message")
    expect(box).to_be_focused()
    keys.type("Thanks ")
    keys.press("Tab")
    emoji = shop.page.get_by_role("button", name="Emoji")
    expect(emoji).to_be_focused()
    keys.press("Enter")
    expect(shop.page.get_by_role("button", name="😀")).to_be_focused()
    keys.press("Escape")
    expect(emoji).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Enter")
    expect(box).to_be_focused()
    keys.press("Enter")
    expect(shop.lines()).to_have_count(1)
    expect(shop.lines()).to_contain_text("Thanks 😂")
    keys.press("Escape")
    expect(shop.page.get_by_role("button", name="Chat with us")).to_be_focused()


def test_a_refusal_says_why_in_the_visitors_language(shop: Shop, tmp_path):
    shop.page.goto(f"{shop.url}/example?queue={shop.queue}&language=zh")
    shop.page.get_by_role("button", name="在线客服").click()
    shop.page.get_by_role("button", name="开始咨询").click()
    expect(shop.page.get_by_role("textbox", name="请输入消息")).to_be_visible()
    wrong = tmp_path / "page.html"
    wrong.write_text("<script>")
    shop.page.locator("callstead-chat input[type=file]").set_input_files(wrong)
    refused = shop.page.locator("callstead-chat li.refused")
    expect(refused).to_contain_text("未能发送：不支持发送这种文件，可以发送：png, jpg")


def test_what_was_said_on_another_day_shows_the_day(shop: Shop):
    conversation = shop.begin()  # the house's clock stands at a day of its own
    shop.answer(conversation, "a1", "Good morning")
    expect(shop.lines().locator("small")).to_contain_text("Anna · ")
    day = shop.page.evaluate(
        "at => new Date(at).toLocaleString('en-GB', { month: 'short', day: 'numeric' })",
        shop.anna.get(f"/desk/conversations/{conversation}/messages")["items"][0]["at"],
    )
    expect(shop.lines().locator("small")).to_contain_text(day)


def test_who_rates_while_the_server_is_away_is_asked_to_try_again(shop: Shop):
    conversation = shop.begin()
    shop.answer(conversation, "a1", "Good bye")
    expect(shop.lines()).to_have_count(1)
    shop.done(conversation)
    shop.page.route("**/api/v1/chat/rating", lambda route: route.fulfill(status=502, body="gone"))
    three = shop.page.get_by_role("radio", name="3 stars")
    three.focus()
    three.press("Space")
    stars = shop.page.locator("callstead-chat .star").all_inner_texts()
    assert stars == ["★", "★", "★", "☆", "☆"]  # told apart without their colour
    shop.page.get_by_role("button", name="Send the rating").click()
    expect(shop.page.locator("callstead-chat .thanks").first).to_contain_text("please try again")
    shop.page.unroute("**/api/v1/chat/rating")
    shop.page.get_by_role("button", name="Send the rating").click()
    expect(shop.page.locator("callstead-chat .thanks").first).to_contain_text("Thank you")
