"""The chat on a customer's web page, in real Chromium."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from playwright.sync_api import Route, expect

from tests.support.axe import hindrances
from tests.support.waiting import until
from tests.web.appliance.people import Person
from tests.web.appliance.shop import Shop

EVIL = [
    "<img src=x onerror=\"document.title='gone'\"><script>document.title='gone'</script>",
    "javascript:document.title='gone' and JAVASCRIPT://%0adocument.title='gone'",
    'https://shop.example/"onmouseover="document.title=\'gone\'" x',
    "https://<svg/onload=document.title='gone'>.example/",
    "data:text/html,<script>document.title='gone'</script>",
]
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_a_visitor_chats_and_finds_everything_again_after_a_reload(shop: Shop):
    posts: list[str] = []
    shop.page.on("request", lambda one: posts.append(one.url) if one.method == "POST" else None)
    conversation = shop.begin()
    expect(shop.page.get_by_role("status")).to_contain_text("Anna")
    shop.write("hello\nworld")
    expect(shop.lines()).to_have_count(1)
    assert not [url for url in posts if url.endswith("/messages")]  # over the WebSocket
    shop.answer(conversation, "a1", "Good morning")
    expect(shop.lines()).to_have_count(2)
    expect(shop.lines().last).to_contain_text("Good morning")
    shop.page.reload()
    expect(shop.lines()).to_have_count(2)
    shop.write("still here")
    expect(shop.lines()).to_have_count(3)
    assert shop.kept(conversation) == ["hello\nworld", "Good morning", "still here"]
    shop.page.get_by_role("button", name="End the chat").click()
    expect(shop.page.get_by_role("status").first).to_contain_text("has ended")
    assert shop.anna.get("/desk/me")["state"] == "wrap_up"


def test_text_is_text_and_no_markup_gets_through(shop: Shop):
    conversation = shop.begin()
    for number, evil in enumerate(EVIL):
        shop.answer(conversation, f"a{number}", evil)
    shop.write(EVIL[0])
    expect(shop.lines()).to_have_count(len(EVIL) + 1)
    for number, evil in enumerate(EVIL):
        expect(shop.lines().nth(number)).to_contain_text(evil)
    inside = shop.page.locator("callstead-chat li[data-number]")
    assert inside.locator("img, script, svg, iframe").count() == 0
    links = inside.locator("a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://shop.example/"]
    links.first.hover()
    assert links.first.get_attribute("rel") == "noopener noreferrer nofollow ugc"
    assert shop.page.title() != "gone"


def test_files_marks_typing_and_emoji(shop: Shop, tmp_path):
    conversation = shop.begin()
    here = f"/desk/conversations/{conversation}"
    picture = tmp_path / "photo.png"
    picture.write_bytes(PICTURE)
    shop.page.locator("callstead-chat input[type=file]").set_input_files(picture)
    image = shop.page.get_by_role("img", name="Picture: photo.png")
    expect(image).to_be_visible()
    until(lambda: image.evaluate("it => it.naturalWidth"), 30, "the picture")
    shop.anna.do("POST", f"{here}/marks", {"delivered": 1})
    expect(shop.lines().first).to_contain_text("Delivered")
    shop.anna.do("POST", f"{here}/marks", {"read": 1})
    expect(shop.lines().first).to_contain_text("Read")
    shop.anna.do("POST", f"{here}/typing")
    expect(shop.page.locator("callstead-chat .typing")).to_have_text("Anna is typing…")
    shop.answer(conversation, "a1", "a fine picture")
    expect(shop.page.locator("callstead-chat .typing")).to_have_text("")
    read = {"delivered": 2, "read": 2}
    until(lambda: shop.anna.get(here)["marks"]["contact"] == read, 60, "the visitor's marks")
    shop.page.get_by_role("button", name="Emoji").click()
    shop.page.get_by_role("button", name="👍").click()
    shop.page.keyboard.press("Enter")
    expect(shop.lines()).to_have_count(3)
    assert shop.kept(conversation) == ["", "a fine picture", "👍"]
    wrong = tmp_path / "page.html"
    wrong.write_text("<script>")
    shop.page.locator("callstead-chat input[type=file]").set_input_files(wrong)
    expect(shop.page.locator("callstead-chat li.refused")).to_contain_text("are not taken")


def test_a_queues_look_the_place_in_the_row_and_the_rating_at_the_end(shop: Shop):
    admin = Person(shop.house, "admin")
    comfort = "Meanwhile, see https://tea.example/help"
    look = {
        "accent": "#ffcc00", "side": "left", "title": {"en": "Tea support"},
        "greeting": {"en": "Ask us about tea"},
        "comfort": {"en": comfort, "zh-CN": "请稍候"},
    }  # fmt: skip
    admin.do("PATCH", f"/queues/{shop.queue}", {"form": {"look": look}})
    before = shop.spoken()
    shop.house.clock.advance(150)  # what one takes
    shop.done(before)
    admin.do("PATCH", f"/agents/{shop.anna.get('/desk/me')['id']}", {"capacity": 25})
    before = shop.spoken()  # all that she can: the next one waits
    looks: list[str] = []

    def too_often(route: Route) -> None:
        looks.append(route.request.url)
        if len(looks) > 2:
            route.continue_()
        else:
            route.fulfill(status=429, json={"kind": "too-many-looks", "parameters": {"seconds": 1}})

    shop.page.route("**/api/v1/chat/look*", too_often)
    shop.page.goto(f"{shop.url}/example?queue={shop.queue}")
    shop.page.get_by_role("button", name="Chat with us").click()  # which asks, too
    expect(shop.page.locator("callstead-chat .greeting")).to_have_text("Ask us about tea")
    header = shop.page.locator("callstead-chat header")
    expect(header).to_have_css("background-color", "rgb(255, 204, 0)")
    expect(header).to_have_css("color", "rgb(28, 36, 48)")
    box = shop.page.locator("callstead-chat .panel").bounding_box()
    assert box is not None
    assert box["x"] < 50
    shop.page.get_by_role("button", name="Start the chat").click()
    expect(shop.page.get_by_role("status").first).to_contain_text("You are next, about 3 min.")
    said = shop.page.locator("callstead-chat li.hello").last
    expect(said).to_have_text(comfort)
    assert said.locator("a").get_attribute("href") == "https://tea.example/help"
    assert hindrances(shop.page) == []
    shop.done(before)
    ((ringing),) = shop.anna.get("/desk/conversations")["items"]
    here = f"/desk/conversations/{ringing['id']}"
    shop.anna.do("POST", f"{here}/accept")
    shop.answer(ringing["id"], "a1", "Good morning")
    expect(shop.lines()).to_have_count(1)
    shop.anna.do("POST", f"{here}/end")
    shop.page.get_by_title("4 stars").click()
    shop.page.get_by_role("textbox", name="Anything to add?").fill("quick")
    shop.page.get_by_role("button", name="Send the rating").click()
    expect(shop.page.locator("callstead-chat .thanks").first).to_contain_text("Thank you")
    rating = shop.anna.get(here)["rating"]
    assert (rating["stars"], rating["comment"]) == (4, "quick")
    assert [one["title"] for one in shop.anna.get(here)["visits"]]
    assert len(looks) == 3, "who was asked to wait asks once more, however often it was refused"


@pytest.mark.parametrize(("blocked", "way"), [("socket", "wait="), ("long", "after=")])
def test_what_is_blocked_on_the_way_is_gone_around(shop: Shop, blocked, way):
    shop.page.route_web_socket("**/api/v1/feed", lambda socket: socket.close())
    if blocked == "long":
        shop.page.route("**/api/v1/feed?*wait=*", lambda route: route.abort())
    asked: list[str] = []
    shop.page.on("request", lambda request: asked.append(request.url))
    conversation = shop.begin()
    shop.answer(conversation, "a1", "Good morning")
    expect(shop.lines()).to_have_count(1)
    shop.write("hello")
    expect(shop.lines()).to_have_count(2)
    feed = [url for url in asked if "/api/v1/feed?" in url]
    assert way in feed[-1]
    if blocked == "long":
        assert "wait=" not in feed[-1]
    assert shop.kept(conversation) == ["Good morning", "hello"]


def test_a_beginning_whose_answer_was_lost_is_one_conversation(shop: Shop):
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    shop.page.route("**/api/v1/chat", lose)
    shop.page.goto(f"{shop.url}/example?queue={shop.queue}")
    shop.page.get_by_role("button", name="Chat with us").click()
    shop.page.get_by_role("button", name="Start the chat").click()
    expect(shop.page.get_by_role("status").first).to_contain_text("please try again")
    shop.page.get_by_role("button", name="Start the chat").click()
    expect(shop.page.get_by_role("status").first).to_contain_text("We are connecting you")
    assert keys[0]
    assert keys == [keys[0]] * 2
    assert len(shop.anna.get("/desk/conversations")["items"]) == 1


def test_what_was_typed_while_the_network_was_gone_arrives_once_as_fast_as_it_is_taken(shop: Shop):
    limits = replace(shop.house.settings.limits, messages_per_second=1.0)
    shop.house.change_settings(limits=limits)
    conversation = shop.begin()
    shop.page.context.set_offline(True)
    written = ["one", "two", "three", "four", "five"]
    for word in written:
        shop.write(word)
    expect(shop.page.locator("callstead-chat li")).to_have_count(5)
    assert shop.kept(conversation) == []
    shop.page.context.set_offline(False)
    expect(shop.lines()).to_have_count(4)  # as many as may come at once
    expect(shop.page.locator("callstead-chat li").last).to_contain_text("sending")
    assert shop.kept(conversation) == written[:4]
    shop.house.clock.advance(1)
    expect(shop.lines()).to_have_count(5)
    assert shop.kept(conversation) == written


def test_an_unsent_draft_and_unsent_messages_survive_a_reload(shop: Shop):
    shop.page.route_web_socket("**/api/v1/feed", lambda socket: socket.close())
    conversation = shop.begin()
    shop.page.route("**/api/v1/chat/messages", lambda route: route.abort())
    shop.write("kept")
    expect(shop.page.locator("callstead-chat li")).to_contain_text("kept")
    shop.page.get_by_role("textbox", name="Your message").fill("a draft")
    shop.page.unroute("**/api/v1/chat/messages")
    shop.page.reload()
    expect(shop.lines()).to_have_count(1)
    assert shop.kept(conversation) == ["kept"]
    assert shop.page.get_by_role("textbox", name="Your message").input_value() == "a draft"


def test_the_file_is_small_and_kept_for_ever_and_the_tag_is_not(shop: Shop):
    client = shop.house.appliance.flask.test_client()
    tag = client.get("/widget.js")
    assert "max-age=300" in tag.headers["Cache-Control"]
    name = tag.text.split('"/widget/')[1].split('"')[0]
    with client.get(f"/widget/{name}") as file:
        assert "immutable" in file.headers["Cache-Control"]
        assert len(file.data) < 40 * 1024
    assert client.get("/widget/names.json").status_code == 404
