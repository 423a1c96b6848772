"""The two ends of a conversation at different processes: nothing is lost, nothing comes twice."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from websockets.sync.client import ClientConnection, connect

from tests.support import nodes as people
from tests.support.nodes import PATIENCE, End, Node, nodes, prepare
from tests.support.postgres import postgres
from tests.support.redis_server import RedisServer, redis_server
from tests.support.waiting import until

MESSAGES = 40  # of each end


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def two(tmp_path: Path, redis: RedisServer) -> Iterator[tuple[list[Node], str]]:
    """Two whole nodes with one PostgreSQL and one Redis, as on two machines with one key."""
    homes = [tmp_path / name for name in ("north", "south")]
    for home in homes:
        (home / "appliance").mkdir(parents=True)
        (home / "appliance" / "session.key").write_bytes(b"k" * 32)
        (home / "appliance" / "vault.keys").write_text("k1 " + b64encode(b"v" * 32).decode() + "\n")
    with postgres() as server:
        url = server.new_database()
        prepare(homes[0] / "appliance", url)
        with nodes(
            *((home, "visitor,desk,worker") for home in homes),
            CALLSTEAD_APPLIANCE_DATABASE_URL=url,
            CALLSTEAD_APPLIANCE_NODES_REDIS_URL=redis.url,
            CALLSTEAD_APPLIANCE_NODES_LEASE_SECONDS="5",
        ) as running:
            yield running, url


@contextlib.contextmanager
def following(*ends: End) -> Iterator[None]:
    ending = threading.Event()
    threads = [end.follow(ending) for end in ends]
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join(30)


def hears(end: End, *keys: str) -> None:
    until(lambda: set(keys) <= {key for _number, key in end.heard}, PATIENCE, str(keys), every=0.02)


def types_across(inner: Node, agent: End, public: Node, contact: End, conversation: int) -> None:
    """Whoever types at one process is seen typing at the other."""
    secure = ssl.create_default_context(cafile=inner.certificate)

    def typing(connection: ClientConnection, end: End, path: str, side: str) -> bool:
        end.tell(path)
        with contextlib.suppress(TimeoutError):
            while True:
                frame = json.loads(connection.recv(timeout=0.5))
                if frame.get("moment", {}).get("data", {}).get("side") == side:
                    return True
        return False

    for node, listens, speaks, path, side in (
        (public, contact, agent, f"/desk/conversations/{conversation}/typing", "agent"),
        (inner, agent, contact, "/chat/typing", "contact"),
    ):
        address = f"wss{node.url.removeprefix('https')}/api/v1/feed"
        topic = f"conversation/{conversation}" if listens is agent else listens.topic
        with connect(
            address, ssl=secure, proxy=None, additional_headers=listens.headers
        ) as connection:
            connection.send(json.dumps({"subscribe": topic, "after": 0}))
            connection.recv(timeout=PATIENCE)
            told = partial(typing, connection, speaks, path, side)
            until(told, PATIENCE, f"typing of the {side}")


def accept(agent: End, conversation: int) -> None:
    until(lambda: "conversation.offer" in agent.kinds, PATIENCE, "the offer", every=0.02)
    agent.ask("POST", f"/desk/conversations/{conversation}/accept")


def test_a_conversation_goes_on_when_the_agents_node_is_killed(two, redis, tmp_path):
    (north, south), database = two
    agent = people.anna(north, south)
    conversation, contact = people.visitor(1, south, north)
    said_by = {"a": (agent, f"/desk/conversations/{conversation}/messages"),
               "v": (contact, "/chat/messages")}  # fmt: skip
    halfway = threading.Barrier(3)

    def speak(name: str) -> None:
        end, path = said_by[name]
        for number in range(MESSAGES):
            if number == MESSAGES // 2:
                halfway.wait(PATIENCE)
            end.ask("POST", path, {"key": f"{name}{number}", "text": f"{number}"})

    with following(agent, contact):
        accept(agent, conversation)
        speakers = [threading.Thread(target=speak, args=(name,)) for name in said_by]
        for speaker in speakers:
            speaker.start()
        halfway.wait(PATIENCE)
        north.kill()  # the agent's, while both speak
        for speaker in speakers:
            speaker.join(PATIENCE)
        keys = [f"{name}{number}" for name in said_by for number in range(MESSAGES)]
        hears(agent, *keys)
        hears(contact, *keys)
        redis.stop()  # the bell is gone: heard all the same, a look later
        contact.ask("POST", "/chat/messages", {"key": "late", "text": "still here?"})
        hears(agent, "late")
        people.ring_for(1, south.folder, database)
        # The worker that was killed is followed: an offer that nobody takes ends.
        _second, _waiting = people.visitor(1, south)
        until(lambda: "agent.miss_offer" in agent.kinds, PATIENCE, "the end of the offer",
              lambda: agent.kinds)  # fmt: skip
    for end in (agent, contact):
        assert [number for number, _key in end.heard] == list(range(1, 2 * MESSAGES + 2))
        assert sorted(key for _number, key in end.heard) == sorted([*keys, "late"])
    assert agent.heard == contact.heard
    kept = contact.ask("GET", "/chat/messages?most=200")["items"]
    assert [(one["number"], one["key"]) for one in kept] == contact.heard


def test_visitors_and_desk_in_two_processes_on_one_file(tmp_path):
    home = tmp_path / "home"
    prepare(home / "appliance")
    with nodes((home, "visitor"), (home, "desk,worker")) as (public, inner):
        agent = people.anna(inner)
        conversation, contact = people.visitor(1, public)
        with following(agent, contact):
            accept(agent, conversation)
            contact.ask("POST", "/chat/messages", {"key": "v", "text": "hello"})
            hears(agent, "v")
            path = f"/desk/conversations/{conversation}/messages"
            agent.ask("POST", path, {"key": "a", "text": "good morning"})
            hears(contact, "a")
            types_across(inner, agent, public, contact, conversation)

        def status(node: Node, path: str, headers: dict[str, str] | None = None) -> int:
            return requests.get(
                node.url + path, headers=headers, timeout=10, verify=node.certificate
            ).status_code

        for path, here, elsewhere in (
            ("/widget.js", public, inner), ("/example", public, inner), ("/sign-in", inner, public),
        ):  # fmt: skip
            assert (status(here, path), status(elsewhere, path)) == (200, 421)
        refused = requests.get(
            f"{public.url}/api/v1/queues",
            headers={**agent.headers, "Accept-Language": "en"},
            timeout=10,
            verify=public.certificate,
        )
        assert refused.status_code == 421
        assert "This process carries visitor" in refused.json()["detail"]
        for topic, end, here, elsewhere in (
            (contact.topic, contact, public, inner), (agent.topic, agent, inner, public),
        ):  # fmt: skip
            feed = f"/api/v1/feed?topic={topic}&after=0"
            assert status(here, feed, end.headers) == 200
            assert status(elsewhere, feed, end.headers) == 403
        assert inner.end() == 0
        assert not list((home / "appliance").glob("local-token*"))
