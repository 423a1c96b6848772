"""OTLP logs over HTTP, protobuf and JSON (opentelemetry.io, "OTLP Specification", OTLP/HTTP).

``POST /v1/logs`` with the header ``Authorization: Bearer KEY``; or ``POST /api/DSN/v1/logs``, which
is what an SDK makes of the endpoint ``…/api/DSN``. Senders of OTLP keep what is answered 503, and
try again: so a report that could not be stored is answered. What cannot be read is not answered
400, as nobody has read it yet: it is kept, and the vendor gets it as it came.
"""

from __future__ import annotations

import re
from typing import Any

from comm_server.intake.interface import Lookup, Parsed
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
        """In the form of the request."""
        from comm_server.intake.otlp_messages import answer  # noqa: PLC0415 - as below

        return answer(value, status), self._content_type

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One batch."""
        # protobuf takes 7 MB, and time to load: only where OTLP comes.
        from comm_server.intake.otlp_messages import request_of  # noqa: PLC0415
        from comm_server.intake.otlp_records import parsed_of  # noqa: PLC0415

        return parsed_of(request_of(body), settings)


class OtlpJsonIntake(OtlpIntake):
    """The JSON form."""

    kind = "otlp-json"
    _content_type = "application/json"

    def written(self, value: dict[str, Any], status: int) -> tuple[bytes, str]:
        """In the form of the request."""
        from comm_server.intake.otlp_messages import answer_in_json  # noqa: PLC0415 - as above

        return answer_in_json(value, status), self._content_type

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One batch."""
        from comm_server.intake.otlp_messages import request_of_json  # noqa: PLC0415 - as above
        from comm_server.intake.otlp_records import parsed_of  # noqa: PLC0415

        return parsed_of(request_of_json(body), settings)
