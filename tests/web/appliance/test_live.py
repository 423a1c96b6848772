"""The feed as visitors, agents and supervisors see it, over a real port."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from appliance.domain.roles import Role
from appliance.process_roles import FEED
from appliance.store.live import SqlLive
from common.feed import FeedApp
from tests.support.serving import served
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor


@pytest.fixture
def port(house: House) -> Iterator[int]:
    storage = SqlLive(house.public.office.database)
    feed = FeedApp(FEED, storage, house.public.may_read, may_read_all=house.public.may_read_all)
    with served(flask=house.public.flask, feed=feed) as server:
        yield server.port


def cookie_of(person: Person) -> str:
    name = "__Host-callstead-appliance"
    found = person._client.get_cookie(name, domain="appliance.test")
    assert found is not None
    return f"{name}={found.value}"


def poll(port: int, topic: str, key: str = "", cookie: str = "", **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    headers |= {"Cookie": cookie} if cookie else {}
    return requests.get(
        f"http://127.0.0.1:{port}{FEED}", params={"topic": topic, "after": 0}, timeout=10,
        headers={**headers, **options.pop("headers", {})}, **options,
    )  # fmt: skip


@contextlib.contextmanager
def socket(port: int, key: str, origin: str) -> Iterator[ClientConnection]:
    """As a browser on another site's page opens it."""
    with connect(
        f"ws://127.0.0.1:{port}{FEED}", proxy=None, origin=origin,
        subprotocols=["callstead", f"key.{key}"],
    ) as connection:  # fmt: skip
        yield connection


def test_a_visitor_hears_over_a_websocket_from_another_sites_page(house, queue, port):
    visitor = Visitor(house, queue)
    with socket(port, visitor.begun["key"], "https://shop.example") as connection:
        assert connection.subprotocol == "callstead"
        connection.send(json.dumps({"subscribe": f"visitor/{visitor.id}", "after": 0}))
        first = json.loads(connection.recv(timeout=20))
        assert [event["kind"] for event in first["events"]] == ["conversation.queue"]
        visitor.say("k1", "hello")
        told = json.loads(connection.recv(timeout=20))
        assert told["events"][0]["data"]["text"] == "hello"


def test_a_page_of_another_site_cannot_use_the_agents_session(house, queue, port):
    house.add("anna", Role.AGENT)
    cookie = cookie_of(Person(house, "anna"))
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://127.0.0.1:{port}{FEED}", proxy=None, origin="https://shop.example",
                additional_headers={"Cookie": cookie}),
    ):  # fmt: skip
        pass
    assert refused.value.response.status_code == 403


def test_a_key_opens_its_own_conversation_and_nothing_else(house, queue, port):
    one, two = Visitor(house, queue), Visitor(house, queue)
    mine = f"visitor/{one.id}"
    assert poll(port, mine, one.begun["key"]).status_code == 200
    for topic in (f"visitor/{two.id}", f"conversation/{one.id}", "floor", "agent/1"):
        assert poll(port, topic, one.begun["key"]).status_code == 403
    assert poll(port, mine, "nonsense").status_code == 403
    assert poll(port, mine).status_code == 403


def test_a_key_beside_a_cookie_counts_alone(house, queue, port):
    visitor = Visitor(house, queue)
    cookie = cookie_of(Person(house, "admin"))
    assert poll(port, "floor", cookie=cookie).status_code == 200
    assert poll(port, "floor", visitor.begun["key"], cookie).status_code == 403


