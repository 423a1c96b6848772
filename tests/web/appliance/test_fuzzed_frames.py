"""Whatever comes on the feed's WebSocket gets an answer or a clear goodbye, and breaks nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from appliance.domain.roles import Role
from appliance.process_roles import FEED
from appliance.settings.limits import LimitSettings
from appliance.store.live import SqlLive
from common.feed import FeedApp
from tests.support.serving import served
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, Visitor
from tests.web.appliance.test_frames import SHOP, desk
from tests.web.appliance.test_live import socket

LEAST, MOST = -(2**70), 2**70
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(LEAST, MOST) | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
VERBS = ["say", "accept", "hold", "transfer", "close", "leave", "take_over", "mark", "join", "rate"]
FIELDS = ["key", "text", "internal", "queue", "agent", "disposition", "stars", "read", "note"]
COMMANDS = st.fixed_dictionaries(
    {"do": st.sampled_from(VERBS) | VALUES, "id": st.text(max_size=80) | VALUES},
    optional={
        "conversation": st.integers(0, 3) | VALUES,
        "with": st.dictionaries(st.sampled_from(FIELDS), VALUES) | VALUES,
        "more": VALUES,
    },
)
SUBSCRIPTIONS = st.fixed_dictionaries(
    {"subscribe": st.sampled_from(["floor", "conversation/1", "visitor/1"]) | VALUES},
    optional={"after": st.integers(-1, 5) | VALUES},
)
FRAMES = (COMMANDS | SUBSCRIPTIONS | VALUES).map(json.dumps) | st.text(max_size=60)


@pytest.fixture
def house(build) -> House:
    made: House = build(limits=LimitSettings(messages_per_second=0))
    return made


@pytest.fixture
def port(house: House) -> Iterator[int]:
    app = house.appliance
    feed = FeedApp(FEED, SqlLive(app.office.database), app.may_read, commands=app.frames)
    with served(flask=app.flask, feed=feed) as server:
        yield server.port


def fuzz(opened: Callable[[], AbstractContextManager[ClientConnection]], examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(frames=st.lists(FRAMES, min_size=1, max_size=6))
    def tell(frames: list[str]) -> None:
        with opened() as connection:
            try:
                for frame in frames:
                    connection.send(frame)
                connection.send(json.dumps({"do": "nothing", "id": "the last"}))
                while True:
                    told = json.loads(connection.recv(timeout=60))
                    assert told.get("problem", {}).get("status", 0) < 500, (frames, told)
                    if told.get("id") == "the last" and "problem" in told:
                        break
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 0
            else:
                code = 1008
        assert code == 1008, frames

    tell()


def test_no_frame_breaks_it(house: House, port: int):
    house.signed_in()
    queue = Person(house, "admin").do("POST", "/queues", {"name": "sales"}, 201)["id"]
    house.add("sue", Role.SUPERVISOR)
    visitor = Visitor(house, queue)
    fuzz(lambda: socket(port, visitor.begun["key"], SHOP), 25)
    fuzz(lambda: desk(house, port, "sue"), 25)
    assert visitor.say("still", "here")["text"] == "here"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_frame_breaks_it_however_many_come(house: House, port: int):
    house.signed_in()
    queue = Person(house, "admin").do("POST", "/queues", {"name": "sales"}, 201)["id"]
    visitor = Visitor(house, queue)
    fuzz(lambda: socket(port, visitor.begun["key"], SHOP), 3000)
