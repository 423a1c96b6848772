"""The desk's way to the switch, over a real port, with a switch of a few lines behind it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from appliance.domain.roles import Role
from appliance.domain.telephony.seats import is_number, new_number, proof_of, seat_of
from appliance.live.phone_socket import ELSEWHERE, PATH, PhoneLimits, PhoneSocket
from tests.support.serving import served
from tests.support.waiting import until
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person
from tests.web.appliance.test_live import cookie_of

KEY = b"k" * 32


@dataclass
class Identities:
    """Who may sign in at the switch."""

    known: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, proof: str) -> None:
        self.known[name] = proof

    def drop(self, name: str) -> None:
        self.known.pop(name, None)


@pytest.fixture
def switch() -> Iterator[int]:
    """Says back what it is told."""

    def echo(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                connection.send(message)

    with serve(echo, "127.0.0.1", 0, subprotocols=["sip"]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


@dataclass
class Way:
    """The socket's port, and what it puts on the switch."""

    port: int
    identities: Identities

    def open(self, cookie: str = "", number: str = "", origin: str = "") -> ClientConnection:
        return connect(
            f"ws://127.0.0.1:{self.port}{PATH}?session={number or new_number()}",
            origin=origin or f"http://127.0.0.1:{self.port}",
            additional_headers={"Cookie": cookie} if cookie else {},
            subprotocols=["sip"],
            proxy=None,
        )


@pytest.fixture
def way(house: House, switch: int) -> Iterator[Way]:
    identities = Identities()
    socket = PhoneSocket(house.appliance.person, identities, KEY, switch, PhoneLimits(messages=10))
    with served(flask=house.appliance.flask, socket=socket) as server:
        yield Way(server.port, identities)
    socket.close()


@pytest.fixture
def anna(house: House) -> Person:
    house.add("anna", Role.AGENT)
    return Person(house, "anna")


def test_an_agents_words_reach_the_switch_and_its_answers_the_agent(way, anna):
    number = new_number()
    with way.open(cookie_of(anna), number) as phone:
        assert phone.subprotocol == "sip"
        assert way.identities.known == {
            seat_of(anna.get("/desk/me")["id"]): proof_of(KEY, anna.get("/desk/me")["id"], number)
        }
        phone.send("REGISTER sip:callstead.invalid SIP/2.0\r\n\r\n")
        assert phone.recv(10).startswith("REGISTER")
    until(lambda: not way.identities.known, 30, "the identity to go", every=0.02)


@pytest.mark.parametrize(
    "asked", [{}, {"cookie": "x"}, {"origin": "https://elsewhere.test"}, {"number": "no"}]
)
def test_whoever_is_not_signed_in_here_does_not_come_through(way, anna, asked):
    cookie = "" if "cookie" in asked or not asked else cookie_of(anna)
    with pytest.raises(InvalidStatus):
        way.open(cookie, asked.get("number", ""), asked.get("origin", "")).close()
    assert way.identities.known == {}


def test_the_newest_window_has_the_phone(way, anna):
    cookie, second = cookie_of(anna), new_number()
    with way.open(cookie) as first, way.open(cookie, second) as phone:
        with pytest.raises(ConnectionClosed) as closed:
            first.recv(30)
        assert closed.value.rcvd.code == ELSEWHERE
        assert way.identities.known == {
            seat_of(anna.get("/desk/me")["id"]): proof_of(KEY, anna.get("/desk/me")["id"], second)
        }
        phone.send("still here")
        assert phone.recv(10) == "still here"


def until_cut_off(phone: ClientConnection) -> None:
    for _ in range(200):
        phone.send("x")
    while True:
        phone.recv(30)


def test_whoever_sends_too_much_is_cut_off(way, anna):
    with way.open(cookie_of(anna)) as phone, pytest.raises(ConnectionClosed):
        until_cut_off(phone)


def test_a_proof_is_of_one_agent_and_one_session():
    number = new_number()
    assert is_number(number)
    assert not is_number("0" * 31 + "G")
    proofs = {proof_of(KEY, 1, number), proof_of(KEY, 2, number), proof_of(KEY, 1, new_number())}
    assert len(proofs) == 3
    assert all(len(one) == 32 for one in proofs)