@pytest.mark.two_nodes
def test_an_agent_reads_what_is_theirs_and_a_supervisor_the_floor(house, queue, port):
    house.add("anna", Role.AGENT)
    house.add("sun", Role.SUPERVISOR)
    anna, admin = Person(house, "anna"), Person(house, "admin")
    number = anna.get("/desk/me")["id"]
    admin.do("PATCH", f"/agents/{number}", {"queues": [queue]})
    for said in ("sign_in", "ready"):
        anna.do("POST", "/desk/presence", {"said": said})
    theirs, others = Visitor(house, queue), Visitor(house, queue)
    cookie = cookie_of(anna)
    events = poll(port, f"agent/{number}", cookie=cookie).json()["events"]
    assert "conversation.offer" in [event["kind"] for event in events]
    assert poll(port, f"conversation/{theirs.id}", cookie=cookie).status_code == 200
    for topic in (f"conversation/{others.id}", "floor", f"agent/{number + 1}", "conversation/x"):
        assert poll(port, topic, cookie=cookie).status_code == 403
    sun = Person(house, "sun")
    supervisor = cookie_of(sun)
    for topic in ("floor", f"agent/{number}"):
        assert poll(port, topic, cookie=supervisor).status_code == 200
        assert poll(port, topic, cookie=supervisor).status_code == 200
    for topic in ("agent/x", "agent/", f"agent/0{number}", "agent/1/2"):
        assert poll(port, topic, cookie=supervisor).status_code == 403
    looks = [
        line.subject
        for line in house.appliance.office.audit.latest(50)
        if (line.who, line.what) == ("sun", "transcript.read")
    ]
    assert looks == [f"agent/{number}"]  # what is said to an agent is told there; once for a look
    what_is_said = f"conversation/{others.id}"
    assert poll(port, what_is_said, cookie=supervisor).status_code == 403
    sun.do("POST", f"/desk/conversations/{others.id}/listen")
    assert poll(port, what_is_said, cookie=supervisor).status_code == 200


def test_a_customers_program_follows_what_its_key_may(house, queue, port):
    admin = Person(house, "admin")

    def key(*scopes: str) -> str:
        body = {"name": "crm", "scopes": list(scopes)}
        found: str = admin.do("POST", "/api-keys", body, 201)["key"]
        return found

    visitor = Visitor(house, queue)
    sees, reports = key("floor.see"), key("reports.see")
    told = poll(port, "floor", sees).json()["events"]
    assert "conversation.queue" in [event["kind"] for event in told]
    for topic, shown in (
        ("floor", reports), ("floor", "csk_nonsense"), (f"visitor/{visitor.id}", sees),
        (f"conversation/{visitor.id}", sees),
    ):  # fmt: skip
        assert poll(port, topic, shown).status_code == 403
    shown = {"Authorization": f"Bearer {sees}"}
    with connect(
        f"ws://127.0.0.1:{port}{FEED}", proxy=None, additional_headers=shown
    ) as connection:
        connection.send(json.dumps({"subscribe": "floor", "after": 0}))
        assert json.loads(connection.recv(timeout=20))["events"]
    body = {"name": "admin", "password": house.first_password, "program": "crm"}
    pair = house.appliance.flask.test_client().post(
        "/api/v1/tokens", json=body, base_url="https://appliance.test"
    )
    assert poll(port, "floor", pair.json["access_token"]).status_code == 200
    for one in admin.get("/api-keys")["items"]:
        admin.do("DELETE", f"/api-keys/{one['id']}", status=204)
    assert poll(port, "floor", sees).status_code == 403


@pytest.mark.two_nodes
@pytest.mark.parametrize("way", ["role", "disabled", "session"])
def test_a_right_that_is_taken_away_ends_an_open_feed_at_once(house, queue, port, way):
    house.add("sun", Role.SUPERVISOR)
    admin, sun = Person(house, "admin"), Person(house, "sun")
    number = sun.get("/desk/me")["id"]
    headers = {"Cookie": cookie_of(sun)}
    with connect(
        f"ws://127.0.0.1:{port}{FEED}", proxy=None, additional_headers=headers
    ) as connection:
        connection.send(json.dumps({"subscribe": "floor", "after": 0}))
        assert json.loads(connection.recv(timeout=20))["events"]
        if way == "session":
            (mine,) = sun.get("/me/sessions")["items"]
            sun.do("DELETE", f"/me/sessions/{mine['id']}", status=204)
        else:
            body = {"role": "agent"} if way == "role" else {"disabled": True}
            admin.do("PATCH", f"/users/{number}", body)
        taken = time.monotonic()
        told: list[str] = []
        for n in range(1000):  # the floor goes on, and is told to them for a moment more at most
            Visitor(house, queue, visitor=f"a-visitor-with-number-{n}")
            with contextlib.suppress(TimeoutError):
                frame = json.loads(connection.recv(timeout=0.2))
                told.append(frame.get("error", ""))
            if "refused" in told:
                break
        assert told[-1] == "refused"
        assert time.monotonic() - taken < 10  # two seconds, on a machine that is busy


def test_a_browser_may_ask_first_whether_it_may_show_a_key(house, port):
    answer = requests.options(f"http://127.0.0.1:{port}{FEED}", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert "access-control-allow-credentials" not in answer.headers
