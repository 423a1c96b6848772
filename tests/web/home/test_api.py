"""JSON for scripts, and the files that sites fetch without signing in."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import TestResponse

from common.wire.signing import public_text, verify
from tests.support.events import AT
from tests.support.vendor import CRASH
from tests.web.home.conftest import WebHome


def get(home: WebHome, path: str, **headers: str) -> TestResponse:
    return home.stranger().get(path, base_url="https://localhost", headers=headers, buffered=True)


def api(home: WebHome, path: str) -> Any:
    token = (home.folder / "api-token").read_text().strip()
    answer = get(home, path, Authorization=f"Bearer {token}")
    assert answer.status_code == 200, path
    return answer.get_json()


def test_without_the_token_nothing(web_home: WebHome) -> None:
    for path in ("problems", "problems/1", "bundles", "receipts", "sites"):
        for given in ("", "Bearer ", "Bearer wrong", "Basic x", "Bearer \u00e9"):
            answer = get(web_home, f"/api/{path}", Authorization=given)
            assert answer.status_code == 401
            assert answer.get_json()["error"] == "unauthorized"


def test_the_token_is_its_owners_alone_and_stays(web_home: WebHome) -> None:
    path = web_home.folder / "api-token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_text().strip()) >= 40


def test_scripts_read_problems_bundles_receipts_and_sites(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(
        site.mail(
            {"receipts": [site.receipt()]},
            problems=[CRASH],
            clients=[site.client()],
            refusals=[{"at": AT, "kind": "rollback", "sentence": "Replayed."}],
        )
    )
    site.sequence += 1
    web_home.receive(site.mail())
    (problem,) = api(web_home, "/api/problems")["items"]
    assert (problem["fingerprint"], problem["count"], problem["sites"]) == ("f1", 3, ["North"])
    assert problem["since_release"] == "companion@1.0.0"
    assert api(web_home, "/api/problems?search=nothing")["items"] == []
    one = api(web_home, "/api/problems/1")
    assert one["problem"]["sightings"][0]["machines"] == ["seat-1"]
    bundles = api(web_home, "/api/bundles")
    assert [(b["sequence"], b["chain"]) for b in bundles["items"]] == [(3, "open"), (1, "whole")]
    assert bundles["gaps"][0]["sentence"] == "site North: bundle 2 is missing"
    receipts = api(web_home, f"/api/receipts?product=companion&version=1.0.1&site={site.id}")
    assert [(r["outcome"], r["doubt"]) for r in receipts["items"]] == [("committed", "")]
    assert receipts["refusals"][0]["sentence"] == "Replayed."
    (row,) = api(web_home, "/api/sites")["items"]
    assert (row["name"], row["silent"], row["clients"][0]["platform"]) == (
        "North",
        False,
        "linux-x86_64",
    )
    assert "enrolment_secret" not in row


def test_acknowledgements_are_public_and_signed(web_home: WebHome) -> None:
    site = web_home.add_site()
    assert get(web_home, f"/acks/{site.id}.json").status_code == 404
    web_home.receive(site.mail())
    answer = get(web_home, f"/acks/{site.id}.json")
    assert answer.headers["Cache-Control"] == "no-cache"
    said = verify(json.loads(answer.data), public_text(web_home.ack_key))
    assert [entry["sequence"] for entry in said["acknowledged"]] == [1]


def test_the_publication_is_public_with_ranges_and_conditions(web_home: WebHome) -> None:
    whole = get(web_home, "/releases/metadata/timestamp.json")
    assert whole.status_code == 200
    part = get(web_home, "/releases/metadata/timestamp.json", Range="bytes=3-9")
    assert (part.status_code, part.data) == (206, whole.data[3:10])
    tag = whole.headers["ETag"]
    same = get(web_home, "/releases/metadata/timestamp.json", **{"If-None-Match": tag})
    assert same.status_code == 304
    target = web_home.folder / "publication" / "targets" / "p" / "1.0" / "abc.full.tar.zst"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"0123456789")
    answer = get(web_home, "/releases/targets/p/1.0/abc.full.tar.zst", Range="bytes=8-")
    assert (answer.status_code, answer.data) == (206, b"89")


def test_nothing_else_of_the_home_is_public(web_home: WebHome) -> None:
    (web_home.folder / "publication" / "metadata" / ".1.root.json.x.part").write_text("half")
    for path in (
        "/releases/metadata/../../api-token",
        "/releases/targets/..%2f..%2fapi-token",
        "/releases/targets/%2e%2e/%2e%2e/keys/online/ack.pem",
        "/acks/../api-token",
        "/acks/..%2fhome.db",
        "/releases/metadata/.1.root.json.x.part",
        "/releases/metadata/",
        "/releases/targets/..\\..\\api-token",
    ):
        assert get(web_home, path).status_code == 404, path
