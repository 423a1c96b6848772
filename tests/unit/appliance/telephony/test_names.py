"""Whether a provider's machine is known by its name."""

from __future__ import annotations

import socket
import threading

import pytest

from appliance.telephony import names
from appliance.telephony.names import host_of, nowhere


def test_a_name_that_nobody_knows_leads_nowhere_and_an_address_somewhere():
    assert nowhere("sip.example.invalid")
    assert nowhere("127.0.0.1") == ""


def test_a_name_without_an_address_may_be_one_for_sip_alone(monkeypatch):
    def lookup(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NODATA, "No address associated with hostname")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert nowhere("sip.example.org") == ""


def test_a_name_server_that_is_dead_is_not_waited_for(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: over.wait(60))
    monkeypatch.setattr(names, "_SECONDS", 0.05)
    assert nowhere("sip.example.org") == "the name server does not answer"
    over.set()


@pytest.mark.parametrize(
    ("server", "host"),
    [("a.example:5060", "a.example"), ("a.example", "a.example"), ("[::1]:5060", "::1")],
)
def test_a_host_is_the_server_without_its_port(server, host):
    assert host_of(server) == host
