"""Faults of the desk in people's browsers, and the word that an update waits."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from appliance.api.v1 import faults
from appliance.domain.live import agent_topic
from appliance.services.tell_update import tell_update
from appliance.store.live import SqlLive
from tests.web.appliance.conftest import ORIGIN
from tests.web.appliance.people import Person, ready

EVENT = {"event_id": "a" * 32, "exception": {"values": [{"type": "TypeError", "value": "x"}]}}


def envelope(kind: str, body: object) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in ({}, {"type": kind}, body))


class Kept:
    def __init__(self) -> None:
        self.events: list[object] = []

    def capture_envelope(self, found) -> None:
        self.events += [item.payload.json for item in found.items]


@pytest.fixture
def kept(monkeypatch) -> Kept:
    transport = Kept()
    # Only what the door sees: other tests of this process may have set up the real SDK, whose
    # hooks in Flask ask for the real client on every request.
    client = SimpleNamespace(transport=transport)
    monkeypatch.setattr(faults, "sentry_sdk", SimpleNamespace(get_client=lambda: client))
    return transport


def post(person: Person, data: bytes, token: str | None = None):
    headers = {"X-CSRF-Token": person._token if token is None else token}
    return person._client.post("/api/v1/faults", data=data, headers=headers, base_url=ORIGIN)


def test_a_fault_of_the_desk_goes_where_the_appliances_own_go(agents, kept):
    assert post(agents[0], envelope("event", EVENT)).status_code == 204
    assert kept.events == [EVENT]


def test_nothing_but_events_of_people_who_are_signed_in_is_taken(house, agents, kept):
    nested = b'{}\n{"type": "event"}\n' + b"[" * 100_000
    for junk in (b"", b"junk", b"{}\n[]\n", envelope("session", {}), nested):
        assert post(agents[0], junk).status_code == 400
    assert post(agents[0], envelope("event", {"x": "y" * 200_000})).status_code == 413
    assert post(agents[0], envelope("event", EVENT), token="none").status_code == 403
    stranger = house.browser()._client
    answer = stranger.post("/api/v1/faults", data=envelope("event", EVENT), base_url=ORIGIN)
    assert answer.status_code == 401
    assert kept.events == []


def test_a_desk_that_fails_again_and_again_fills_no_disk(agents, kept):
    for _ in range(30):
        assert post(agents[0], envelope("event", EVENT)).status_code == 204
    assert len(kept.events) == 10


def test_those_at_a_desk_are_told_once_that_an_update_waits_and_once_that_it_does_not(
    house, agents
):
    ready(agents[0])
    live, floor = SqlLive(house.appliance.office.database), house.appliance.office.floor
    here, away = (one.get("/desk/me") for one in agents[:2])
    assert away["presence"] == "offline"  # as a supervisor's, who watches with a desk open
    before = {one["id"]: live.head(agent_topic(one["id"])) for one in (here, away)}
    told = False
    for drained in (False, True, True, False):
        floor._drained = lambda drained=drained: drained
        told = floor.write(lambda work, told=told: tell_update(work, told))
    for who, cursor in before.items():
        events = live.read(agent_topic(who), cursor)
        assert [one.data["updating"] for one in events] == [True, False]
