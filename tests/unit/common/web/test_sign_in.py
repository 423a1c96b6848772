from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlite_utils import Migrations

from common.spool import Store
from common.web.accounts import (
    SqliteAccounts,
    add_to,
    create_first_account,
    reset_password,
)
from common.web.pages import NavItem, install
from common.web.passwords import Passwords
from common.web.signin import SignIn, person_here, safe_next, signed_in
from common.web.texts import Texts
from tests.support.clock import FakeClock

# argon2 as cheap as it can be: these tests are about what stands around it.
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
GOOD = "a long enough sentence"
NAME = "admin"


class House:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = FakeClock()
        self.events: list[tuple[str, str, str]] = []
        self.keys = [b"s" * 32]
        self.open()
        self.first = create_first_account(self.accounts, NAME, passwords=CHEAP) or ""
        self.client = self.browser()

    def open(self) -> None:
        steps = Migrations("test")
        add_to(steps)
        self.store = Store(self.path, steps)
        self.accounts = SqliteAccounts(self.store, clock=self.clock)
        self.flask = Flask("test")
        texts = Texts("common.web")
        install(self.flask, texts, title="signin.title", nav=[NavItem("front", "page.home")])
        self.signin = SignIn(
            self.accounts,
            texts,
            program="test",
            keys=self.keys,
            passwords=CHEAP,
            clock=self.clock,
            on_event=lambda *event: self.events.append(event),
        )
        self.signin.install(self.flask)

        @self.flask.get("/")
        @signed_in
        def front() -> str:
            return f"hello {person_here().name}"

        @self.flask.post("/act")
        @signed_in
        def act() -> str:
            return "done"

    def browser(self) -> FlaskClient:
        client = self.flask.test_client()
        client.environ_base["wsgi.url_scheme"] = "https"
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    def token(self, path: str = "/sign-in", client: FlaskClient | None = None) -> str:
        page = (client or self.client).get(path).get_data(as_text=True)
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def sign_in(self, password: str, name: str = NAME, **form: str) -> Any:
        data = {"name": name, "password": password, "csrf": self.token(), **form}
        return self.client.post("/sign-in", data=data)

    def settle(self) -> None:
        """The first password changed to GOOD, and signed in."""
        assert self.sign_in(self.first).status_code == 303
        csrf = self.token("/password")
        data = {"old": self.first, "new": GOOD, "again": GOOD, "csrf": csrf}
        assert self.client.post("/password", data=data).status_code == 303


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "t.db")
    yield made
    made.store.close()


def test_a_stranger_is_sent_to_sign_in_and_back(house: House) -> None:
    answer = house.client.get("/?a=1")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/?a%3D1"


def test_a_program_that_is_not_signed_in_gets_json_not_a_redirect(house: House) -> None:
    answer = house.client.get("/", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "unauthorized"


def test_a_session_outlives_a_new_signing_key_and_ends_with_its_own(house: House) -> None:
    house.settle()
    cookie = house.client.get_cookie("__Host-callstead-test")
    assert cookie is not None
    for keys, status in ([b"s" * 32, b"t" * 32], 200), ([b"t" * 32], 303):
        house.keys = keys
        house.store.close()
        house.open()
        house.client = house.browser()
        house.client.set_cookie("__Host-callstead-test", cookie.value, secure=True)
        assert house.client.get("/").status_code == status


def test_the_one_time_password_must_be_changed_before_anything_else(house: House) -> None:
    answer = house.sign_in(house.first, next="/?a=1")
    assert answer.location == "/password?next=/?a%3D1"
    assert house.client.get("/").location == "/password?next=/"
    csrf = house.token("/password")
    assert house.client.post("/act", data={"csrf": csrf}).location.startswith("/password")
    form = {"old": house.first, "new": GOOD, "again": GOOD, "csrf": csrf, "next": "/?a=1"}
    assert house.client.post("/password", data=form).location == "/?a=1"
    assert house.client.get("/").get_data(as_text=True) == "hello admin"


def test_the_one_time_password_is_no_password_after_that(house: House) -> None:
    house.settle()
    house.client = house.browser()
    assert house.sign_in(house.first).status_code == 403
    assert house.sign_in(GOOD).status_code == 303


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [
        ("short", "short", "at least 12"),
        (GOOD, GOOD + "!", "not the same"),
        ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa", "too simple"),
    ],
)
def test_a_bad_new_password_is_not_taken(house: House, new: str, again: str, sentence: str) -> None:
    house.sign_in(house.first)
    form = {"old": house.first, "new": new, "again": again, "csrf": house.token("/password")}
    answer = house.client.post("/password", data=form)
    assert answer.status_code == 400
    assert sentence in answer.get_data(as_text=True)
    assert house.accounts.find(NAME).must_change  # type: ignore[union-attr]


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(house: House) -> None:
    wrong, unknown = house.sign_in("wrong"), house.sign_in("wrong", name="nobody")
    assert wrong.status_code == unknown.status_code == 403
    sentence = "The name or the password is not right."
    assert sentence in wrong.get_data(as_text=True)
    assert sentence in unknown.get_data(as_text=True)


