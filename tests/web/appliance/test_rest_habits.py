"""What is the same everywhere at the REST interface: versions, pages, errors."""

from __future__ import annotations

import io
import re
from functools import reduce
from typing import Any

import pytest

from tests.web.appliance.conftest import GOOD, ORIGIN
from tests.web.appliance.people import problem_of

# Ended, revoked or removed, and never edited: there is no version of it to mistake.
TAKEN_BACK = {
    "/api/v1/api-keys/{key}",
    "/api/v1/desk/conversations/{conversation}/supervision",
    "/api/v1/me/programs/{program}",
    "/api/v1/me/sessions",
    "/api/v1/me/sessions/{session}",
    "/api/v1/prompts/{prompt}",
    "/api/v1/recordings/{recording}/notes/{note}",
    "/api/v1/users/{user}/second-factor",
    "/api/v1/users/{user}/sessions",
}
# One moment's whole, or never many.
WHOLE = {
    "/api/v1/desk/conversations",
    "/api/v1/floor/agents",
    "/api/v1/floor/conversations",
    "/api/v1/floor/incomplete",
    "/api/v1/me/programs",
    "/api/v1/me/sessions",
    "/api/v1/recordings/of/{conversation}",
    "/api/v1/reports/figures",
    "/api/v1/reports/staffing",
    "/api/v1/roles",
}
EDITS: dict[str, Any] = {
    "/api/v1/numbers/{number}": {"queue": 1},
    "/api/v1/roles/{role}": {"second_factor_required": True},
    "/api/v1/teams/{team}": {"name": "night"},
}
SPAM = {"kind": "network", "value": "192.0.2.7", "reason": "spam", "until": None}
KEY = {"name": "crm", "scopes": ["floor.see"]}


def _at(document: Any, reference: str) -> Any:
    """What a `$ref` names; nothing for none."""
    return (
        reduce(lambda part, name: part[name], reference.split("/")[1:], document)
        if reference
        else {}
    )


