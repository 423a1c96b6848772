"""The site's console of rollouts: what people read, and what their buttons do."""

from __future__ import annotations

import re

import pytest

from common.wire.rollout import Terms
from tests.support.site import TestSite
from tests.unit.comm_server.rollout.world import RolloutWorld
from tests.web.comm_server.browser import Browser

SEATS = [f"seat-{n}" for n in range(1, 11)]
ABOUT = {"product": "companion", "version": "1.0.2"}
PAGE = "/releases-here"


@pytest.fixture
def world(site: TestSite, browser: Browser) -> RolloutWorld:
    world = RolloutWorld(site)
    world.settings(rings=("canary", "all approve"), at_once=30, quiet=0.0)
    world.join(*SEATS)
    world.orders.set_ring("seat-1", "canary", "Ann")
    world.ship("1.0.2")
    return world


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("path", [PAGE, "/clients", "/clients/c-seat-1", "/windows",
                                  f"{PAGE}/open?product=companion&version=1.0.2",
                                  f"{PAGE}/return?product=companion&version=1.0.2"])  # fmt: skip
def test_every_page_has_every_text(world: RolloutWorld, browser: Browser, path: str, language: str):
    world.install("seat-1")
    world.tell("seat-3", "rolled_back", version="1.0.1")
    browser.language = language
    page = browser.page(path)
    assert f'lang="{language}"' in page
    assert "rollout." not in page.replace("rollout-", "")
    assert "console." not in page.replace("console.css", "")


def test_the_page_tells_how_far_a_release_has_come(world: RolloutWorld, browser: Browser):
    world.install("seat-1")
    world.pass_time(seconds=1)
    page = browser.page(PAGE)
    assert "Somebody must let the ring “all” open." in page
    assert '<svg viewBox="0 0 640 14"' in page
    assert "Installed <strong>1</strong>" in page
    assert "Not yet <strong>9</strong>" in page


def test_the_page_tells_what_the_vendor_asks(world: RolloutWorld, browser: Browser):
    world.ship("1.0.3", terms=Terms(rings=("first 5%", "all"), at_once=10, quiet=3600.0))
    page = browser.page(PAGE)
    assert "The vendor: asks for the rings first 5%, all; at most 10 % of a ring at once" in page
    assert "only after the vendor has halted or withdrawn it" in page


def test_a_button_approves_in_the_name_of_who_pressed_it(world: RolloutWorld, browser: Browser):
    world.install("seat-1")
    world.pass_time(seconds=1)
    assert "Approve: open “all”" in browser.page(PAGE)
    assert browser.post(f"{PAGE}/approve", PAGE, **ABOUT).status_code == 303
    assert world.asks("seat-2")
    page = browser.page(PAGE)
    assert "admin let the ring “all” open when its time has come." in page
    assert "Approve: open" not in page


def test_a_ring_is_opened_early_only_after_a_question(world: RolloutWorld, browser: Browser):
    question = f"{PAGE}/open?product=companion&version=1.0.2"
    assert "without waiting?" in browser.page(question)
    browser.post(f"{PAGE}/open", question, **ABOUT)
    assert world.asks("seat-2")


def test_a_button_holds_and_another_lets_go(world: RolloutWorld, browser: Browser):
    browser.post(f"{PAGE}/hold", PAGE, hours="2", **ABOUT)
    assert not world.asks("seat-1")
    assert "admin holds the rollout until" in browser.page(PAGE)
    browser.post(f"{PAGE}/resume", PAGE, **ABOUT)
    assert world.asks("seat-1")


def test_a_button_sends_everybody_back_after_a_question(world: RolloutWorld, browser: Browser):
    world.install("seat-1")
    question = f"{PAGE}/return?product=companion&version=1.0.2"
    assert "1 client(s) that run it go back" in browser.page(question)
    browser.post(f"{PAGE}/return", question, **ABOUT)
    assert world.rollout.go_back(**ABOUT)
    page = browser.page(PAGE)
    assert "halted" in page
    assert "1 client(s) return from companion 1.0.2" in page


def test_a_halted_release_says_why_and_can_be_resumed(world: RolloutWorld, browser: Browser):
    world.tell("seat-1", "rolled_back", reason="it <b>died</b>")
    page = browser.page(PAGE)
    assert "1.0.2 did not hold on seat-1: it &lt;b&gt;died&lt;/b&gt;" in page
    world.site.clock.advance(1)
    browser.post(f"{PAGE}/resume", PAGE, **ABOUT)
    assert world.rollout.halts() == []


