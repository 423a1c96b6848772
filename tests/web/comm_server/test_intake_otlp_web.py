"""OTLP at the door: the standard address, the protocol's own answers, who the sender is."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from comm_server.digest import digest_some
from comm_server.settings import IntakeSettings
from tests.support.serving import served
from tests.support.site import TestSite
from tests.support.waiting import until

PROTOBUF = "application/x-protobuf"


def batch(**resource: str) -> bytes:
    facts = [{"key": k.replace("_", "."), "value": {"stringValue": v}} for k, v in resource.items()]
    record = {"severityNumber": 17, "body": {"stringValue": "no dial tone"}}
    logs = {"resource": {"attributes": facts}, "scopeLogs": [{"logRecords": [record]}]}
    return json.dumps({"resourceLogs": [logs]}).encode()


@pytest.fixture
def base(site: TestSite) -> Iterator[str]:
    with served(site.app(), direct=site.door()) as server:
        yield f"http://127.0.0.1:{server.port}"


def post(url: str, key: str, body: bytes, content_type: str, **headers: str) -> requests.Response:
    said = {"Authorization": f"Bearer {key}", "Content-Type": content_type, **headers}
    return requests.post(url, data=body, headers=said, timeout=60)


def reports(site: TestSite, settings: IntakeSettings | None = None) -> list[tuple[str, str]]:
    while digest_some(site.store, settings or site.intake):
        pass
    rows = site.store.rows(
        "SELECT d.program, d.machine FROM reports r JOIN dsns d ON d.id = r.dsn ORDER BY r.id"
    )
    return [(row["program"], row["machine"]) for row in rows]


def test_at_the_standard_address_the_key_tells_whose_it_is(site: TestSite, base: str):
    _number, key = site.dsn("dialer", "pbx")
    answer = post(f"{base}/v1/logs", key, batch(), "application/json")
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["Content-Type"] == "application/json"
    assert reports(site) == [("dialer", "pbx")]


def test_below_the_dsn_the_key_must_be_that_dsns(site: TestSite, base: str):
    number, key = site.dsn("dialer", "pbx")
    other, _ = site.dsn("other", "pbx")
    packed = gzip.compress(batch())
    encoding = {"Content-Encoding": "gzip"}
    for dsn, status in ((number, 200), (other, 403)):
        url = f"{base}/api/{dsn}/v1/logs"
        assert post(url, key, packed, "application/json", **encoding).status_code == status
    assert reports(site) == [("dialer", "pbx")]


def test_protobuf_is_answered_in_protobuf(site: TestSite, base: str):
    _number, key = site.dsn()
    answer = post(f"{base}/v1/logs", key, b"", PROTOBUF)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, PROTOBUF)
    assert answer.content == ExportLogsServiceResponse().SerializeToString()
    refused = post(f"{base}/v1/logs", "0" * 32, b"", PROTOBUF)
    assert (refused.status_code, refused.headers["Content-Type"]) == (403, PROTOBUF)
    assert "Unknown DSN" in Status.FromString(refused.content).message


def test_another_content_type_is_415(site: TestSite, base: str):
    _number, key = site.dsn()
    answer = post(f"{base}/v1/logs", key, batch(), "text/plain")
    assert answer.status_code == 415
    assert "text/plain" in answer.json()["message"]


def test_a_batch_over_its_limit_is_413_counted_and_not_kept(site: TestSite, base: str):
    _number, key = site.dsn()
    bomb = gzip.compress(b" " * (site.intake.most_batch + 1))
    answer = post(f"{base}/v1/logs", key, bomb, PROTOBUF, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert str(site.intake.most_batch) in Status.FromString(answer.content).message
    assert site.store.value("SELECT count(*) FROM raw") == 0
    rows = until(
        lambda: site.store.rows("SELECT kind, reason, count FROM tallies"), 60, "the count"
    )
    assert rows == [{"kind": "dropped", "reason": "otlp: refused, too large", "count": 1}]


def test_what_cannot_be_stored_is_503_because_these_senders_try_again(
    site: TestSite, base: str, monkeypatch: pytest.MonkeyPatch
):
    _number, key = site.dsn()

    def fails(*_arguments: object, **_named: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(site.store, "submit", fails)
    answer = post(f"{base}/v1/logs", key, batch(), "application/json")
    assert (answer.status_code, set(answer.json())) == (503, {"message"})


def test_a_collector_brings_many_programs_by_one_key(site: TestSite, base: str):
    _number, key = site.dsn("collector", "hub")
    for name in ("dialer", "billing"):
        post(f"{base}/v1/logs", key, batch(service_name=name, host_name="pbx"), "application/json")
    post(f"{base}/v1/logs", key, batch(service_name="dialer"), "application/json")
    assert reports(site) == [("dialer", "pbx"), ("billing", "pbx"), ("dialer", "hub")]
    machines = site.store.rows("SELECT machine FROM problem_seen ORDER BY machine")
    assert [row["machine"] for row in machines] == ["hub", "pbx", "pbx"]


def test_names_beyond_the_limit_count_for_the_dsn_itself(site: TestSite, base: str):
    _number, key = site.dsn("collector", "hub")
    for number in range(3):
        post(f"{base}/v1/logs", key, batch(service_name=f"forged{number}"), "application/json")
    assert reports(site, replace(site.intake, most_sources=2)) == [
        ("forged0", "hub"), ("collector", "hub"), ("collector", "hub")
    ]  # fmt: skip


def test_what_cannot_be_understood_is_kept_for_the_vendor(site: TestSite, base: str):
    _number, key = site.dsn()
    assert post(f"{base}/v1/logs", key, b"\xff\xff", PROTOBUF).status_code == 200
    assert reports(site) == []
    row = site.store.row("SELECT state, body FROM raw")
    assert row == {"state": "quarantined", "body": b"\xff\xff"}
