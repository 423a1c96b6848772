"""The wire that clients speak: join, programs, rollout, receipts, vitals."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Blueprint, Flask, Response, abort, g, jsonify, request

from comm_server.dsns import dsn_url, ensure_dsn
from comm_server.fleet.clients import Fleet
from comm_server.fleet.tries import Tries
from comm_server.plain import one_line, well_formed
from comm_server.rollout.service import STEPS, Rollout
from common.clock import Clock
from common.errors import RefusedError
from common.logs import get_logger
from common.serving import peer
from common.serving.certificates import SiteAuthority
from common.spool import Row, Store
from common.wire.join_code import decode
from common.wire.signing import b64, verify

log = get_logger(__name__)
_NAME = re.compile(r"[\w .-]{1,60}")
_PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MOST_BODY = 2**20
_MOST_VITALS = 16 * 1024  # they travel in every bundle


@dataclass(frozen=True)
class ClientDoor:
    """What the client's wire needs."""

    store: Store
    fleet: Fleet
    rollout: Rollout
    authority: SiteAuthority
    site_name: str
    clock: Clock
    port: Callable[[], int]


def add_routes(app: Flask, door: ClientDoor) -> None:
    """Mount the wire on ``app``."""
    blueprint = Blueprint("client", __name__)
    tries = Tries(door.clock)

    @blueprint.before_request
    def limit() -> None:
        request.max_content_length = _MOST_BODY

    @blueprint.get("/join/ca")
    def authority() -> Response:
        return Response(door.authority.ca_pem, mimetype="application/x-pem-file")

    @blueprint.post("/join")
    def join() -> Response:
        wanted = _object()
        name, on = _text(wanted, "name", _NAME), _text(wanted, "platform", _NAME)
        code = decode(str(wanted.get("code", "")))

        def issue(client: str) -> tuple[bytes, str, str]:
            return _issue(door.authority, str(wanted.get("csr", "")), client)

        address = request.remote_addr or ""
        if tries.too_many(address):
            log.warning("client.join_slowed", address=address)
            abort(429)
        try:
            client, certificate = door.fleet.join(code.secret, name, on, issue)
        except RefusedError:
            tries.wrong(address)
            raise
        log.info("client.joined", client=client, name=name, platform=on)
        return jsonify(
            client=client,
            certificate=certificate.decode(),
            ca=door.authority.ca_pem.decode(),
            site=door.site_name,
        )

    client_only = guard(door.fleet)

    @blueprint.post("/client/programs")
    @client_only
    def programs() -> Response:
        wanted = _object()
        product, channel = _text(wanted, "product", _PRODUCT), _text(wanted, "channel", _PRODUCT)
        release = wanted.get("release")
        door.fleet.adopt(
            g.client["client"],
            product,
            channel,
            _text(wanted, "platform", _NAME),
            one_line(release, 60) if release else None,
        )
        number, key = ensure_dsn(door.store, product, g.client["name"], door.clock)
        host = request.host.rsplit(":", 1)[0]
        return jsonify(dsn=dsn_url(number, key, "https", host, door.port()))

    @blueprint.get("/client/rollout/<product>")
    @client_only
    def rollout(product: str) -> Response:
        return jsonify(_turn(door.rollout, g.client["client"], product))

    @blueprint.post("/client/receipts")
    @client_only
    def receipts() -> Response:
        accepted = _take_receipts(door.rollout, g.client, _object().get("receipts"))
        return jsonify(accepted=accepted)

    @blueprint.post("/client/vitals")
    @client_only
    def vitals() -> Response:
        facts = _object()
        if len(request.get_data()) > _MOST_VITALS:
            raise RefusedError("body", f"Vitals have at most {_MOST_VITALS} bytes.")
        door.fleet.heard(g.client["client"], facts)
        return jsonify({})

    app.register_blueprint(blueprint)


def guard(fleet: Fleet) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Decorator maker: only a joined client, known by its certificate, gets in."""

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Response:
            g.client = fleet.by_certificate(peer(request.environ))
            if g.client is None:
                response = jsonify(
                    error="stranger",
                    message="This address is for computers that have joined this site. "
                    "Join with `callstead updater join`.",
                )
                response.status_code = 403
                return response
            return view(*args, **kwargs)

        return guarded

    return decorate


def _turn(rollout: Rollout, client: str, product: str) -> dict[str, Any]:
    """May it fetch, drain, switch? And ``keep``: may it stay with what it runs?"""
    version, step = request.args.get("version", ""), request.args.get("step", "switch")
    if step == "keep":
        back = rollout.go_back(product, version)
        return {"go": not back, "reason": back, "back": bool(back)}
    if step not in STEPS:
        raise RefusedError("step", f"A step is one of {', '.join(STEPS)}, keep.")
    urgent = request.args.get("urgent") == "1"
    go, reason = rollout.decide(client, product, version, step, urgent=urgent)
    return {"go": go, "reason": reason}


def _take_receipts(rollout: Rollout, client: Row, given: Any) -> list[str]:
    """Keep the receipts; the ids of those that are kept."""
    accepted: list[str] = []
    refused: RefusedError | None = None
    for signed in given if isinstance(given, list) else []:
        try:
            statement = verify(signed, client["public_key"])
            accepted.append(rollout.keep_receipt(client["client"], statement, signed))
        except RefusedError as error:  # one bad receipt must not hold up the others
            log.warning("receipt.refused", client=client["client"], reason=str(error))
            refused = error
    if refused is not None and not accepted:
        raise refused
    return accepted


def _issue(authority: SiteAuthority, csr_pem: str, client: str) -> tuple[bytes, str, str]:
    try:
        key = x509.load_pem_x509_csr(csr_pem.encode()).public_key()
        certificate = authority.issue_client(csr_pem.encode(), client)
    except ValueError as error:
        raise RefusedError("csr", f"The certificate request is not valid: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise RefusedError("csr", "A client's key must be ed25519; it signs receipts too.")
    fingerprint = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()
    return certificate, fingerprint, b64(key.public_bytes_raw())


def _object() -> dict[str, Any]:
    try:
        value = request.get_json(silent=True)
        if not isinstance(value, dict):
            raise RefusedError("body", "The body must be a JSON object.")
        return well_formed(value)
    except (RecursionError, ValueError) as error:
        raise RefusedError("body", "The body is nested too deeply.") from error


def _text(value: dict[str, Any], key: str, allowed: re.Pattern[str]) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not allowed.fullmatch(text):
        raise RefusedError("body", f"{key!r} must be a text that fits {allowed.pattern}.")
    return text
