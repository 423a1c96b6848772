"""A communications server in the test's own process, as the updater sees it: real TLS, real files.

What a test changes in it (``go``, ``folder``, ``faults``) is what clients get from then on.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask, Response, abort, jsonify, request, send_from_directory

from common.serving import peer
from common.serving.certificates import SiteAuthority
from common.wire.join_code import JoinCode, decode, encode
from common.wire.signing import b64, verify
from tests.support.serving import served


class SiteSimulator:
    """One site.

    Args:
        folder: for the site's CA.
        releases: holds ``metadata`` and ``targets``.
    """

    def __init__(self, folder: Path, releases: Path) -> None:
        self.authority = SiteAuthority(folder)
        self.releases = releases
        self.go = True
        self.back = ""
        self.faults: dict[str, tuple[int, str, str]] = {}
        self.secret = bytes(range(10))
        self.clients: dict[str, str] = {}  # sha256 of the certificate: public key
        self.programs: list[dict[str, Any]] = []
        self.receipts: list[dict[str, Any]] = []
        self.vitals: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.port = 0
        self._events: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self.flask = self._routes()

    @property
    def code(self) -> str:
        """A join code, which this site takes as often as it is given."""
        return encode(JoinCode(self.secret, bytes.fromhex(self.authority.fingerprint)[:10]))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def served(self) -> Iterator[SiteSimulator]:
        """Answer on a free port for the time of the ``with``."""
        with served(self.flask, tls=self.authority.server_identity(), threads=8) as server:
            self.port = server.port
            try:
                yield self
            finally:
                with self._news:
                    self._news.notify_all()

    def announce(self, product: str, version: str) -> None:
        """Put a hint into the feed."""
        with self._news:
            seq = len(self._events) + 1
            data = {"product": product, "channel": "stable", "version": version}
            event = {"seq": seq, "at": "2026-11-21T09:00:00.000Z", "kind": "release", "data": data}
            self._events.append(event)
            self._news.notify_all()

    def outcomes(self) -> list[tuple[str, str]]:
        """Outcome and version of every receipt."""
        return [(r["outcome"], r["version"]) for r in self.receipts]

    def _routes(self) -> Flask:
        app = Flask("site")

        @app.before_request
        def note() -> Response | None:
            self.asked.append(request.path)
            for prefix, (status, kind, message) in self.faults.items():
                if request.path.startswith(prefix):
                    answer = jsonify(error=kind, message=message)
                    answer.status_code = status
                    return answer
            if request.path.startswith(("/client/", "/releases/")) and not self._known():
                abort(403)
            return None

        @app.get("/healthz")
        def healthz() -> Response:
            return jsonify(ok=True)

        @app.get("/releases/<path:name>")
        def release(name: str) -> Response:
            return send_from_directory(self.releases, name)

        self._join_routes(app)
        self._client_routes(app)
        return app

    def _join_routes(self, app: Flask) -> None:
        @app.get("/join/ca")
        def ca() -> Response:
            return Response(self.authority.ca_pem, mimetype="application/x-pem-file")

        @app.post("/join")
        def join() -> Response:
            asked = request.get_json()
            if decode(asked["code"]).secret != self.secret:
                abort(403)
            pem = self.authority.issue_client(asked["csr"].encode(), "c-1")
            certificate = x509.load_pem_x509_certificate(pem)
            key = certificate.public_key()
            assert isinstance(key, Ed25519PublicKey)
            mark = certificate.fingerprint(hashes.SHA256()).hex()
            self.clients[mark] = b64(key.public_bytes_raw())
            return jsonify(
                client="c-1",
                certificate=pem.decode(),
                ca=self.authority.ca_pem.decode(),
                site="North",
            )

    def _client_routes(self, app: Flask) -> None:
        @app.post("/client/programs")
        def programs() -> Response:
            self.programs.append(request.get_json())
            return jsonify(dsn=f"https://key@{self.address}/{len(self.programs)}")

        @app.get("/client/rollout/<product>")
        def rollout(product: str) -> Response:
            if request.args.get("step") == "keep":
                return jsonify(go=not self.back, reason=self.back, back=bool(self.back))
            return jsonify(go=self.go, reason="Open." if self.go else "Halted.")

        @app.post("/client/receipts")
        def receipts() -> Response:
            taken = [verify(one, str(self._known())) for one in request.get_json()["receipts"]]
            self.receipts += taken
            return jsonify(accepted=[one["id"] for one in taken])

        @app.post("/client/vitals")
        def vitals() -> Response:
            self.vitals.append(request.get_json())
            return jsonify({})

        @app.get("/client/feed")
        def feed() -> Response:
            after, wait = int(request.args["after"]), float(request.args["wait"])
            with self._news:
                if len(self._events) <= after:
                    self._news.wait(wait)
                events = self._events[after:]
            return jsonify(topic="updates", events=events, cursor=after + len(events))

    def _known(self) -> str | None:
        return self.clients.get(peer(request.environ) or "")
