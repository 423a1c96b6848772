"""Commands as frames on the feed's WebSocket, beside the same commands over REST."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from appliance.domain.roles import Role
from appliance.process_roles import FEED
from appliance.store.live import SqlLive
from common.feed import FeedApp, FeedLimits
from tests.support.serving import served
from tests.web.appliance.conftest import House
from tests.web.appliance.test_floor_api import Person, Visitor, ready
from tests.web.appliance.test_live import cookie_of, socket

SHOP = "https://shop.example"


@pytest.fixture
def port(house: House) -> Iterator[int]:
    feed = FeedApp(
        FEED, SqlLive(house.public.office.database), house.appliance.may_read,
        commands=house.public.frames, limits=FeedLimits(commands=5),
    )  # fmt: skip
    with served(flask=house.public.flask, feed=feed) as server:
        yield server.port


def answer(connection: ClientConnection, frame: dict[str, Any] | str) -> dict[str, Any]:
    """Send a frame; the first answer, whatever is told meanwhile."""
    connection.send(frame if isinstance(frame, str) else json.dumps(frame))
    while True:
        told: dict[str, Any] = json.loads(connection.recv(timeout=60))
        if "events" not in told:
            return told


def say(key: str, text: str, **more: Any) -> dict[str, Any]:
    return {"do": "say", "id": key, "with": {"key": key, "text": text}, **more}


@contextlib.contextmanager
def desk(house: House, port: int, name: str) -> Iterator[ClientConnection]:
    person = Person(house, name)
    headers = {"Cookie": cookie_of(person)}
    with connect(f"ws://127.0.0.1:{port}{FEED}", proxy=None, additional_headers=headers) as found:
        yield found


@pytest.mark.two_nodes
def test_a_frame_and_a_post_with_the_same_key_are_one_message(house, queue, port):
    visitor = Visitor(house, queue)
    with socket(port, visitor.begun["key"], SHOP) as connection:
        first = answer(connection, say("k1", "hello"))
        assert first["id"] == "k1"
        assert (first["answer"]["number"], first["answer"]["text"]) == (1, "hello")
        assert answer(connection, say("k1", "hello"))["answer"] == first["answer"]
    assert visitor.say("k1", "hello") == first["answer"]


@pytest.mark.two_nodes
def test_many_frames_at_once_are_kept_in_the_order_of_their_sending(house, queue, port):
    visitor = Visitor(house, queue)
    with socket(port, visitor.begun["key"], SHOP) as connection:
        for n in range(8):
            connection.send(json.dumps(say(f"k{n}", f"line {n}")))
        told = [json.loads(connection.recv(timeout=60)) for _ in range(8)]
    assert [(one["id"], one["answer"]["number"]) for one in told] == [
        (f"k{n}", n + 1) for n in range(8)
    ]


@pytest.mark.parametrize(
    ("frame", "status", "word"),
    [
        (say("k", ""), 422, "empty"),
        (say("k", "x" * 5000), 422, "characters"),
        ({"do": "say", "id": "k", "with": {"key": "k"}}, 422, "text"),
        ({"do": "say", "id": "k", "with": {"key": "k", "text": "a", "as": 1}}, 422, "as"),
        ({"do": "say", "id": "k", "with": "loud"}, 422, "with"),
        ({"do": "shout", "id": "k"}, 404, "shout"),
        (say("k", "hello", conversation=2**31 - 1), 403, "another"),
        (say("k", "hello", conversation="1 or 1=1"), 422, "conversation"),
    ],
)
def test_a_bad_command_is_refused_as_rest_refuses_it_and_the_line_stays(
    house, queue, port, frame, status, word
):
    visitor = Visitor(house, queue)
    with socket(port, visitor.begun["key"], SHOP) as connection:
        told = answer(connection, frame)
        assert told["id"] == "k"
        assert told["problem"]["status"] == status
        assert word in told["problem"]["detail"]
        assert answer(connection, say("k2", "still here"))["answer"]["number"] == 1


@pytest.mark.parametrize(
    "frame", ['{"do": "say"}', '{"do": 1, "id": "k"}', '{"do": "say", "id": ""}']
)
def test_a_frame_that_is_no_command_ends_the_connection_with_a_sentence(house, queue, port, frame):
    with socket(port, Visitor(house, queue).begun["key"], SHOP) as connection:
        assert '"do"' in answer(connection, frame)["message"]
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)


def test_who_sends_too_fast_is_told_so_and_may_go_on_later(house, queue, port):
    with socket(port, Visitor(house, queue).begun["key"], SHOP) as connection:
        for n in range(30):
            connection.send(json.dumps(say(f"k{n}", "hello")))
        told = [json.loads(connection.recv(timeout=60)) for _ in range(30)]
        refused = [one for one in told if one.get("problem", {}).get("status") == 429]
        assert 0 < len(refused) <= 20
        assert len([one for one in told if "answer" in one]) == 30 - len(refused)


def test_a_key_that_opens_nothing_commands_nothing(house, queue, port):
    with socket(port, "made-up", SHOP) as connection:
        assert answer(connection, say("k", "hello"))["problem"]["status"] == 401


@pytest.mark.two_nodes
def test_whoever_has_not_opened_the_desk_before_is_refused_as_others_are(house, queue, port):
    visitor = Visitor(house, queue)
    house.add("new", Role.AGENT)
    with desk(house, port, "new") as connection:
        told = answer(connection, say("k1", "hello", conversation=visitor.id))
    assert told["problem"]["kind"] == "not-yours"


def test_an_agent_speaks_and_ends_by_frames_and_the_visitor_hears(house, queue, port):
    house.add("anna", Role.AGENT)
    visitor = Visitor(house, queue)
    anna = Person(house, "anna")
    number = anna.get("/desk/me")["id"]
    Person(house, "admin").do("PATCH", f"/agents/{number}", {"queues": [queue]})
    ready(anna)
    with desk(house, port, "anna") as connection:
        taken = answer(connection, {"do": "accept", "id": "1", "conversation": visitor.id})
        assert taken["answer"]["state"] == "active"
        said = answer(connection, say("a1", "good day", conversation=visitor.id))
        assert said["answer"]["agent"] == taken["answer"]["agent"]
        ended = answer(connection, {"do": "end", "id": "2", "conversation": visitor.id})
        assert ended["answer"]["state"] == "wrap_up"
        no = answer(connection, {"do": "take_over", "id": "3", "conversation": visitor.id})
        assert no["problem"]["status"] == 403
    assert visitor.heard() == ["good day"]
