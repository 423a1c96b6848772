"""Who may ask what: every operation, by the permissions that the description tells of it."""

from __future__ import annotations

import re
from typing import Any

from appliance.api.reference import needs_of
from appliance.domain.roles import PERMISSIONS, Role, may
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Visitor, problem_of

EVERY = PERMISSIONS[Role.ADMINISTRATOR]
# About whoever asks, and nobody else.
OWN = ("/api/v1/me", "/api/v1/faults")
# Opened by a conversation's key, by a signed address, or by a password.
OTHERS = ("/api/v1/chat", "/api/v1/files/", "/api/v1/tokens")


def key_of(house: House, name: str, *scopes: str) -> str:
    """Of a program in somebody's name."""
    user = house.appliance.office.users.by_name(name)
    assert user is not None
    _key, shown = house.appliance.office.people.api_keys.add(user.id, "a program", scopes, None)
    return shown


def ask(house: House, key: str, method: str, path: str) -> Any:
    """Something that no view can do anything with; who may not ask is not told so."""
    house.clock.advance(1)  # nobody asks too often
    path = re.sub(r"{\w+}", "999", path.replace("{role}", "agent").replace("{file}", "0" * 32))
    headers = {"Authorization": f"Bearer {key}", "If-Match": "*"} if key else {}
    return house.appliance.flask.test_client().open(
        path, method=method, base_url=ORIGIN, headers=headers, json=None if method == "GET" else {}
    )


def operations(house: House) -> list[tuple[str, str, list[str]]]:
    """Method, path, permissions; of all that people and programs sign in for."""
    document = house.browser().get("/api/openapi.json").json
    found = [
        (method.upper(), path, needs_of(one))
        for path, item in document["paths"].items()
        for method, one in item.items()
        if not path.startswith(OTHERS)
    ]
    assert len(found) > 120
    return found


def refused(answer: Any) -> str:
    """The permission that was missing; empty: it was not for that."""
    if answer.status_code != 403 or answer.json["kind"] != "permission-missing":
        return ""
    return str(answer.json["parameters"]["permission"])


def test_each_role_may_ask_what_the_description_says_and_nothing_else(house):
    keys = {}
    for role in Role:
        house.add(f"one.{role}", role)
        keys[role] = key_of(house, f"one.{role}", *EVERY)
    for method, path, needed in operations(house):
        assert bool(needed) != path.startswith(OWN), path
        assert ask(house, "", method, path).status_code == 401, path
        for role, key in keys.items():
            missing = {one for one in needed if not may(role, one)}
            answer = ask(house, key, method, path)
            assert answer.status_code < 500, (method, path, answer.text)
            assert bool(refused(answer)) == bool(missing), (role, method, path, answer.text)
            assert not missing or refused(answer) in missing


def test_a_program_may_not_ask_what_it_was_not_given_whoever_its_person_is(house):
    house.add("boss", Role.ADMINISTRATOR)
    keys = {one: key_of(house, "boss", *(EVERY - {one})) for one in EVERY}
    for method, path, needed in operations(house):
        for one in needed:
            assert refused(ask(house, keys[one], method, path)) == one, (method, path)


def test_a_program_that_does_not_see_the_floor_sees_and_changes_its_persons_own_alone(
    house, admin, queues
):
    chat = Visitor(house, queues[0])
    chat.say("1", "a secret")
    path = f"/api/v1/desk/cards/{chat.id}"
    for method in ("GET", "PATCH"):
        own = ask(house, key_of(house, "admin", "conversations.take"), method, path)
        problem_of(own, 403, "not-yours")
    key = key_of(house, "admin", "conversations.take", "floor.see")
    assert ask(house, key, "GET", path).json["last"]["text"] == "a secret"
    (line,) = house.appliance.office.audit.latest(1)
    assert (line.who, line.what, line.subject) == (
        "admin (a program)", "transcript.read", f"conversation {chat.id}",
    )  # fmt: skip


def test_a_change_without_its_token_says_so(house, admin):
    answer = admin.ask("POST", "/teams", {"name": "night"}, token="another")
    told = problem_of(answer, 403, "forbidden")
    assert (answer.json["kind"], "X-CSRF-Token" in told) == ("csrf", True)
