"""What an OTLP log record says, as a Sentry event (opentelemetry.io, "Logs Data Model")."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from comm_server.grouping import from_text
from comm_server.intake.interface import Parsed, PoisonError, Source
from comm_server.intake.syslog import SEVERITIES
from comm_server.plain import one_line
from comm_server.settings import IntakeSettings
from common.clock import stamp

# Of a number, the first bound that it reaches: its syslog severity, and the level of the event.
# The model's appendix B the other way round: what is an error there stays one here.
_LEVELS = (
    (21, "emergency", "fatal"),
    (19, "alert", "error"),
    (18, "critical", "error"),
    (17, "error", "error"),
    (13, "warning", "warning"),
    (10, "notice", "info"),
    (9, "info", "info"),
    (1, "debug", "debug"),
)
_INFO, _ERROR = 9, 17
# Where only a word says how bad it is.
_WORDS = {"fatal": 21, "emerg": 21, "panic": 21, "alert": 19, "crit": 18, "err": 17, "severe": 17,
          "warn": 13, "notice": 10, "info": 9, "debug": 5, "trace": 1, "fine": 1}  # fmt: skip
_PLATFORMS = {"nodejs": "node", "webjs": "javascript", "dotnet": "csharp"}
_TOLD = {"service.name", "service.version", "host.name"}
_EXCEPTION = ("exception.type", "exception.message", "exception.stacktrace")
_MOST_TAGS = 100


def parsed_of(request: ExportLogsServiceRequest, settings: IntakeSettings) -> Parsed:
    """The records that are severe enough, each an event with its source. Raises PoisonError."""
    least = SEVERITIES.index(settings.least_severity)
    parsed = Parsed()
    seen: Counter[bytes] = Counter()
    for resource in request.resource_logs:
        facts = _values(resource.resource.attributes)
        source = Source(_program(facts), one_line(facts.get("host.name") or ""))
        shared = _of_resource(facts)
        identity = resource.resource.SerializeToString(deterministic=True)
        for scope in resource.scope_logs:
            scoped = _of_scope(shared, scope.scope)
            for record in scope.log_records:
                severity, level = _severity(record)
                if SEVERITIES.index(severity) > least:
                    parsed.ignored[f"otlp: {severity}"] += 1
                    continue
                own = record.SerializeToString(deterministic=True)
                if len(own) > settings.most_event:
                    raise PoisonError(f"a record of {len(own)} bytes is over the limit")
                digest = hashlib.sha256(identity + own).digest()
                seen[digest] += 1
                event = _event(record, level, scoped)
                event["event_id"] = _name(digest, seen[digest])
                parsed.events.append(event)
                parsed.sources.append(source)
    return parsed


def _name(digest: bytes, number: int) -> str:
    """Records have no identity, and a batch may come twice: the same content is the same event.

    ``number`` tells apart those that are equal within one batch.
    """
    return hashlib.sha256(digest + str(number).encode()).hexdigest()[:32]


def _program(facts: dict[str, Any]) -> str:
    """The service's name; SDKs that were told none say `unknown_service`."""
    name = one_line(facts.get("service.name") or "")
    return "" if name.startswith("unknown_service") else name


def _of_resource(facts: dict[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = {
        "tags": {name: one_line(value) for name, value in facts.items() if name not in _TOLD}
    }
    if language := one_line(facts.get("telemetry.sdk.language") or "", 20):
        event["platform"] = _PLATFORMS.get(language, language)
    if version := one_line(facts.get("service.version") or "", 100):
        program = _program(facts)
        event["release"] = f"{program}@{version}" if program else version
    if host := one_line(facts.get("host.name") or ""):
        event["server_name"] = host
    environment = facts.get("deployment.environment.name") or facts.get("deployment.environment")
    if environment:
        event["environment"] = one_line(environment, 64)
    return event


def _of_scope(shared: dict[str, Any], scope: InstrumentationScope) -> dict[str, Any]:
    tags = {name: one_line(value) for name, value in _values(scope.attributes).items()}
    tags |= shared["tags"]
    if scope.version:
        tags["otel.scope.version"] = one_line(scope.version)
    event = shared | {"tags": dict(list(tags.items())[:_MOST_TAGS])}
    return event | {"logger": one_line(scope.name)} if scope.name else event


def _severity(record: LogRecord) -> tuple[str, str]:
    """As syslog has it, and as an event has it."""
    number = record.severity_number
    if not number:
        word = record.severity_text.strip().lower()
        known = (known for start, known in _WORDS.items() if word.startswith(start))
        raised = any(one.key in _EXCEPTION for one in record.attributes)
        return _level(next(known, _ERROR if raised else _INFO))
    return _level(number)


def _level(number: int) -> tuple[str, str]:
    known = ((name, level) for least, name, level in _LEVELS if number >= least)
    return next(known, ("debug", "debug"))


def _event(record: LogRecord, level: str, shared: dict[str, Any]) -> dict[str, Any]:
    values = _values(record.attributes)
    body = _value(record.body)
    text = body if isinstance(body, str) else "" if body is None else _words(body)
    event = {
        **shared,
        "level": level,
        "message": text or record.event_name or str(values.get("exception.message") or ""),
        "extra": {name: value for name, value in values.items() if name not in _EXCEPTION},
    }
    if record.event_name:
        event["tags"] = {**event["tags"], "event.name": one_line(record.event_name)}
    nanoseconds = record.time_unix_nano or record.observed_time_unix_nano
    if nanoseconds:
        event["timestamp"] = stamp(datetime.fromtimestamp(nanoseconds / 1e9, UTC))
    if record.trace_id:
        trace = {"trace_id": record.trace_id.hex(), "span_id": record.span_id.hex()}
        event["contexts"] = {"trace": trace}
    kind, message, stack = (str(values.get(name) or "") for name in _EXCEPTION)
    raised = _raised(kind, message, stack)
    if stack and "platform" not in raised:  # in a language that is not read: for people to read
        event["extra"]["exception.stacktrace"] = stack
    return event | raised


def _raised(kind: str, message: str, stack: str) -> dict[str, Any]:
    """The exception of a record, with the frames of its stack trace where they can be read."""
    read = from_text(stack) if stack else {}
    if "exception" in read:
        # Frames say most; but the type and the message need not be guessed from the text.
        last = read["exception"]["values"][-1]
        last["type"], last["value"] = kind or last["type"], message or last["value"]
        return {"platform": read["platform"], "exception": read["exception"]}
    return {"exception": {"values": [{"type": kind, "value": message}]}} if kind else {}


def _values(attributes: Any) -> dict[str, Any]:
    """Attributes by name; of a name that comes twice the first counts."""
    found: dict[str, Any] = {}
    for one in attributes:
        found.setdefault(one.key, _value(one.value))
    return found


def _value(value: AnyValue) -> Any:
    """A value as JSON can hold it."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return _values(value.kvlist_value.values)
    plain = getattr(value, kind)
    if isinstance(plain, bytes):
        return plain.hex()
    return str(plain) if isinstance(plain, float) and not math.isfinite(plain) else plain


def _words(body: Any) -> str:
    """A body that is no text: its message if it has one, else all of it."""
    if isinstance(body, dict):
        for name in ("message", "msg"):
            if isinstance(body.get(name), str):
                return str(body[name])
    return json.dumps(body, ensure_ascii=False)
