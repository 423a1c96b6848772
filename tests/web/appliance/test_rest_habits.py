"""What is the same everywhere at the REST interface: versions, pages, errors."""

from __future__ import annotations

from tests.web.appliance.conftest import ORIGIN
from tests.web.appliance.people import problem_of


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
    assert admin.get(f"/agents/{number}")["etag"] == before
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
    paths = admin._client.get("/api/openapi.json", base_url=ORIGIN).json["paths"]

    def headers(path: str, method: str) -> dict[str, bool]:
        told = paths[path][method].get("parameters", [])
        return {one["name"]: one["required"] for one in told if one["in"] == "header"}

    assert headers("/api/v1/queues/{queue}", "patch") == {"If-Match": True}
    assert headers("/api/v1/queues", "post") == {"Idempotency-Key": False}
    assert headers("/api/v1/chat", "post") == {"Idempotency-Key": False}
    assert headers("/api/v1/queues", "get") == {}
    kept = {"canned": {"shortcut": "hi", "texts": {"en": "Hello"}}, "teams": {"name": "night"}}
    made = {one: admin.do("POST", f"/{one}", body, 201)["id"] for one, body in kept.items()}
    for kind, method in (("canned", "delete"), ("canned", "patch"), ("teams", "patch")):
        (path,) = [one for one in paths if one.startswith(f"/api/v1/{kind}/{{") and "}/" not in one]
        assert headers(path, method) == {"If-Match": True}
        body = kept[kind] if method == "patch" else None
        refused = admin.ask(method, f"/{kind}/{made[kind]}", body, **{"If-Match": ""})
        problem_of(refused, 428, "precondition-required")


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
        answer = house.appliance.flask.test_client().open(path, method=method, base_url=ORIGIN)
        problem_of(answer, status, kind)
        assert status != 405 or "GET" in answer.headers["Allow"]


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
