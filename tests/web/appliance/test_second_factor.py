"""The second step of a sign-in: made, asked for, lost, taken away."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from appliance.domain.roles import Role
from appliance.settings.accounts import SessionSettings
from common.web.totp import code_at
from tests.web.appliance.conftest import GOOD, ORIGIN, Browser, House
from tests.web.appliance.people import Person, problem_of


def secret_of(page: str) -> str:
    found = re.search(r'<code id="secret">([A-Z2-7 ]+)</code>', page)
    assert found, page
    return found[1].replace(" ", "")


def required_of(house: House, role: str = "agent") -> Person:
    house.signed_in()
    admin = Person(house, "admin")
    admin.do("PATCH", f"/roles/{role}", {"second_factor_required": True})
    return admin


def enrolled(house: House, name: str = "anna") -> tuple[str, list[str]]:
    """The secret and the recovery codes of somebody whose role must have a second factor."""
    browser = house.browser()
    assert browser.sign_in(name, GOOD).location == "/sign-in/second-factor"
    page = browser.get("/sign-in/second-factor")
    secret = secret_of(page.text)
    done = browser.post("/sign-in/second-factor", code=code_at(secret, house.clock.now()))
    return secret, re.findall(r"<li><code>([^<]+)</code>", done.text)


def second_step(house: House, name: str = "anna") -> Browser:
    browser = house.browser()
    assert browser.sign_in(name, GOOD).location == "/sign-in/code"
    return browser


def test_a_role_that_must_have_a_second_factor_makes_it_at_the_next_sign_in(house):
    house.add("anna", Role.AGENT)
    required_of(house)
    browser = house.browser()
    browser.sign_in("anna", GOOD)
    assert browser.get("/api/v1/me").status_code == 401  # nobody is signed in between the steps
    page = browser.get("/sign-in/second-factor").text
    assert 'src="data:image/svg+xml' in page
    assert browser.get("/sign-in/second-factor").text.count(secret_of(page)[:4])  # a reload
    assert browser.post("/sign-in/second-factor", code="000000").status_code == 403
    code = code_at(secret_of(page), house.clock.now())
    done = browser.post("/sign-in/second-factor", code=code)
    assert len(re.findall(r"<li><code>", done.text)) == 10
    assert browser.get("/api/v1/me").json["name"] == "anna"
    lines = [(e.who, e.what) for e in house.appliance.office.audit.latest(5)]
    assert ("anna", "second_factor.on") in lines
    assert ("admin", "role.second_factor") in lines


def test_a_code_opens_once_and_wrong_ones_lock_the_account(house):
    house.add("anna", Role.AGENT)
    required_of(house)
    secret, _codes = enrolled(house)
    used = code_at(secret, house.clock.now())
    browser = second_step(house)
    assert browser.post("/sign-in/code", code=used).status_code == 403  # seen over a shoulder
    house.clock.advance(30)
    code = code_at(secret, house.clock.now())
    assert browser.post("/sign-in/code", code=f" {code[:3]} {code[3:]} ").status_code == 303
    assert browser.get("/api/v1/me").status_code == 200
    other = second_step(house)
    statuses = [other.post("/sign-in/code", code="123456").status_code for _ in range(7)]
    assert statuses[0] == 403
    assert statuses[-1] == 429
    code = code_at(secret, house.clock.now() + timedelta(seconds=30))
    assert other.post("/sign-in/code", code=code).status_code == 429


@pytest.mark.two_nodes
def test_a_code_that_is_shown_twice_at_once_opens_once(house):
    house.add("anna", Role.AGENT)
    now = house.clock.now()
    homes = [one.office.people.factors for one in (house.appliance, house.public)]
    secret = homes[0].begin("anna")
    codes = homes[0].confirm("anna", code_at(secret, now), now)
    assert codes is not None
    house.clock.advance(30)
    later = house.clock.now()
    for code in (code_at(secret, later), codes[0]):
        with ThreadPoolExecutor(6) as pool:
            shown = [pool.submit(homes[n % 2].check, "anna", code, later) for n in range(6)]
        assert [one.result() for one in shown].count(True) == 1


def test_a_recovery_code_opens_once_however_it_is_typed(house):
    house.add("anna", Role.AGENT)
    required_of(house)
    _secret, codes = enrolled(house)
    typed = codes[3].upper().replace("-", " ")
    assert second_step(house).post("/sign-in/code", code=typed).status_code == 303
    assert second_step(house).post("/sign-in/code", code=typed).status_code == 403
    with house.appliance.office.database.read() as session:
        from sqlalchemy import text

        kept = str(session.execute(text("select * from recovery_codes, second_factors")).all())
    assert codes[4] not in kept
    assert _secret not in kept


def test_who_showed_the_password_long_ago_shows_it_again(house):
    house.add("anna", Role.AGENT)
    required_of(house)
    secret, _codes = enrolled(house)
    browser = second_step(house)
    house.clock.advance(601)
    assert browser.get("/sign-in/code").location == "/sign-in"
    assert house.browser().get("/sign-in/code").location == "/sign-in"
    assert house.browser().get("/sign-in/second-factor").location == "/sign-in"
    assert secret


def test_a_person_makes_renews_and_takes_away_their_own(house):
    house.add("anna", Role.AGENT)
    house.signed_in()
    anna = Person(house, "anna")
    made = anna.do("POST", "/me/second-factor", {}, 201)
    secret = made["secret"].replace(" ", "")
    assert f"secret={secret}" in made["address"]
    assert anna.get("/me/second-factor") == {
        "on": False, "required": False, "recovery_codes_left": 0,
    }  # fmt: skip
    here = "/me/second-factor"
    problem_of(anna.ask("POST", f"{here}/confirm", {"code": "000000"}), 403, "forbidden")
    code = code_at(secret, house.clock.now())
    assert len(anna.do("POST", f"{here}/confirm", {"code": code})["recovery_codes"]) == 10
    problem_of(anna.ask("POST", here, {}), 409, "conflict")
    house.clock.advance(30)
    renewed = anna.do(
        "POST", f"{here}/recovery-codes", {"code": code_at(secret, house.clock.now())}
    )["recovery_codes"]
    admin = Person(house, "admin")
    number = anna.get("/me")["id"]
    assert admin.get(f"/users/{number}")["second_factor"]
    gone = anna.do("POST", f"{here}/remove", {"code": renewed[0]})
    assert (gone["on"], gone["recovery_codes_left"]) == (False, 0)


def test_an_administrator_takes_a_lost_one_away_and_every_session_ends(house):
    house.add("anna", Role.AGENT)
    admin = required_of(house)
    secret, _codes = enrolled(house)
    browser = second_step(house)
    house.clock.advance(30)
    browser.post("/sign-in/code", code=code_at(secret, house.clock.now()))
    number = browser.get("/api/v1/me").json["id"]
    problem_of(
        signed(house, browser, "POST", "/me/second-factor/remove", {"code": _codes[0]}),
        403,
        "forbidden",
    )
    assert admin.ask("DELETE", f"/users/{number}/second-factor").status_code == 204
    assert browser.get("/api/v1/me").status_code == 401
    assert house.browser().sign_in("anna", GOOD).location == "/sign-in/second-factor"


def test_sessions_are_listed_and_ended_one_by_one_and_all_at_once(house):
    house.signed_in()
    here, there = Person(house, "admin"), Person(house, "admin")
    found = here.get("/me/sessions")["items"]
    assert [one["here"] for one in found].count(True) == 1
    other = next(one for one in there.get("/me/sessions")["items"] if one["here"])
    assert datetime.fromisoformat(other["began_at"]) == house.clock.now()
    assert here.ask("DELETE", f"/me/sessions/{other['id']}").status_code == 204
    assert there.ask("GET", "/me").status_code == 401
    problem_of(here.ask("DELETE", "/me/sessions/nothing"), 404, "not-found")
    third = Person(house, "admin")
    third.get("/me")
    out = third._client.post("/sign-out", data={"csrf": third._token}, base_url=ORIGIN)
    assert out.status_code == 303
    assert here.get("/me")["name"] == "admin"  # signing out there ends only that one
    assert here.ask("DELETE", "/me/sessions").status_code == 204
    assert here.ask("GET", "/me").status_code == 401


def test_one_session_more_than_the_setting_allows_ends_the_one_not_used_for_longest(build):
    house = build(session=SessionSettings(most_per_account=2))
    house.signed_in()
    people = []
    for _ in range(3):
        house.clock.advance(60)
        people.append(Person(house, "admin"))
    found = [one._client.get("/api/v1/me", base_url=ORIGIN).status_code for one in people]
    assert found == [401, 200, 200]


def signed(house: House, browser: Browser, method: str, path: str, body: Any) -> Any:
    token = browser.get("/api/v1/me").headers["X-CSRF-Token"]
    return browser._client.open(
        f"/api/v1{path}", method=method, json=body, base_url=ORIGIN,
        headers={"X-CSRF-Token": token},
    )  # fmt: skip