def test_wrong_passwords_lock_the_account_for_longer_and_longer(house: House) -> None:
    for _ in range(6):
        assert house.sign_in("wrong").status_code == 403
    locked = house.sign_in(house.first)
    assert locked.status_code == 429
    assert "30 seconds" in locked.get_data(as_text=True) or "31 seconds" in locked.text
    house.clock.advance(31)
    assert house.sign_in("wrong").status_code == 403
    house.clock.advance(31)
    assert house.sign_in(house.first).status_code == 429, "the second lock is twice as long"
    house.clock.advance(31)
    assert house.sign_in(house.first).status_code == 303
    assert ("locked", NAME, "127.0.0.1") in house.events


def test_the_lock_survives_a_restart(house: House) -> None:
    for _ in range(6):
        house.sign_in("wrong")
    house.store.close()
    house.open()
    house.client = house.browser()
    assert house.sign_in(house.first).status_code == 429


def test_guessing_many_names_locks_the_address(house: House) -> None:
    for number in range(31):
        assert house.sign_in("wrong", name=f"name{number}").status_code == 403
    assert house.sign_in(house.first).status_code == 429


def test_the_right_password_forgets_the_failures(house: House) -> None:
    for _ in range(5):
        house.sign_in("wrong")
    assert house.sign_in(house.first).status_code == 303
    assert house.store.value("SELECT count(*) FROM sign_in_failures") == 0


def test_a_sign_in_without_csrf_token_is_refused(house: House) -> None:
    data = {"name": NAME, "password": house.first}
    assert house.client.post("/sign-in", data=data).status_code == 400
    house.token()
    data["csrf"] = "guessed"
    assert house.client.post("/sign-in", data=data).status_code == 400
    assert house.client.get("/").status_code == 303


def test_a_form_without_csrf_token_changes_nothing(house: House) -> None:
    house.settle()
    assert house.client.post("/act").status_code == 400
    assert house.client.post("/sign-out").status_code == 400
    csrf = house.token("/password")
    assert house.client.post("/act", data={"csrf": csrf}).data == b"done"
    assert house.client.post("/act", headers={"X-CSRF-Token": csrf}).data == b"done"


def test_the_csrf_token_of_before_signing_in_is_worth_nothing_after(house: House) -> None:
    planted = house.token()
    house.settle()
    assert house.client.post("/act", data={"csrf": planted}).status_code == 400


def test_signing_out_ends_a_stolen_cookie_too(house: House) -> None:
    house.settle()
    name = house.flask.config["SESSION_COOKIE_NAME"]
    stolen = house.client.get_cookie(name)
    assert stolen
    house.client.post("/sign-out", data={"csrf": house.token("/password")})
    thief = house.browser()
    thief.set_cookie(name, stolen.value)
    assert thief.get("/").status_code == 303


def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    house.settle()
    reset_password(house.accounts, NAME, passwords=CHEAP)
    assert house.client.get("/").location.startswith("/sign-in")


def test_an_idle_session_ends_and_one_in_use_does_not(house: House) -> None:
    house.settle()
    for _ in range(10):
        house.clock.advance(minutes=20)
        assert house.client.get("/").status_code == 200
    house.clock.advance(minutes=31)
    assert house.client.get("/").status_code == 303
    assert "signed out" in house.client.get("/sign-in").get_data(as_text=True)


def test_even_a_busy_session_ends_after_twelve_hours(house: House) -> None:
    house.settle()
    for _ in range(12 * 3 - 1):
        house.clock.advance(minutes=20)
        assert house.client.get("/").status_code == 200
    house.clock.advance(minutes=20)
    assert house.client.get("/").status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House) -> None:
    cookie = house.sign_in(house.first).headers["Set-Cookie"]
    assert cookie.startswith("__Host-callstead-test=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        None,
        "///evil.example",
    ],
)
def test_an_open_redirect_is_refused(house: House, target: str | None) -> None:
    assert safe_next(target) == "/"
    house.settle()
    house.client = house.browser()
    assert house.sign_in(GOOD, **({"next": target} if target else {})).location == "/"


def test_a_path_of_our_own_is_a_safe_next() -> None:
    assert safe_next("/clients/3?tab=log#end") == "/clients/3?tab=log#end"


def test_sign_in_speaks_both_languages(house: House) -> None:
    client = house.flask.test_client()
    assert "登录" in client.get("/sign-in").text
    page = client.get("/sign-in?lang=en").text
    assert "Sign in" in page
    assert '<html lang="en">' in page
    assert "Sign in" in client.get("/sign-in").text, "the choice is remembered"


def test_the_feed_knows_a_session_by_its_cookies(house: House) -> None:
    house.settle()
    name = house.flask.config["SESSION_COOKIE_NAME"]
    cookie = house.client.get_cookie(name)
    assert cookie
    found = house.signin.session_of_cookies(house.flask, {name: cookie.value})
    assert found
    assert found[0].name == NAME
    assert house.signin.session_of_cookies(house.flask, {name: cookie.value + "x"}) is None
    house.clock.advance(seconds=timedelta(hours=1).total_seconds())
    assert house.signin.session_of_cookies(house.flask, {name: cookie.value}) is None


def test_there_is_only_one_first_account(house: House) -> None:
    assert create_first_account(house.accounts, "second", passwords=CHEAP) is None
