from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask, Response, jsonify, request

from common.serving import TlsIdentity, peer
from common.serving.certificates import SiteAuthority


@pytest.fixture
def authority(tmp_path: Path) -> SiteAuthority:
    return SiteAuthority(tmp_path / "tls")


@pytest.fixture
def tls(authority: SiteAuthority) -> TlsIdentity:
    return authority.server_identity()


@pytest.fixture
def flask() -> Flask:
    made = Flask("test")

    @made.route("/who", methods=["GET", "POST"])
    def who() -> Response:
        spoofs = [name for name in request.environ if "PEER" in name]
        return jsonify(peer=peer(request.environ), scheme=request.scheme, spoofs=spoofs)

    @made.get("/healthz")
    def healthz() -> str:
        return "well"

    @made.post("/echo")
    def echo() -> Response:
        return Response(request.get_data())

    return made


@pytest.fixture
def session(authority: SiteAuthority, tmp_path: Path) -> Iterator[requests.Session]:
    ca = tmp_path / "trusted.pem"
    ca.write_bytes(authority.ca_pem)
    with requests.Session() as made:
        made.trust_env = False
        made.verify = str(ca)
        yield made
