"""OTLP logs over HTTP, protobuf and JSON (opentelemetry.io, "OTLP Specification", OTLP/HTTP).

``POST /v1/logs`` with the header ``Authorization: Bearer KEY``; or ``POST /api/DSN/v1/logs``, which
is what an SDK makes of the endpoint ``…/api/DSN``. Senders of OTLP keep what is answered 503, and
try again: so a report that could not be stored is answered.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from comm_server.intake.interface import Lookup, Parsed, PoisonError
from comm_server.intake.otlp_records import parsed_of
from comm_server.settings import IntakeSettings

# The header is often set in a variable of the environment, whose values are percent-encoded.
_BEARER = re.compile(r"Bearer(?:\s+|%20)([0-9a-zA-Z]{16,64})")


class OtlpIntake:
    """Protobuf, what SDKs send unless told otherwise."""

    kind = "otlp"
    paths: tuple[str, ...] = ("/v1/logs", "/api/<int:dsn>/v1/logs")
    retries = True
    _content_type = "application/x-protobuf"

    def takes(self, content_type: str) -> bool:
        """By the name that the protocol prescribes."""
        return content_type.partition(";")[0].strip().lower() == self._content_type

    def key_of(self, header: Lookup, query: Lookup, head: bytes) -> str | None:  # noqa: ARG002 - the interface's
        """From ``Authorization: Bearer``."""
        found = _BEARER.fullmatch(header("Authorization") or "")
        return found[1] if found else None

    def largest(self, settings: IntakeSettings) -> int:
        """What the protocol recommends; a batch is understood as a whole."""
        return min(settings.most_batch, settings.most_expanded)

    def answer(self, head: bytes) -> dict[str, Any]:  # noqa: ARG002 - the interface's
        """Nothing more to say than that it is kept."""
        return {}

    def written(self, value: dict[str, Any], status: int) -> tuple[bytes, str]:
        """``ExportLogsServiceResponse`` without ``partial_success``, or ``google.rpc.Status``."""
        return _message(value, status).SerializeToString(), self._content_type

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One batch."""
        try:
            request = ExportLogsServiceRequest.FromString(body)
        except DecodeError as error:
            raise PoisonError(f"not an ExportLogsServiceRequest: {error}") from error
        return parsed_of(request, settings)


class OtlpJsonIntake(OtlpIntake):
    """The JSON form: as proto3 has it, but with ids in hex."""

    kind = "otlp-json"
    _content_type = "application/json"

    def written(self, value: dict[str, Any], status: int) -> tuple[bytes, str]:
        """The same messages as JSON."""
        text = MessageToJson(_message(value, status), indent=None)
        return text.encode(), self._content_type

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One batch."""
        try:
            value = json.loads(body)
            if not isinstance(value, dict):
                raise PoisonError("an OTLP request is a JSON object")
            _hex_to_base64(value)
            request = ParseDict(value, ExportLogsServiceRequest(), ignore_unknown_fields=True)
        except (ParseError, ValueError, TypeError, RecursionError) as error:
            raise PoisonError(f"not an ExportLogsServiceRequest in JSON: {error}") from error
        return parsed_of(request, settings)


def _message(value: dict[str, Any], status: int) -> Any:
    """What is said; ``Status.code`` is left out, as the protocol does not use it."""
    if status < 400:
        return ExportLogsServiceResponse()
    return Status(message=str(value.get("detail", "")))


def _hex_to_base64(request: dict[str, Any]) -> None:
    """Write the ids of all records as proto3's JSON has bytes, in place. Raises ValueError."""
    for resource in _list(request, "resourceLogs"):
        for scope in _list(resource, "scopeLogs"):
            for record in _list(scope, "logRecords"):
                for name in ("traceId", "spanId"):
                    if isinstance(record, dict) and isinstance(record.get(name), str):
                        record[name] = base64.b64encode(bytes.fromhex(record[name])).decode()


def _list(holder: Any, name: str) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []
