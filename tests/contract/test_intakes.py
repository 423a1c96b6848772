"""What every kind of intake must keep: nothing parsed before the yes, poison told, same is same."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from comm_server.intake import KINDS
from comm_server.intake.interface import PoisonError
from comm_server.intake.syslog import stored
from comm_server.settings import IntakeSettings

KEY = "0123456789abcdef0123456789abcdef"
SETTINGS = IntakeSettings()


@dataclass
class Sample:
    """A good report of one kind, and how it shows its key."""

    body: bytes
    header: dict[str, str]


EVENT = json.dumps({"event_id": "a" * 32, "message": "paper out"}).encode()
BEARER = {"Authorization": f"Bearer {KEY}"}
LOG = {"event_id": "a" * 32, "level": "error", "at": "2026-11-21T07:00:00.000Z"}
RECORD = LogRecord(body=AnyValue(string_value="paper out"), severity_number=17)  # type: ignore[arg-type]
OTLP = ExportLogsServiceRequest(
    resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[RECORD])])]
)
SAMPLES = {
    "sentry": Sample(
        b'{}\n{"type":"event"}\n' + EVENT, {"X-Sentry-Auth": f"Sentry sentry_key={KEY}"}
    ),
    "plain": Sample(b'{"message": "paper out"}', BEARER),
    "gelf": Sample(b'{"version": "1.1", "short_message": "paper out"}', BEARER),
    "otlp": Sample(OTLP.SerializeToString(), BEARER),
    "otlp-json": Sample(MessageToJson(OTLP).encode(), BEARER),
    "log": Sample(json.dumps({**LOG, "text": "paper out"}).encode(), {}),
    "syslog": Sample(stored(b"<11>paper out", "192.0.2.7"), {}),
}


@pytest.fixture(params=sorted(KINDS))
def kind(request):
    return request.param


def test_every_kind_is_tried_here():
    assert set(SAMPLES) == set(KINDS)


def test_a_good_report_is_one_event_with_an_id_and_its_message(kind):
    [event] = KINDS[kind].parse(SAMPLES[kind].body, SETTINGS).events
    assert event["message"] == "paper out"
    assert len(event["event_id"]) == 32
    assert json.dumps(event)


def test_the_same_bytes_are_the_same_report(kind):
    first, second = (KINDS[kind].parse(SAMPLES[kind].body, SETTINGS) for _ in range(2))
    assert first == second


def test_what_is_over_the_limit_is_poison(kind):
    with pytest.raises(PoisonError, match="over the limit"):
        KINDS[kind].parse(SAMPLES[kind].body, replace(SETTINGS, most_event=10))


def test_an_empty_body_is_poison_but_as_a_batch(kind):
    if kind == "otlp":  # so its protocol has it
        assert KINDS[kind].parse(b"", SETTINGS).events == []
    else:
        with pytest.raises(PoisonError):
            KINDS[kind].parse(b"", SETTINGS)


@pytest.mark.parametrize("body", [b"\xff\xfe\0", b"[" * 100_000, b"null", b'"x"', b"7"])
def test_nonsense_is_poison_and_nothing_else(kind, body):
    with pytest.raises(PoisonError):
        KINDS[kind].parse(body, SETTINGS)


def test_the_key_is_shown_or_there_is_no_door(kind):
    found = KINDS[kind].key_of(SAMPLES[kind].header.get, {}.get, b"")
    assert found == (KEY if KINDS[kind].paths else None)
    assert KINDS[kind].key_of({}.get, {}.get, b"") is None


@pytest.mark.parametrize("head", [b"", b"\xff\0{", b'{"event_id": 7}', b"[" * 2048])
def test_the_answer_needs_no_understanding(kind, head):
    assert json.dumps(KINDS[kind].answer(head))
