"""Bytes from and to OTLP's messages, by the official definitions."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from comm_server.intake.interface import PoisonError


def request_of(body: bytes) -> ExportLogsServiceRequest:
    """A batch in protobuf. Raises PoisonError."""
    try:
        return ExportLogsServiceRequest.FromString(body)
    except DecodeError as error:
        raise PoisonError(f"not an ExportLogsServiceRequest: {error}") from error


def request_of_json(body: bytes) -> ExportLogsServiceRequest:
    """A batch in JSON: as proto3 has it, but with ids in hex. Raises PoisonError."""
    try:
        value = json.loads(body)
        if not isinstance(value, dict):
            raise PoisonError("an OTLP request is a JSON object")
        _hex_to_base64(value)
        return ParseDict(value, ExportLogsServiceRequest(), ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, RecursionError) as error:
        raise PoisonError(f"not an ExportLogsServiceRequest in JSON: {error}") from error


def answer(value: dict[str, Any], status: int) -> bytes:
    """``ExportLogsServiceResponse`` without ``partial_success``, or ``google.rpc.Status``."""
    return bytes(_message(value, status).SerializeToString())


def answer_in_json(value: dict[str, Any], status: int) -> bytes:
    """The same messages as JSON."""
    return MessageToJson(_message(value, status), indent=None).encode()


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