def test_an_edit_of_what_somebody_else_changed_meanwhile_is_refused(admin, queues):
    here = f"/queues/{queues[0]}"
    seen = admin.get(here)["etag"]
    admin.do("PATCH", here, {"form": {"priority": 5}})
    told = problem_of(
        admin.ask("PATCH", here, {"name": "x"}, **{"If-Match": f'"{seen}"'}),
        412,
        "precondition-failed",
    )
    assert "Read it again" in told
    now = admin.get(here)
    assert (now["name"], now["form"]["priority"]) == ("sales", 5)
    edited = admin.ask("PATCH", here, {"name": "x"}, **{"If-Match": f'"{now["etag"]}"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, f'"{edited.json["etag"]}"')


def test_an_edit_without_a_version_is_refused_naming_the_header(admin, queues):
    told = admin.ask("PATCH", f"/queues/{queues[0]}", {"name": "x"}, **{"If-Match": ""})
    assert "If-Match" in problem_of(told, 428, "precondition-required")


def test_an_agents_version_changes_with_an_edit_and_not_with_presence(admin, agents):
    number = agents[0].get("/desk/me")["id"]
    before = admin.get(f"/agents/{number}")["etag"]
    agents[0].do("POST", "/desk/presence", {"said": "sign_in"})
    now = admin._client.get(
        f"/api/v1/agents/{number}", base_url=ORIGIN, headers={"If-None-Match": f'"{before}"'}
    )
    assert (now.status_code, now.json["etag"]) == (200, before)  # and the presence is another
    admin.do("PATCH", f"/agents/{number}", {"capacity": 50})
    old = {"If-Match": f'"{before}"'}
    answer = admin.ask("PATCH", f"/agents/{number}", {"capacity": 75}, **old)
    problem_of(answer, 412, "precondition-failed")


def test_what_was_read_already_is_not_sent_again(admin, queues):
    etag = admin.get(f"/queues/{queues[0]}")["etag"]
    again = admin._client.get(
        f"/api/v1/queues/{queues[0]}", base_url=ORIGIN, headers={"If-None-Match": f'"{etag}"'}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_the_description_tells_which_headers_edits_and_creations_take(admin, queues):
    document = admin._client.get("/api/openapi.json", base_url=ORIGIN).json
    paths = document["paths"]

    def headers(path: str, method: str) -> dict[str, bool]:
        told = paths[path][method].get("parameters", [])
        return {one["name"]: one["required"] for one in told if one["in"] == "header"}

    assert headers("/api/v1/queues/{queue}", "patch") == {"If-Match": True}
    assert headers("/api/v1/queues", "post") == {"Idempotency-Key": False}
    assert headers("/api/v1/chat", "post") == {"Idempotency-Key": False}
    assert headers("/api/v1/queues", "get") == {}
    assert headers("/api/v1/tokens", "post") == {}
    assert headers("/api/v1/flows/{flow}/publish", "post") == {"If-Match": True}
    one_of_both = {"If-Match": False, "If-None-Match": False}
    assert headers("/api/v1/numbers/{number}", "put") == one_of_both
    for path, item in paths.items():
        for method in {"patch", "put", "delete"} & item.keys():
            asks = "If-Match" in headers(path, method)
            assert asks != (path in TAKEN_BACK), (method, path)
            if asks:
                here = path.removeprefix("/api/v1").replace("{role}", "agent")
                body = EDITS.get(path) if method != "delete" else None
                refused = admin.ask(method, re.sub(r"{\w+}", "1", here), body, **{"If-Match": ""})
                problem_of(refused, 428, "precondition-required")
    assert {path for path, item in paths.items() if _whole_list(document, item)} == WHOLE


def _whole_list(document: Any, item: Any) -> bool:
    """Whether an address answers a list that has no pages."""
    asked = item.get("get", {})
    answer = asked.get("responses", {}).get("200", {}).get("content", {})
    shape = _at(document, answer.get("application/json", {}).get("schema", {}).get("$ref", ""))
    pages = "after" in {one["name"] for one in asked.get("parameters", ())}
    return "items" in shape.get("properties", {}) and not pages


def test_whoever_removes_or_edits_what_was_changed_since_is_refused(admin, queues):
    hook = {"name": "crm", "url": "https://crm.example/events"}
    for where, new, edit in (
        ("/teams", {"name": "night"}, {"name": "late"}),
        ("/webhooks", hook, {"name": "erp"}),
        ("/blocklist", SPAM, {"reason": "again", "until": None}),
        ("/flows", {"name": "main"}, {"name": "other"}),
    ):
        made = [admin.do("POST", where, new, 201)]
        others = {**new, "value": "192.0.2.8"} if "value" in new else {**new, "name": "b"}
        made.append(admin.do("POST", where, others, 201))
        here = f"{where}/{made[0]['id']}"
        newest = admin.do("PATCH", here, edit)["etag"]
        stale = {"If-Match": f'"{made[0]["etag"]}"'}
        for method, body in (("PATCH", edit), ("DELETE", None)):
            problem_of(admin.ask(method, here, body, **stale), 412, "precondition-failed")
        found, after = [], "most=1"
        while after:
            page = admin.get(f"{where}?{after}")
            found += [one["id"] for one in page["items"]]
            after = f"most=1&after={page['cursor']}" if page["cursor"] else ""
        assert sorted(found) == sorted(one["id"] for one in made)
        assert admin.ask("DELETE", here, **{"If-Match": f'"{newest}"'}).status_code == 204
    made = {admin.do("POST", "/api-keys", KEY, 201)["id"] for _ in range(3)}
    first = admin.get("/api-keys?most=2")
    rest = admin.get(f"/api-keys?most=2&after={first['cursor']}")
    assert {one["id"] for one in first["items"] + rest["items"]} == made
    assert rest["cursor"] == ""


def test_lists_come_in_pages(admin, queues):
    names, after = [], 0
    while True:
        page = admin.get(f"/queues?most=1&after={after}")
        names += [one["name"] for one in page["items"]]
        after = page["cursor"]
        if not after:
            break
    assert {"sales", "support"} <= set(names)
    assert len(names) == len(admin.get("/queues")["items"])


def test_an_address_that_does_not_serve_says_why_as_a_problem(house):
    for method, path, status, kind in (
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("DELETE", "/api/v1/queues", 405, "method-not-allowed"),
        ("GET", "/api/v1/desk/me", 401, "unauthorized"),
    ):
        answers = [
            house.appliance.flask.test_client().open(
                path, method=method, base_url=ORIGIN, headers={"Accept-Language": language}
            )
            for language in ("zh-CN", "en")
        ]
        answer = answers[0]
        assert problem_of(answer, status, kind) == answers[1].json["detail"]
        assert answer.json["detail"].isascii()
        assert status != 405 or "GET" in answer.headers["Allow"]


def test_a_body_without_a_length_that_is_too_long_is_refused_as_that(house, admin):
    admin.get("/queues")
    body = b'{"name": "a"}' + b" " * 1_100_000
    answer = admin._client.post(
        "/api/v1/queues", base_url=ORIGIN, input_stream=io.BytesIO(body),
        content_type="application/json", headers={"X-CSRF-Token": admin._token},
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )  # fmt: skip
    problem_of(answer, 413, "request-entity-too-large")


@pytest.mark.two_nodes
def test_a_character_that_is_none_is_refused_wherever_it_stands(house, admin):
    for method, path in (
        ("GET", "/audit?who=%00"), ("GET", "/audit?%00=x"), ("DELETE", "/api-keys/%00"),
    ):  # fmt: skip
        problem_of(admin.ask(method, path), 400, "bad-request")
    assert house.browser().sign_in("ad\0min", GOOD).status_code == 400


def test_a_body_that_nobody_can_read_is_refused_and_nothing_is_made(admin):
    admin.get("/queues")
    for body, content_type, status in (
        ("not json", "application/json", 400),
        ("", "application/json", 400),
        ('{"name": NaN}', "application/json", 400),
        ('{"name": "a", "form": {"priority": 1e999}}', "application/json", 400),
        ('{"name": "a", "form": {"priority": 9223372036854775808}}', "application/json", 400),
        ('{"name": "a\\u0000"}', "application/json", 400),
        ('{"name": "\\ud800"}', "application/json", 400),
        ("[" * 5000, "application/json", 400),
        ('{"name": "a"}', "text/plain", 415),
        ('{"name": "a"}', None, 415),
        ("x" * 1_100_000, "application/json", 413),
    ):
        answer = admin._client.post(
            "/api/v1/queues", base_url=ORIGIN, data=body, content_type=content_type,
            headers={"X-CSRF-Token": admin._token},
        )  # fmt: skip
        assert answer.status_code == status, (body[:40], answer.text)
        assert answer.content_type == "application/problem+json"
    assert admin.get("/queues")["items"] == []
