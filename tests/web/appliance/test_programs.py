"""Programs that ask in a person's name: keys, tokens, limits, creations sent again."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from appliance.domain.roles import PERMISSIONS, Role
from appliance.settings.limits import LimitSettings
from tests.web.appliance.conftest import GOOD, ORIGIN, House
from tests.web.appliance.people import Person, problem_of


def ask(house: House, shown: str, method: str, path: str, body: Any = None, **more: str) -> Any:
    headers = {"Authorization": f"Bearer {shown}", **more} if shown else more
    return house.appliance.flask.test_client().open(
        f"/api/v1{path}", method=method, json=body, headers=headers, base_url=ORIGIN
    )


def sign_in(house: House, **more: Any) -> Any:
    body = {"name": "admin", "password": GOOD, "program": "the CRM", **more}
    return ask(house, "", "POST", "/tokens", body)


def test_a_key_opens_what_it_was_made_for_and_nothing_more(house, admin):
    body = {"name": "CRM", "scopes": ["floor.manage"]}
    made = admin.do("POST", "/api-keys", body, 201)
    key = made["key"]
    assert ask(house, key, "POST", "/queues", {"name": "by program"}).status_code == 201
    assert ask(house, key, "GET", "/me").json["permissions"] == ["floor.manage"]
    problem_of(ask(house, key, "GET", "/users"), 403, "forbidden")
    problem_of(ask(house, key, "POST", "/me/second-factor", {}), 403, "forbidden")
    problem_of(ask(house, key[:-1] + "x", "GET", "/queues"), 401, "unauthorized")
    (shown,) = admin.get("/api-keys")["items"]
    assert shown["used_at"] is not None
    assert "key" not in shown
    assert ("admin (CRM)", "queue.set") in [
        (line.who, line.what) for line in house.appliance.office.audit.latest(9)
    ]
    assert admin.ask("DELETE", f"/api-keys/{made['id']}").status_code == 204
    problem_of(ask(house, key, "GET", "/queues"), 401, "unauthorized")
    problem_of(admin.ask("POST", "/api-keys", {"name": "x", "scopes": ["all"]}), 422, "invalid")


def test_a_program_gives_nobody_what_it_may_not_itself(house, admin):
    def made(*scopes: str) -> str:
        key: str = admin.do("POST", "/api-keys", {"name": "HR", "scopes": list(scopes)}, 201)["key"]
        return key

    body = {"name": "more", "scopes": ["programs.connect", "users.manage"]}
    told = ask(house, made("programs.connect"), "POST", "/api-keys", body)
    assert "the permission users.manage yourself" in problem_of(told, 422, "invalid")
    own = admin.get("/me")["id"]
    house.add("anna", Role.AGENT)
    anna = next(one["id"] for one in admin.get("/users")["items"] if one["name"] == "anna")
    key = made("users.manage", *PERMISSIONS[Role.AGENT])
    for method, path, body in (
        ("POST", "/users", {"name": "eve", "role": "administrator"}),
        ("PATCH", f"/users/{anna}", {"role": "supervisor"}),
        ("POST", f"/users/{own}/password", {}),
        ("DELETE", f"/users/{own}/second-factor", None),
    ):
        refused = ask(house, key, method, path, body, **{"If-Match": "*"})
        assert (refused.status_code, refused.json["kind"]) == (422, "scope-beyond"), path
    for method, path, body in (
        ("POST", "/users", {"name": "bo", "role": "agent"}),
        ("PATCH", f"/users/{anna}", {"disabled": False}),
        ("POST", f"/users/{anna}/password", {}),
        ("DELETE", f"/users/{anna}/second-factor", None),
    ):
        done = ask(house, key, method, path, body, **{"If-Match": "*"})
        assert done.status_code < 300, (path, done.text)


def test_a_key_ends_with_its_time_and_with_its_person(house, admin):
    until = (house.clock.now().replace(microsecond=0)).isoformat()
    body = {"name": "CRM", "scopes": ["floor.manage"], "expires_at": until}
    problem_of(admin.ask("POST", "/api-keys", body), 422, "invalid")
    house.add("second", Role.ADMINISTRATOR)
    second = Person(house, "second")
    key = second.do("POST", "/api-keys", {"name": "a", "scopes": ["users.manage"]}, 201)["key"]
    number = second.get("/me")["id"]
    assert ask(house, key, "GET", "/users").status_code == 200
    admin.do("PATCH", f"/users/{number}", {"role": "supervisor"})
    problem_of(ask(house, key, "GET", "/users"), 403, "forbidden")
    admin.do("PATCH", f"/users/{number}", {"disabled": True})
    problem_of(ask(house, key, "GET", "/me"), 401, "unauthorized")
    assert second.ask("GET", "/me").status_code == 401
    assert house.browser().sign_in("second", GOOD).status_code == 403


def test_a_program_signs_in_and_renews_its_token(house, admin):
    pair = sign_in(house, scopes=["floor.see"]).json
    assert ask(house, pair["access_token"], "GET", "/me").json["permissions"] == ["floor.see"]
    problem_of(ask(house, pair["access_token"], "GET", "/users"), 403, "forbidden")
    house.clock.advance(pair["expires_in"])
    problem_of(ask(house, pair["access_token"], "GET", "/me"), 401, "unauthorized")
    body = {"refresh_token": pair["refresh_token"]}
    renewed = ask(house, "", "POST", "/tokens/refresh", body).json
    assert ask(house, renewed["access_token"], "GET", "/me").json["program"] == "the CRM"
    assert [one["name"] for one in admin.get("/me/programs")["items"]] == ["the CRM"]
    body = {"refresh_token": renewed["refresh_token"]}
    assert ask(house, "", "POST", "/tokens/revoke", body).status_code == 204
    problem_of(ask(house, renewed["access_token"], "GET", "/me"), 401, "unauthorized")
    assert admin.get("/me/programs")["items"] == []


def test_a_refresh_token_that_comes_twice_revokes_all_that_followed(house, admin):
    first = sign_in(house).json
    stolen = {"refresh_token": first["refresh_token"]}
    second = ask(house, "", "POST", "/tokens/refresh", stolen).json
    told = problem_of(ask(house, "", "POST", "/tokens/refresh", stolen), 401, "token-refused")
    assert "used before" in told
    problem_of(ask(house, second["access_token"], "GET", "/me"), 401, "unauthorized")
    mine = {"refresh_token": second["refresh_token"]}
    problem_of(ask(house, "", "POST", "/tokens/refresh", mine), 401, "token-refused")
    assert house.appliance.office.audit.latest(1)[0].what == "program.token_reused"


@pytest.mark.two_nodes
def test_a_token_that_somebody_made_up_opens_nothing(house, admin):
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    good = sign_in(house).json["access_token"]
    header = jwt.get_unverified_header(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": header["kid"]}),
        jwt.encode(claims, "", "none", headers={"kid": header["kid"]}),
        jwt.encode(claims, "x" * 40, "HS256", headers={"kid": header["kid"]}),
        jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": "none"}),
        good[:-4] + "AAAA",
        ".".join([_part({"alg": "EdDSA", "kid": "\ud800"}), *good.split(".")[1:]]),
        ".".join([_part({"alg": "EdDSA", "kid": "\0"}), *good.split(".")[1:]]),
        "a.b.c",
    ):
        problem_of(ask(house, forged, "GET", "/me"), 401, "unauthorized")


def _part(of: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()


def test_wrong_passwords_of_programs_lock_as_those_of_people(house, admin):
    statuses = [sign_in(house, password="guess").status_code for _ in range(7)]
    assert statuses == [401] * 6 + [429]
    locked = sign_in(house)
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "31")
    number = admin.get("/me")["id"]
    assert admin.get(f"/users/{number}")["locked_until"]


def test_a_creation_that_is_sent_again_is_not_done_again(house, admin):
    again = {"Idempotency-Key": "one"}
    first = admin.ask("POST", "/users", {"name": "anna", "role": "agent"}, **again)
    second = admin.ask("POST", "/users", {"name": "anna", "role": "agent"}, **again)
    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert second.headers["Idempotent-Replayed"] == "true"
    other = admin.ask("POST", "/users", {"name": "bo", "role": "agent"}, **again)
    problem_of(other, 422, "key-used")
    refused = admin.ask("POST", "/teams", {"name": ""}, **{"Idempotency-Key": "two"})
    assert refused.status_code == 422
    admin.do("POST", "/teams", {"name": "night"}, 201)
    retried = admin.ask("POST", "/teams", {"name": "day"}, **{"Idempotency-Key": "two"})
    assert retried.status_code == 201  # what was refused was not done
    with house.appliance.office.database.read() as session:
        from sqlalchemy import text

        kept = str(session.execute(text("select answer from kept_answers")).all())
    assert first.json["one_time_password"] not in kept
    house.clock.advance(days=1, seconds=1)
    house.appliance.office.people.kept.forget(24)
    taken = Person(house, "admin").ask("POST", "/users", {"name": "anna", "role": "agent"}, **again)
    problem_of(taken, 422, "invalid")


def test_an_address_that_asks_too_often_waits_whoever_it_says_to_be(build):
    house = build(limits=LimitSettings(requests_per_minute_per_address=60))
    client = house.appliance.flask.test_client()

    def status(address: str) -> int:
        answer = client.get("/api/v1/me", base_url=ORIGIN, environ_base={"REMOTE_ADDR": address})
        return int(answer.status_code)

    assert [status("192.0.2.1") for _ in range(8)] == [401] * 6 + [429] * 2
    assert status("192.0.2.2") == 401
    house.clock.advance(1)
    assert status("192.0.2.1") == 401


def test_who_asks_too_often_is_told_when_to_ask_again(build):
    house = build(limits=LimitSettings(requests_per_minute_per_account=60))
    house.signed_in()
    admin = Person(house, "admin")
    answers = [admin.ask("GET", "/me") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    problem_of(answers[-1], 429, "too-many-requests")
    assert answers[-1].headers["Retry-After"] == "1"
    house.clock.advance(1)
    assert admin.get("/me")["name"] == "admin"
