"""The chat on other sites' pages, whatever their policies and style sheets."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.support.axe import hindrances
from tests.web.appliance.shop import Shop

POLICIES = {
    "addresses": "default-src 'none'; script-src {url}; connect-src {url} {socket}",
    "a nonce": "default-src 'none'; script-src 'nonce-n0'; connect-src {url} {socket}",
    "what a nonce loads": (
        "default-src 'none'; script-src 'nonce-n0' 'strict-dynamic'; connect-src {url} {socket}"
    ),
    "trusted addresses": (
        "default-src 'none'; script-src {url}; connect-src {url} {socket}; "
        "require-trusted-types-for 'script'; trusted-types callstead"
    ),
}
HOSTILE = """
    html { direction: rtl; font-size: 62.5%; transform: none; opacity: 1; }
    body { transform: translateX(50px); visibility: hidden; opacity: .3; }
    * { all: unset; position: static !important; color: red !important; font: 40px serif !important;
        transform: rotate(3deg); letter-spacing: 9px; text-transform: uppercase; z-index: -1;
        margin: 30px !important; opacity: .5; visibility: hidden; pointer-events: none; }
    callstead-chat { display: none; }
"""


@contextmanager
def hosted(shop: Shop, head: str = "", policy: str = "", **facts: str) -> Iterator[str]:
    """A page with the tag on it, on a site of its own; its address."""
    more = "".join(f' data-{name}="{value}"' for name, value in facts.items())
    tag = f'<script src="{shop.url}/widget.js" nonce="n0" data-queue="{shop.queue}"{more}></script>'
    body = f"<!doctype html><html lang='en'><title>Shop</title>{head}<body><h1>Tea</h1>{tag}"

    class Host(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://localhost:{host.server_address[1]}/"
        shop.page.goto("about:blank")
        host.shutdown()


def panel(shop: Shop) -> dict[str, float]:
    box = shop.page.locator("callstead-chat .panel").bounding_box()
    assert box is not None
    return dict(box)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_it_works_on_another_sites_page_under_a_strict_policy(shop: Shop, policy):
    policy = policy.format(url=shop.url, socket=shop.url.replace("http", "ws"))
    with hosted(shop, policy=policy) as address:
        shop.page.goto(address)
        shop.page.get_by_role("button", name="Chat with us").click()
        assert panel(shop)["width"] == 380  # the style sheet holds under that policy
        shop.page.get_by_role("button", name="Start the chat").click()
        expect(shop.page.get_by_role("status").first).to_contain_text("We are connecting you")


def test_no_rule_of_the_page_moves_or_paints_the_chat(shop: Shop):
    looks = """() => {
        const host = document.querySelector("callstead-chat");
        const seen = ["position", "color", "font", "direction", "zIndex", "visibility", "opacity",
                      "transform", "letterSpacing", "textTransform", "pointerEvents"];
        return seen.map((one) => getComputedStyle(host)[one]);
    }"""
    found = []
    for head in ("", f"<style>{HOSTILE}</style>"):
        with hosted(shop, head) as address:
            shop.page.goto(address)
            shop.page.get_by_role("button", name="Chat with us").click()
            found.append((shop.page.evaluate(looks), panel(shop)))
            shop.page.get_by_role("button", name="Close").click()
    assert found[0] == found[1]


def test_a_dark_chat_can_be_read_on_a_narrow_screen(shop: Shop):
    shop.page.set_viewport_size({"width": 320, "height": 568})
    with hosted(shop, theme="dark") as address:
        shop.page.goto(address)
        shop.page.get_by_role("button", name="Chat with us").click()
        assert hindrances(shop.page) == []
        assert panel(shop) == {"x": 0, "y": 0, "width": 320, "height": 568}
        shop.page.get_by_role("button", name="Start the chat").click()
        expect(shop.page.get_by_role("status").first).to_contain_text("We are connecting you")
        assert hindrances(shop.page) == []


@pytest.mark.parametrize(
    ("accent", "ink"),
    [("gold", "rgb(28, 36, 48)"), ("hsl(210 90% 30%)", "rgb(255, 255, 255)")],
)
def test_words_on_a_colour_of_the_pages_choice_can_be_read(shop: Shop, accent, ink):
    with hosted(shop, accent=accent) as address:
        shop.page.goto(address)
        shop.page.get_by_role("button", name="Chat with us").click()
        header = shop.page.locator("callstead-chat header")
        expect(header).to_have_css("color", ink)
        name = shop.page.get_by_role("textbox", name="Your name")
        expect(name).to_have_css("outline-color", "rgb(28, 36, 48)")  # seen beside any accent
        assert hindrances(shop.page) == []
