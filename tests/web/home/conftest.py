"""A whole home on a temporary folder, and somebody who is signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

from common.web.passwords import Passwords
from home.app import Parts, create_app, create_parts
from home.publish.room import initialise
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.support.wired_home import WiredVendor

CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PASSWORD = "a long enough sentence"


class WebHome(WiredVendor):
    """A home with its pages."""

    def __init__(self, parts: Parts, clock: FakeClock) -> None:
        super().__init__(parts, clock)
        self.app = create_app(parts, CHEAP)

    def stranger(self) -> FlaskClient:
        return self.app.test_client()

    def member(self) -> Member:
        """Somebody who has signed in and chosen a password."""
        member = Member(self.stranger())
        told = dict(
            line.split(": ") for line in (self.folder / "first-sign-in").read_text().splitlines()
        )
        member.post("/sign-in", "/sign-in", **told)
        member.post("/password", "/password", old=told["password"], new=PASSWORD, again=PASSWORD)
        return member


class Member:
    """A browser without scripts."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, language: str = "en") -> str:
        answer = self.client.get(
            path, base_url="https://localhost", headers={"Accept-Language": language}
        )
        assert answer.status_code == 200, (path, answer.status_code, answer.location)
        return answer.get_data(as_text=True)

    def post(self, page: str, path: str, **form: str) -> int:
        """Send the form of ``page`` to ``path``; the answer's status."""
        token = re.search(r'name="csrf" value="([^"]+)"', self.get(page))
        assert token is not None
        answer = self.client.post(
            path,
            data={**form, "csrf": token[1]},
            base_url="https://localhost",
            headers={"Accept-Language": "en"},
        )
        return answer.status_code


@pytest.fixture
def web_home(tmp_path: Path) -> Iterator[WebHome]:
    settings = replace(HomeSettings(), data_dir=str(tmp_path / "home"))
    clock = FakeClock()
    initialise(settings, clock)
    parts = create_parts(lambda: settings, clock=clock)
    yield WebHome(parts, clock)
    parts.close()
