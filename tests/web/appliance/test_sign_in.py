from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.domain.roles import Role
from tests.web.appliance.conftest import GOOD, ORIGIN


@pytest.mark.parametrize("path", ["/", "/password"])
def test_a_stranger_is_sent_to_the_sign_in_page_and_sees_nothing(house, path):
    answer = house.browser().get(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/sign-in")
    assert "schema" not in answer.text


def test_a_program_without_a_session_is_told_401(house):
    answer = house.browser().get("/api/v1/status")
    assert (answer.status_code, answer.json["detail"]) == (401, "Please sign in first.")


def test_the_first_password_opens_nothing_but_the_change_page(house):
    browser = house.browser()
    browser.sign_in("admin", house.first_password)
    assert browser.get("/").location.startswith("/password")
    assert browser.get("/api/v1/status").status_code != 200
    browser.change_password(house.first_password, GOOD)
    assert browser.get("/").status_code == 200


def test_what_the_sign_in_says_is_told_by_the_desk_and_not_by_the_next_page_after_it(house):
    browser = house.browser()
    browser.sign_in("admin", house.first_password)
    browser.change_password(house.first_password, GOOD)
    said = "The password is changed."
    assert said in browser.get("/").text
    assert said not in browser.get("/example").text


def test_the_changed_password_removes_the_first_sign_in_from_the_disk(house):
    file = house.appliance.office.first
    assert file.read().password == house.first_password
    house.signed_in()
    assert file.read() is None


def test_the_first_password_is_worth_nothing_after_the_change(house):
    first = house.first_password
    house.signed_in()
    assert house.browser().sign_in("admin", first).status_code == 403


def test_a_new_password_that_will_not_do_is_refused_in_words(house):
    browser = house.browser()
    browser.sign_in("admin", house.first_password)
    answer = browser.change_password(house.first_password, "short")
    assert (answer.status_code, "12 characters" in answer.text) == (400, True)
    assert house.appliance.office.users.by_name("admin").must_change_password


def test_guessing_locks_the_account_for_longer_and_longer(house):
    browser = house.browser()
    statuses = [browser.sign_in("admin", f"guess {n}").status_code for n in range(7)]
    assert statuses == [403] * 6 + [429]
    assert browser.sign_in("admin", house.first_password).status_code == 429
    house.clock.advance(31)
    assert browser.sign_in("admin", "guess").status_code == 403
    house.clock.advance(31)
    assert browser.sign_in("admin", house.first_password).status_code == 429
    house.clock.advance(30)
    assert browser.sign_in("admin", house.first_password).status_code == 303


@pytest.mark.two_nodes
def test_guesses_that_come_at_once_are_all_counted(house):
    house.add("li", Role.AGENT)
    nodes = [one.flask for one in (house.appliance, house.public)]
    body = {"name": "li", "password": "guess", "program": "a guesser"}

    def guess(number: int) -> int:
        client = nodes[number % 2].test_client()
        return client.post("/api/v1/tokens", json=body, base_url=ORIGIN).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(guess, range(8)))
    assert statuses == [401] * 6 + [429] * 2


def test_a_machine_with_many_ipv6_addresses_is_locked_as_one(house):
    house.signed_in()

    def guess(address: str, name: str) -> int:
        body = {"name": name, "password": "guess", "program": "a guesser"}
        return (
            house.appliance.flask.test_client()
            .post(
                "/api/v1/tokens", json=body, base_url=ORIGIN, environ_base={"REMOTE_ADDR": address}
            )
            .status_code
        )

    statuses = [guess(f"2001:db8::{n:x}", f"name{n}") for n in range(32)]
    assert statuses == [401] * 31 + [429]
    assert guess("2001:db8:0:1::1", "another") == 401
    assert guess("::ffff:192.0.2.1", "another") == 401


def test_who_guesses_on_in_a_lock_does_not_fill_the_record(house):
    browser = house.browser()
    for _ in range(40):
        browser.sign_in("admin", "guess")

    def lines() -> int:
        found = house.appliance.office.audit.latest(200)
        return [one.what for one in found].count("user.sign_in_locked")

    assert lines() == 10
    house.clock.advance(60)
    for _ in range(3):
        browser.sign_in("admin", "guess")
    assert lines() == 11


def test_the_limits_are_those_of_the_settings(build):
    from appliance.settings.accounts import SignInSettings

    house = build(sign_in=SignInSettings(free_failures=1, least_length=20))
    browser = house.browser()
    assert [browser.sign_in("admin", "x").status_code for _ in range(3)] == [403, 403, 429]
    house.clock.advance(31)
    browser.sign_in("admin", house.first_password)
    assert "20 characters" in browser.change_password(house.first_password, "x" * 19).text


def test_a_page_that_looks_again_by_itself_does_not_keep_a_forgotten_session_alive(house):
    browser = house.signed_in()
    for _ in range(4):
        house.clock.advance(minutes=20)
        answer = browser.get("/api/v1/status?by-itself=true")
    assert answer.status_code == 401


def test_a_person_who_uses_the_page_stays_signed_in(house):
    browser = house.signed_in()
    for _ in range(4):
        house.clock.advance(minutes=20)
        answer = browser.get("/")
    assert answer.status_code == 200


def test_a_form_from_elsewhere_changes_nothing(house):
    browser = house.signed_in()
    answer = browser._client.post(
        "/password", base_url=ORIGIN, data={"old": GOOD, "new": "x" * 20, "again": "x" * 20}
    )
    assert answer.status_code == 400
    assert house.browser().sign_in("admin", GOOD).status_code == 303


def test_what_happened_at_the_door_is_on_record_and_counted(house):
    house.browser().sign_in("mallory", "guess")
    house.signed_in()
    house.add("li", Role.AGENT)
    assert [(e.who, e.what, e.address) for e in house.appliance.office.audit.latest(3)] == [
        ("admin", "user.password_changed", "127.0.0.1"),
        ("admin", "user.signed_in", "127.0.0.1"),
        ("mallory", "user.sign_in_refused", "127.0.0.1"),
    ]
    metrics = house.browser().get("/metrics").text
    assert 'sign_ins_total{outcome="failed"} 1.0' in metrics
    assert 'sign_ins_total{outcome="ok"} 1.0' in metrics
    assert house.appliance.office.users.by_name("admin").last_sign_in == house.clock.now()


def test_somebody_who_was_removed_meanwhile_is_out(house):
    from sqlalchemy import text

    browser = house.signed_in()
    with house.appliance.office.database.write() as session:
        session.execute(text("delete from sessions"))
        session.execute(text("delete from users"))
    assert browser.get("/").status_code == 303
