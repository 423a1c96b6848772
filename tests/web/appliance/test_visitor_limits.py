"""Visitors who are too many, too fast, or not wanted are told so, and nothing of theirs is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from appliance.settings import ApplianceSettings
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Visitor, problem_of
from tests.web.appliance.test_chat_files import PNG, on_disk, send


def begin(house: House, queue: int, **more: Any) -> Any:
    body = {"queue": queue, "visitor": "a-browser-of-a-visitor", "name": "Li", **more}
    return house.public.flask.test_client().post("/api/v1/chat", json=body, base_url=ORIGIN)


def limited(house: House, **limits: Any) -> None:
    house.change_settings(limits=replace(house.settings.limits, **limits))


def test_who_writes_faster_than_can_be_read_waits_a_moment(house, queues):
    limited(house, messages_per_second=1.0)
    visitor = Visitor(house, queues[0])
    said = [visitor.say(f"k{number}", "hello") for number in range(5)]
    assert [one.get("number") for one in said] == [1, 2, 3, 4, None]
    refused = visitor.ask("POST", "/messages", json={"key": "k9", "text": "x"})
    assert "faster than can be read" in problem_of(refused, 429, "too-often")
    assert refused.headers["Retry-After"] == "1"
    house.clock.advance(1)
    assert visitor.say("k4", "hello")["number"] == 5
    assert len(visitor.heard()) == 5


def test_a_file_is_something_said(house, admin, queues):
    limited(house, messages_per_second=1.0)
    visitor = Visitor(house, queues[0])
    sent = [send(visitor, f"k{number}", "a.png", PNG).status_code for number in range(5)]
    assert sent == [200, 200, 200, 200, 429]
    house.clock.advance(10)
    body = {"kind": "network", "value": "127.0.0.0/8", "reason": "spam", "until": None}
    admin.do("POST", "/blocklist", body, 201)
    problem_of(send(visitor, "k9", "a.png", PNG), 403, "blocked")
    assert len(on_disk(house)) == 4


def test_a_page_that_never_stops_asking_is_told_to_wait(house, queues):
    house.change_settings(chat=replace(house.settings.chat, commands_a_second=1.0))
    visitor, other = Visitor(house, queues[0]), Visitor(house, queues[0])
    asked = [visitor.ask("POST", "/marks", json={"read": 0}) for _ in range(11)]
    assert [one.status_code for one in asked].count(200) == 10
    told = problem_of(asked[-1], 429, "too-often")
    assert "wait 1 s" in told
    assert other.ask("GET", "/standing").status_code == 200
    house.clock.advance(1)
    assert visitor.ask("GET", "/standing").status_code == 200


def test_one_address_begins_so_many_conversations_and_no_more(house, queues):
    limited(house, chats_per_hour_per_address=2)
    assert [begin(house, queues[0]).status_code for _ in range(2)] == [201, 201]
    refused = begin(house, queues[0])
    assert "from this address" in problem_of(refused, 429, "too-often")
    assert refused.headers["Retry-After"] == "1800"
    house.clock.advance(1800)
    assert begin(house, queues[0]).status_code == 201
    assert ApplianceSettings().limits.chats_per_hour_per_address == 300


def test_one_address_asks_so_often_without_a_key_and_no_more(house, queues):
    limited(house, visitor_requests_per_minute_per_address=60)
    visitor, nobody = Visitor(house, queues[0]), house.public.flask.test_client()

    def look() -> Any:
        return nobody.get(f"/api/v1/chat/look?queue={queues[0]}", base_url=ORIGIN)

    assert [look().status_code for _ in range(3)] == [200] * 3
    shown = [visitor.ask("GET", "/standing", key="none").status_code for _ in range(4)]
    assert shown == [401, 401, 401, 429]
    refused = look()
    assert "from this address" in problem_of(refused, 429, "too-often")
    assert (refused.headers["Retry-After"], refused.json["parameters"]) == ("1", {"seconds": 1})
    assert visitor.ask("GET", "/standing").status_code == 200
    house.clock.advance(1)
    assert look().status_code == 200


@pytest.mark.two_nodes
def test_a_blocked_network_begins_nothing_and_says_nothing(house, admin, queues):
    visitor = Visitor(house, queues[0])
    until = (house.clock.now() + timedelta(hours=1)).isoformat()
    body = {"kind": "network", "value": "127.0.0.9/8", "reason": "spam", "until": until}
    made = admin.do("POST", "/blocklist", body, 201)
    assert (made["value"], made["by"]) == ("127.0.0.0/8", "admin")
    house.heard_elsewhere()
    told = problem_of(begin(house, queues[0]), 403, "blocked")
    assert "spam" not in told
    refused = visitor.ask("POST", "/messages", json={"key": "k", "text": "x"})
    problem_of(refused, 403, "blocked")
    house.clock.advance(3601)
    assert begin(house, queues[0]).status_code == 201  # its time is over
    from tests.web.appliance.people import Person

    admin = Person(house, "admin")
    here = f"/blocklist/{made['id']}"
    admin.do("PATCH", here, {"reason": "more spam", "until": None})
    house.heard_elsewhere()
    problem_of(begin(house, queues[0]), 403, "blocked")
    assert admin.ask("DELETE", here).status_code == 204
    house.heard_elsewhere()
    assert begin(house, queues[0]).status_code == 201
    lines = [line.what for line in house.appliance.office.audit.latest(20)]
    assert {"blocklist.added", "blocklist.changed", "blocklist.removed"} <= set(lines)


@pytest.mark.two_nodes
def test_a_blocked_contact_is_known_from_any_address(house, admin, queues):
    visitor = Visitor(house, queues[0])
    contact = house.appliance.office.floor.read(lambda work: work.conversation(visitor.id).contact)
    admin.do("POST", "/blocklist", {"kind": "contact", "value": str(contact), "reason": "x"}, 201)
    house.heard_elsewhere()
    problem_of(begin(house, queues[0]), 403, "blocked")
    assert begin(house, queues[0], visitor="another-browser-altogether").status_code == 201
    problem_of(visitor.ask("POST", "/messages", json={"key": "k", "text": "x"}), 403, "blocked")
    for kind, value in (("network", "nowhere"), ("contact", "x"), ("identity", "nothing")):
        body = {"kind": kind, "value": value, "reason": "x"}
        problem_of(admin.ask("POST", "/blocklist", body), 422, "invalid")


@pytest.mark.two_nodes
def test_a_beginning_that_is_sent_again_is_one_conversation(house, queues):
    client = house.public.flask.test_client()
    body = {"queue": queues[0], "visitor": "a-browser-of-a-visitor"}
    answers = [
        client.post("/api/v1/chat", json=body, base_url=ORIGIN, headers={"Idempotency-Key": "1"})
        for _ in range(2)
    ]
    assert answers[0].json == answers[1].json
    other = {**body, "visitor": "another-browser-altogether"}
    again = client.post(
        "/api/v1/chat", json=other, base_url=ORIGIN, headers={"Idempotency-Key": "1"}
    )
    assert again.json["conversation"] != answers[0].json["conversation"]