@pytest.mark.parametrize("order", ["approve", "open", "hold", "resume", "return"])
def test_no_order_without_the_csrf_token(world: RolloutWorld, browser: Browser, order: str):
    before = world.store.rows("SELECT * FROM rollouts")
    assert browser.post(f"{PAGE}/{order}", csrf="guess", **ABOUT).status_code == 400
    assert world.store.rows("SELECT * FROM rollouts") == before
    assert world.rollout.halts() == []


@pytest.mark.parametrize(
    "path", [f"{PAGE}/approve", f"{PAGE}/hold", "/clients/c-seat-1/ring", "/windows"]
)
def test_no_order_by_a_stranger(world: RolloutWorld, path: str):
    assert Browser(world.site).post(path, **ABOUT).status_code in {303, 400}
    assert world.said() == ["ring_set", "begins"]


def test_what_is_not_there_is_said_and_an_unknown_order_is_404(
    world: RolloutWorld, browser: Browser
):
    browser.post(f"{PAGE}/hold", PAGE, product="companion", version="9.9.9")
    assert "is not at this site" in browser.page(PAGE)
    assert browser.get(f"{PAGE}/burn").status_code == 404
    assert browser.get(f"{PAGE}/open?product=x&version=1").status_code == 404
    assert browser.post(f"{PAGE}/burn", PAGE, **ABOUT).status_code == 404


def test_the_clients_page_shows_ring_state_and_reason(world: RolloutWorld, browser: Browser):
    program = {"product": "companion", "version": "1.0.0", "state": "waiting",
               "reason": "A call is going <on>."}  # fmt: skip
    world.site.parts.fleet.heard("c-seat-2", {"programs": [program]})
    page = browser.page("/clients")
    assert "by hand" in page
    assert "by lot" in page
    assert "A call is going &lt;on&gt;." in page
    assert "Not yet" in page


def test_a_client_is_put_into_a_ring_and_left_to_the_lots(world: RolloutWorld, browser: Browser):
    path = "/clients/c-seat-5"
    browser.post(f"{path}/ring", path, ring="canary")
    assert "<option selected>canary</option>" in browser.page(path)
    assert world.asks("seat-5", step="fetch")
    browser.post(f"{path}/ring", path, ring="")
    assert not world.asks("seat-5", step="fetch")
    browser.post(f"{path}/ring", path, ring="moon")
    assert "There is no ring" in browser.page("/clients")


def test_a_window_is_set_in_words_and_taken_away(world: RolloutWorld, browser: Browser):
    form = {"days": "workdays", "from": "20:30", "hours": "10", "zone": "Europe/Berlin"}
    browser.post("/windows", "/windows", ring="", order="set", **form)
    page = browser.page("/windows")
    assert "Monday to Friday from 20:30 for 10 h (Europe/Berlin)" in page
    assert not world.asks("seat-1")  # it is Saturday morning
    browser.post("/windows", "/windows", ring="canary", order="always")
    assert world.asks("seat-1")
    browser.post("/windows", "/windows", ring="", order="clear")
    assert "Monday to Friday from" not in re.sub(r"<form.*?</form>", "", browser.page("/windows"))


@pytest.mark.parametrize(
    "odd", [{"from": "25:00"}, {"hours": "x"}, {"hours": "0"}, {"days": "moon"}, {"zone": "Mars"}]
)
def test_an_odd_window_is_refused_in_words(
    world: RolloutWorld, browser: Browser, odd: dict[str, str]
):
    form = {"days": "every", "from": "20:00", "hours": "8", "zone": ""} | odd
    browser.post("/windows", "/windows", ring="", order="set", **form)
    assert 'class="flash error"' in browser.page("/windows")
    assert world.orders.windows() == []


def test_what_waits_for_a_person_or_stopped_is_on_the_first_page(
    world: RolloutWorld, browser: Browser
):
    assert "Rollouts that wait for you" not in browser.page("/")
    world.install("seat-1")
    world.pass_time(seconds=1)
    page = browser.page("/")
    assert "Rollouts that wait for you" in page
    assert "companion 1.0.2: Somebody must let the ring “all” open." in page
    world.orders.send_back("companion", "1.0.2", "Ann")
    page = browser.page("/")
    assert "The rollout was halted: Ann ordered to return" in page
