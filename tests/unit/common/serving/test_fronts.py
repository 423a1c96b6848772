"""Who asks, behind a front such as nginx."""

from __future__ import annotations

import pytest
import requests
from flask import Flask, request

from tests.support.serving import served

CLAIM = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


def asked_by(claim: dict[str, str], *proxies: str) -> tuple[str, str]:
    flask = Flask("front")

    @flask.get("/")
    def who() -> list[str | None]:
        return [request.remote_addr, request.scheme]

    with served(flask=flask, proxies=proxies) as server:
        address, scheme = requests.get(
            f"http://127.0.0.1:{server.port}/", headers=claim, timeout=10
        ).json()
        return address, scheme


def test_what_a_front_of_ours_says_is_believed():
    assert asked_by(CLAIM, "127.0.0.0/8") == ("203.0.113.7", "https")


def test_what_a_visitor_says_before_the_front_is_not():
    claim = {**CLAIM, "X-Forwarded-For": "10.0.0.1, 203.0.113.7"}
    assert asked_by(claim, "127.0.0.0/8")[0] == "203.0.113.7"


@pytest.mark.parametrize("proxies", [(), ("192.0.2.0/24",)], ids=["none", "another"])
def test_from_anybody_else_it_is_a_claim(proxies):
    assert asked_by(CLAIM, *proxies) == ("127.0.0.1", "http")
