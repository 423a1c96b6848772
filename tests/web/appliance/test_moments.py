"""What is told now or never: that somebody types, and a place in the row."""

from __future__ import annotations

import json
from typing import Any

from appliance.process_roles import FEED
from appliance.services.typing import Typing
from appliance.store.live import SqlLive
from common.feed import FeedApp
from tests.support.serving import served
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Visitor, problem_of, ready
from tests.web.appliance.test_live import socket


def moments(connection: Any, kind: str) -> dict[str, Any]:
    """The next moment of this kind; events in between are read over."""
    while True:
        frame = json.loads(connection.recv(timeout=60))
        if frame.get("moment", {}).get("kind") == kind:
            found: dict[str, Any] = frame["moment"]["data"]
            return found


def test_typing_and_places_are_told_to_whoever_listens_and_kept_nowhere(house: House, agents,
                                                                         queues):  # fmt: skip
    anna, bo, _chen = agents
    visitor = Visitor(house, queues[0])
    appliance = house.appliance
    feed = FeedApp(
        FEED, SqlLive(appliance.office.database), appliance.may_read, passing=appliance.passing
    )
    with (
        served(flask=appliance.flask, feed=feed) as server,
        socket(server.port, visitor.begun["key"], "https://shop.example") as connection,
    ):
        connection.send(json.dumps({"subscribe": f"visitor/{visitor.id}", "after": 0}))
        assert json.loads(connection.recv(timeout=60))["events"]
        appliance.places.tell_news()
        assert moments(connection, "place") == {"ahead": 0, "wait": None}
        ready(anna)
        here = f"/desk/conversations/{visitor.id}"
        anna.do("POST", f"{here}/accept")
        head = appliance.office.floor.read(lambda work: work.conversation(visitor.id))
        anna.do("POST", f"{here}/typing")
        assert moments(connection, "typing")["side"] == "agent"
        problem_of(bo.ask("POST", f"{here}/typing"), 403, "not-yours")
        assert appliance.office.floor.read(lambda work: work.conversation(visitor.id)) == head


def test_typing_is_not_told_more_often_than_anybody_looks(house: House, agents, queues):
    visitor = Visitor(house, queues[0])
    told: list[str] = []
    typing = Typing(lambda topic, _kind, _data: told.append(topic))
    floor = house.appliance.office.floor
    for seconds in (0, 1, 1):
        house.clock.advance(seconds)
        floor.write(lambda work: typing.types(work, visitor.id, None))
    assert told == [f"conversation/{visitor.id}"] * 2
