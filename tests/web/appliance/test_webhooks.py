"""Events reach the customer's system: signed, once more when it was down, and not for ever."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from typing import Any

import pytest

from appliance.limit_settings import WebhookSettings
from appliance.ops.post import NotSentError, Poster
from appliance.services.say_message import Saying, say_message
from appliance.services.send_webhooks import SendWebhooks
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor, problem_of


class Crm(HTTPServer):
    """A customer's system."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.got: list[tuple[dict[str, str], str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Crm

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((dict(self.headers.items()), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def crm() -> Iterator[Crm]:
    server = Crm()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def sender(house: House, *private: str) -> SendWebhooks:
    office = house.appliance.office
    networks = [ip_network(one) for one in private]
    return SendWebhooks(
        office.people.webhooks, Poster(timeout=lambda: 10, private=lambda: networks),
        office.audit, house.clock, lambda: timedelta(days=1),
    )  # fmt: skip


def test_more_than_one_round_takes_is_sent_without_waiting_for_the_next_run(
    house, admin, queues, crm
):
    admin.do("POST", "/webhooks", {"name": "CRM", "url": crm.url, "kinds": ["message.said"]}, 201)
    visitor = Visitor(house, queues[0])
    saying = [Saying(visitor.begun["conversation"], f"k{n}", "hello") for n in range(90)]

    def talk(work) -> None:
        for one in saying:
            say_message(work, one, 100)

    house.appliance.office.floor.write(talk)
    sender(house, "127.0.0.0/8").run_once()
    assert [json.loads(body)["data"]["number"] for _head, body in crm.got] == list(range(1, 91))


def test_events_arrive_signed_and_in_order_and_are_logged(house, admin, queues, crm):
    before = Visitor(house, queues[0])
    made = admin.do(
        "POST", "/webhooks", {"name": "CRM", "url": crm.url, "kinds": ["conversation.*"]}, 201
    )
    sends = sender(house, "127.0.0.0/8")
    visitor = Visitor(house, queues[0])
    visitor.say("k", "a secret word")
    sends.run_once()
    kinds = [json.loads(body)["type"] for _headers, body in crm.got]
    assert kinds == ["conversation.new", "conversation.queue"]  # of one conversation, in order
    headers, body = crm.got[0]
    assert json.loads(body)["data"]["conversation"] == visitor.id != before.id
    assert "a secret word" not in str(crm.got)
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    expected = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    sends.run_once()
    assert len(crm.got) == 2  # once
    log = admin.get(f"/webhooks/{made['id']}/deliveries")["items"]
    assert [(one["kind"], one["answered"], one["attempts"]) for one in log] == [
        ("conversation.queue", 204, 1), ("conversation.new", 204, 1),
    ]  # fmt: skip
    again = f"/webhooks/{made['id']}/deliveries/{log[1]['id']}/resend"
    admin.do("POST", again, {})
    sends.run_once()
    assert crm.got[2][0]["webhook-id"] == crm.got[0][0]["webhook-id"]
    with house.appliance.office.database.read() as session:
        from sqlalchemy import text as sql

        assert made["secret"][6:] not in str(session.execute(sql("select * from webhooks")).all())


def test_a_system_that_was_down_gets_it_later_under_the_same_id(house, admin, queues, crm):
    admin.do("POST", "/webhooks", {"name": "CRM", "url": crm.url, "kinds": ["conversation.new"]},
             201)  # fmt: skip
    sends = sender(house, "127.0.0.0/8")
    Visitor(house, queues[0])
    for status in (503, 302, 204):
        crm.status = status
        sends.run_once()
        sends.run_once()  # not before its time
        house.clock.advance(40)
    assert [headers["webhook-id"] for headers, _body in crm.got] == [
        crm.got[0][0]["webhook-id"]
    ] * 3
    assert admin.get("/webhooks")["items"][0]["failing_since"] is None


def test_a_system_that_stays_down_is_let_be_and_the_status_says_so(house, admin, queues, crm):
    made = admin.do("POST", "/webhooks", {"name": "old CRM", "url": crm.url}, 201)
    crm.status = 500
    sends = sender(house, "127.0.0.0/8")
    Visitor(house, queues[0])
    sends.run_once()
    house.clock.advance(days=1, seconds=1)
    sends.run_once()
    admin = Person(house, "admin")
    hook = admin.get(f"/webhooks/{made['id']}")
    assert (hook["active"], hook["disabled_why"]) == (False, "It answered 500.")
    parts = {part["part"]: part for part in admin.get("/status")["parts"]}
    assert parts["webhooks"]["status"] == "attention"
    assert "old CRM" in parts["webhooks"]["found"]
    assert house.appliance.office.audit.latest(9)[0].what != ""
    assert "webhook.turned_off" in [e.what for e in house.appliance.office.audit.latest(9)]
    asked = len(crm.got)
    house.clock.advance(days=1)
    sends.run_once()
    assert len(crm.got) == asked
    crm.status = 200
    admin = Person(house, "admin")
    admin.do("PATCH", f"/webhooks/{made['id']}", {"active": True})
    sends.run_once()
    assert len(crm.got) > asked


def test_nothing_is_sent_to_what_is_not_open_to_the_world(house, admin, queues, crm):
    made = admin.do("POST", "/webhooks", {"name": "CRM", "url": crm.url}, 201)
    Visitor(house, queues[0])
    sender(house).run_once()
    assert crm.got == []
    log = admin.get(f"/webhooks/{made['id']}/deliveries")["items"]
    assert "appliance.webhooks.private_networks" in log[0]["trouble"]
    rebound = Poster(
        timeout=lambda: 10, private=list, resolve=lambda _host, _port: ["10.0.0.1", "127.0.0.1"]
    )
    with pytest.raises(NotSentError, match="not open to the world"):
        rebound("http://crm.example.org/", {}, b"{}")


def test_an_address_or_an_event_that_cannot_be_is_refused(admin):
    for body in (
        {"name": "x", "url": "ftp://crm.example.org"},
        {"name": "x", "url": "https://user:word@crm.example.org"},
        {"name": "x", "url": "crm"},
        {"name": "x", "url": "http://[::1"},
        {"name": "x", "url": "https://crm.example.org", "kinds": ["conversation.dance"]},
    ):
        problem_of(admin.ask("POST", "/webhooks", body), 422, "invalid")


def test_one_more_than_the_setting_allows_is_refused(house, admin):
    hook = {"name": "x", "url": "https://crm.example.org", "kinds": ["*"]}
    house.change_settings(webhooks=WebhookSettings(most=1))
    admin.do("POST", "/webhooks", hook, 201)
    assert "1 webhooks" in problem_of(admin.ask("POST", "/webhooks", hook), 422, "invalid")


def test_a_test_is_told_to_its_own_hook_alone_and_not_to_one_that_is_off(house, admin, crm):
    one, other = (
        admin.do("POST", "/webhooks", {"name": name, "url": crm.url, "kinds": ["*"]}, 201)["id"]
        for name in ("one", "other")
    )
    made = admin.do("POST", f"/webhooks/{one}/test", {}, 201)
    assert (made["kind"], made["done_at"]) == ("webhook.test", None)
    sender(house, "127.0.0.0/8").run_once()
    assert [json.loads(body)["data"]["webhook"] for _headers, body in crm.got] == ["one"]
    assert admin.get(f"/webhooks/{one}/deliveries")["items"][0]["answered"] == 204
    assert admin.get(f"/webhooks/{other}/deliveries")["items"] == []
    admin.do("PATCH", f"/webhooks/{one}", {"active": False})
    assert admin.ask("POST", f"/webhooks/{one}/test").status_code == 422
    assert admin.ask("POST", "/webhooks/none/test").status_code == 404
