"""Faults of the desk in people's browsers: they go where the appliance's own go."""

from __future__ import annotations

import sentry_sdk
from flask import Response, request
from flask_openapi3 import APIBlueprint
from sentry_sdk.envelope import Envelope
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from appliance.api.v1.here import blueprint_for
from appliance.domain.users import Users
from common.web.rates import Rates, line_of

_MOST_BYTES = 200_000  # an event with its stack; more is no fault of the desk


def faults(users: Users, rates: Rates) -> APIBlueprint:
    """The blueprint; ``rates``: how many faults of one address are kept. More are forgotten."""
    about = "Faults of the desk, as Sentry's envelopes."
    blueprint = blueprint_for("faults", "/faults", about, users, "")

    @blueprint.post("", summary="Tell a fault of the desk", responses={"204": None})
    def tell() -> Response:
        data = request.get_data()
        if len(data) > _MOST_BYTES:
            raise RequestEntityTooLarge(f"A fault has at most {_MOST_BYTES} bytes.")
        envelope = _read(data)
        transport = sentry_sdk.get_client().transport
        if transport is not None and not rates.take(line_of(request.remote_addr or "")):
            transport.capture_envelope(envelope)
        return Response(status=204)

    return blueprint


def _read(data: bytes) -> Envelope:
    """Its events alone: no attachment, no session comes in by this way. Raises BadRequest."""
    try:
        found = Envelope.deserialize(data)
        events = [item for item in found.items if item.type == "event"]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise BadRequest("The body is not an envelope of Sentry's SDKs.") from error
    if not events:
        raise BadRequest("The envelope has no event in it.")
    return Envelope(headers=dict(found.headers), items=events)
