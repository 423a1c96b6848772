"""OTLP log records as reports: severity, exceptions, who said it, and the JSON form's own ways."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from comm_server.grouping import group
from comm_server.intake.interface import Parsed, PoisonError, Source
from comm_server.intake.otlp import OtlpIntake, OtlpJsonIntake
from comm_server.settings import IntakeSettings

SETTINGS = IntakeSettings()
STACK = """Traceback (most recent call last):
  File "/srv/dialer/trunk.py", line 41, in dial
    return self._lines[number]
KeyError: '4711'
"""


def text(value: str) -> dict[str, Any]:
    return {"stringValue": value}


def attributes(**values: str) -> list[dict[str, Any]]:
    return [{"key": k.replace("_", "."), "value": text(v)} for k, v in values.items()]


def request(*records: dict[str, Any], **resource: str) -> bytes:
    logs = [{"scope": {"name": "dialer.trunk", "version": "2"}, "logRecords": list(records)}]
    facts = {"attributes": attributes(**resource)}
    return json.dumps({"resourceLogs": [{"resource": facts, "scopeLogs": logs}]}).encode()


def parse(*records: dict[str, Any], least: str = "error", **resource: str) -> Parsed:
    body = request(*records, **resource)
    return OtlpJsonIntake().parse(body, IntakeSettings(least_severity=least))


def record(number: int = 17, body: str = "no dial tone", **more: Any) -> dict[str, Any]:
    return {"severityNumber": number, "body": text(body), **more}


@pytest.mark.parametrize(
    ("number", "severity", "level"),
    [(1, "debug", "debug"), (8, "debug", "debug"), (9, "info", "info"), (12, "notice", "info"),
     (13, "warning", "warning"), (17, "error", "error"), (18, "critical", "error"),
     (20, "alert", "error"), (21, "emergency", "fatal"), (24, "emergency", "fatal")],
)  # fmt: skip
def test_the_severity_is_weighed_as_syslogs(number: int, severity: str, level: str):
    assert parse(record(number), least="debug").events[0]["level"] == level
    kept = parse(record(number), least="error")
    if number >= 17:
        assert [one["level"] for one in kept.events] == [level]
    else:
        assert (kept.events, kept.ignored) == ([], {f"otlp: {severity}": 1})


@pytest.mark.parametrize(
    ("word", "level"), [("ERROR", "error"), ("Critical", "error"), ("SEVERE", "error"),
                        ("FATAL", "fatal"), ("warning", None), ("", None), ("made up", None)],
)  # fmt: skip
def test_without_a_number_the_word_says_it_and_without_both_it_is_information(word, level):
    events = parse({"severityText": word, "body": text("x")}).events
    assert [one["level"] for one in events] == ([level] if level else [])


def test_an_exception_without_a_severity_is_an_error():
    told = attributes(exception_type="TrunkError", exception_message="gone")
    assert parse({"attributes": told}).events[0]["level"] == "error"


def test_an_exception_becomes_one_with_its_frames_and_is_grouped_by_them():
    told = attributes(
        exception_type="KeyError", exception_message="'4711'", exception_stacktrace=STACK, seat="7"
    )
    [event] = parse(record(body="dialling failed", attributes=told)).events
    [raised] = event["exception"]["values"]
    assert (raised["type"], raised["value"]) == ("KeyError", "'4711'")
    frame = raised["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["lineno"]) == ("dial", 41)
    assert (event["message"], event["extra"]) == ("dialling failed", {"seat": "7"})
    assert group(event).place == "trunk.py:dial"


def test_a_stack_trace_in_no_known_language_is_kept_for_people():
    told = attributes(exception_type="E_FAIL", exception_stacktrace="at 0x7f, then at 0x80")
    [event] = parse(record(attributes=told)).events
    assert event["exception"]["values"][0]["type"] == "E_FAIL"
    assert event["extra"] == {"exception.stacktrace": "at 0x7f, then at 0x80"}


def test_who_said_it_comes_from_the_resource():
    parsed = parse(
        record(timeUnixNano="1796025600500000000"),
        service_name="dialer", service_version="3.1", host_name="pbx-2",
        deployment_environment_name="live", telemetry_sdk_language="nodejs", rack="r4",
    )  # fmt: skip
    [event] = parsed.events
    assert parsed.sources == [Source("dialer", "pbx-2")]
    assert (event["release"], event["server_name"]) == ("dialer@3.1", "pbx-2")
    assert (event["environment"], event["platform"]) == ("live", "node")
    assert (event["logger"], event["timestamp"]) == ("dialer.trunk", "2026-11-30T08:00:00.500Z")
    assert event["tags"]["rack"] == "r4"
    assert event["tags"]["otel.scope.version"] == "2"


def test_a_service_without_a_name_is_the_dsns_program():
    assert parse(record(), service_name="unknown_service:python").sources == [Source("", "")]


def test_ids_are_hex_in_json_and_fields_of_tomorrow_do_not_matter():
    trace = "5B8EFFF798038103D269B633813FC60C"
    [event] = parse(record(traceId=trace, spanId="eee19b7ec3c1b174", hologram={"a": [1]})).events
    assert event["contexts"]["trace"] == {"trace_id": trace.lower(), "span_id": "eee19b7ec3c1b174"}
    with pytest.raises(PoisonError):
        parse(record(traceId="no hex"))


def test_values_of_every_kind_can_be_kept_as_json():
    kinds = [
        {"key": "n", "value": {"intValue": "9007199254740993"}},
        {"key": "x", "value": {"doubleValue": "NaN"}},
        {"key": "b", "value": {"bytesValue": "AAE="}},
        {"key": "l", "value": {"arrayValue": {"values": [{"boolValue": True}, {}]}}},
        {"key": "m", "value": {"kvlistValue": {"values": attributes(a="1")}}},
    ]
    [event] = parse({**record(), "attributes": kinds}).events
    assert event["extra"] == {
        "n": 9007199254740993, "x": "nan", "b": "0001", "l": [True, None], "m": {"a": "1"}
    }  # fmt: skip
    assert json.dumps(event, allow_nan=False)


def test_a_body_that_is_no_text_shows_its_message():
    told = {"kvlistValue": {"values": attributes(message="trunk lost", code="7")}}
    assert parse({**record(), "body": told}).events[0]["message"] == "trunk lost"


def test_a_batch_that_comes_twice_is_the_same_and_equal_records_in_it_are_two():
    first, second = parse(record(), record()), parse(record(), record())
    ids = [one["event_id"] for one in first.events]
    assert len(set(ids)) == 2
    assert ids == [one["event_id"] for one in second.events]
    # Nor does it matter in which form it comes, or with what else.
    form = Parse(request(record(), record(9)), ExportLogsServiceRequest()).SerializeToString()
    assert OtlpIntake().parse(form, SETTINGS).events[0]["event_id"] == ids[0]
    assert parse(record(), service_name="other").events[0]["event_id"] not in ids


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"resourceLogs": 7}', b'{"resourceLogs": [{"scopeLogs": "x"}]}',
     b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [7]}]}]}',
     b'{"resourceLogs":' + b"[" * 5000 + b"]" * 5000 + b"}"],
)  # fmt: skip
def test_json_of_another_shape_is_poison(body: bytes):
    with pytest.raises(PoisonError):
        OtlpJsonIntake().parse(body, SETTINGS)


def test_answers_are_the_protocols_messages_in_the_form_of_the_request():
    body, content_type = OtlpIntake().written({}, 200)
    assert content_type == "application/x-protobuf"
    assert not ExportLogsServiceResponse.FromString(body).HasField("partial_success")
    body, _ = OtlpIntake().written({"detail": "Too large."}, 413)
    assert Status.FromString(body).message == "Too large."
    assert OtlpJsonIntake().written({}, 200) == (b"{}", "application/json")
    body, _ = OtlpJsonIntake().written({"detail": "Too large."}, 413)
    assert json.loads(body) == {"message": "Too large."}


@pytest.mark.parametrize("separator", [" ", "%20"])
def test_the_key_may_come_percent_encoded_out_of_the_environment(separator: str):
    header = {"Authorization": f"Bearer{separator}{'a' * 32}"}
    assert OtlpIntake().key_of(header.get, {}.get, b"") == "a" * 32


def test_protobuf_is_loaded_only_where_otlp_comes():
    loaded = "import sys, comm_server.intake; sys.exit('google.protobuf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded], check=False, timeout=60).returncode == 0
