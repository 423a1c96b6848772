"""Events reach the customer's system: signed, once more when it was down, and not for ever."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import select

from appliance.ops.post import NotSentError, Poster
from appliance.services.say_message import Saying, say_message
from appliance.services.send_webhooks import SendWebhooks
from appliance.settings.webhooks import WebhookSettings
from appliance.store.account_models import DeliveryRow
from appliance.store.floor_models import EventRow
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor, problem_of


class Crm(ThreadingHTTPServer):
    """A customer's system.

    Attributes:
        got: headers and body of each request.
        ends: it closes each connection after so many requests without a word; 0: never.
        connections: how many it was asked for.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.got: list[tuple[dict[str, str], str]] = []
        self.ends = 0
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    @property
    def events(self) -> list[int]:
        """Numbers of the events, in the order in which they came."""
        found = []
        for _headers, body in self.got:
            content = json.loads(body)
            several = content["data"]["events"] if content["type"] == "events" else [content]
            found += [one["data"]["event"] for one in several]
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Crm
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        self.asked = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((dict(self.headers.items()), body))
        self.asked += 1
        self.close_connection = self.asked == self.server.ends
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        if self.server.status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def crm() -> Iterator[Crm]:
    with running() as server:
        yield server


@contextmanager
def running() -> Iterator[Crm]:
    server = Crm()
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def sender(house: House, *private: str) -> SendWebhooks:
    office = house.appliance.office
    networks = [ip_network(one) for one in private]
    return SendWebhooks(
        office.people.webhooks,
        Poster(timeout=lambda: 10, private=lambda: networks).kept,
        office.audit, house.clock, lambda: timedelta(days=1), lambda: 100,
    )  # fmt: skip


def hook(admin: Person, crm: Crm, **further: Any) -> str:
    body = {"name": "CRM", "url": crm.url, "kinds": ["message.said"], **further}
    return str(admin.do("POST", "/webhooks", body, 201)["id"])


def said(house: House, queue: int, messages: int) -> list[int]:
    """So many events, by their numbers."""
    visitor = Visitor(house, queue)

    def talk(work: Any) -> None:
        for n in range(messages):
            say_message(work, Saying(visitor.begun["conversation"], f"k{n}", "hello"), 100)

    house.appliance.office.floor.write(talk)
    with house.appliance.office.database.read() as session:
        query = select(EventRow.id).where(EventRow.kind == "message.said").order_by(EventRow.id)
        return list(session.scalars(query))[-messages:]


def test_hundreds_are_sent_in_one_run_over_one_connection_and_logged_each(
    house, admin, queues, crm
):
    made = hook(admin, crm)
    events = said(house, queues[0], 230)
    sender(house, "127.0.0.0/8").run_once()
    assert crm.events == events
    assert crm.connections == 1
    with house.appliance.office.database.read() as session:
        logged = session.execute(
            select(DeliveryRow.event, DeliveryRow.answered).where(DeliveryRow.webhook == made)
        ).all()
    assert logged == [(event, 204) for event in events]


def test_a_connection_that_the_other_side_closed_is_opened_again(house, admin, queues, crm):
    hook(admin, crm)
    crm.ends = 4
    events = said(house, queues[0], 10)
    sender(house, "127.0.0.0/8").run_once()
    assert list(dict.fromkeys(crm.events)) == events
    assert crm.connections == 3
    assert admin.get("/webhooks")["items"][0]["failing_since"] is None


def test_how_many_events_a_request_holds_can_be_chosen(house, admin, queues, crm):
    made = hook(admin, crm, batch_size=4)
    events = said(house, queues[0], 6)
    sender(house, "127.0.0.0/8").run_once()
    assert crm.events == events
    assert len(crm.got) == 2
    for wrong in (0, 101, "many"):
        problem_of(admin.ask("PATCH", f"/webhooks/{made}", {"batch_size": wrong}), 422, "invalid")
    assert admin.do("PATCH", f"/webhooks/{made}", {"batch_size": 1})["batch_size"] == 1


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
        rebound.kept()("http://crm.example.org/", {}, b"{}")


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
