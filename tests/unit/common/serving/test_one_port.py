"""TLS and plain HTTP on one port, and who the peer is."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from flask import Flask
from sqlite_utils import Migrations
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from common.errors import OperatorError
from common.feed import Asker, FeedApp, FeedReader
from common.feed.schema import add_to
from common.serving import TlsIdentity, make_server
from common.serving.certificates import SiteAuthority
from common.serving.protocol import PeerProtocol
from common.spool import Store
from tests.support.serving import served


def client_certificate(authority: SiteAuthority, folder: Path) -> tuple[str, str, str]:
    """Files of certificate and key, and the fingerprint, of a client with an ed25519 key."""
    key = ed25519.Ed25519PrivateKey.generate()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    pem = authority.issue_client(request.public_bytes(serialization.Encoding.PEM), "c-1")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "c.pem").write_bytes(pem)
    (folder / "c.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    return str(folder / "c.pem"), str(folder / "c.key"), hashlib.sha256(der).hexdigest()


def test_one_port_speaks_tls_and_plain_http(
    flask: Flask, tls: TlsIdentity, session: requests.Session
) -> None:
    with served(flask, tls=tls) as server:
        at = f"127.0.0.1:{server.port}"
        assert session.get(f"https://{at}/who", timeout=10).json()["scheme"] == "https"
        assert session.get(f"http://{at}/healthz", timeout=10).text == "well"
        assert session.get(f"https://localhost:{server.port}/healthz", timeout=10).ok


def test_a_page_over_plain_http_is_sent_to_https(
    flask: Flask, tls: TlsIdentity, session: requests.Session
) -> None:
    with served(flask, tls=tls) as server:
        at = f"127.0.0.1:{server.port}"
        answer = session.get(f"http://{at}/wh%C3%B6?a=1", allow_redirects=False, timeout=10)
        assert answer.status_code == 308
        assert answer.headers["location"] == f"https://{at}/wh%C3%B6?a=1"
        assert session.get(f"http://{at}/who", timeout=10).json()["scheme"] == "https"


def test_anything_else_over_plain_http_is_refused_with_a_sentence(
    flask: Flask, tls: TlsIdentity, session: requests.Session
) -> None:
    with served(flask, tls=tls) as server:
        answer = session.post(f"http://127.0.0.1:{server.port}/who", data=b"secret", timeout=10)
        assert answer.status_code == 403
        assert "https only" in answer.json()["message"]


def test_a_plain_prefix_is_a_path_and_what_is_below_it(
    flask: Flask, tls: TlsIdentity, session: requests.Session
) -> None:
    with served(flask, tls=tls, plain_prefixes=("/echo", "/who/")) as server:
        at = f"http://127.0.0.1:{server.port}"
        assert session.post(f"{at}/echo", data=b"x", timeout=10).content == b"x"
        assert session.post(f"{at}/echo/x", timeout=10).status_code == 404
        assert session.post(f"{at}/echoes", timeout=10).status_code == 403
        assert session.post(f"{at}/who", timeout=10).status_code == 403


@pytest.mark.parametrize("name", ["Callstead-Peer", "callstead_peer", "CALLSTEAD-peer"])
def test_a_peer_claimed_in_a_header_is_removed(
    flask: Flask, tls: TlsIdentity, session: requests.Session, name: str
) -> None:
    with served(flask, tls=tls, plain_prefixes=("/who",)) as server:
        for scheme in ("http", "https"):
            address = f"{scheme}://127.0.0.1:{server.port}/who"
            answer = session.get(address, headers={name: "f" * 64}, timeout=10).json()
            assert (answer["peer"], answer["spoofs"]) == (None, [])


def test_the_peer_is_the_client_certificate(
    flask: Flask,
    authority: SiteAuthority,
    tls: TlsIdentity,
    session: requests.Session,
    tmp_path: Path,
) -> None:
    certificate, key, fingerprint = client_certificate(authority, tmp_path / "client")
    with served(flask, tls=tls) as server:
        answer = session.get(
            f"https://127.0.0.1:{server.port}/who",
            cert=(certificate, key),
            headers={"callstead-peer": "f" * 64},
            timeout=10,
        ).json()
        assert answer["peer"] == fingerprint


def test_a_certificate_of_another_authority_does_not_get_in(
    flask: Flask, tls: TlsIdentity, session: requests.Session, tmp_path: Path
) -> None:
    certificate, key, _ = client_certificate(SiteAuthority(tmp_path / "other"), tmp_path / "client")
    with served(flask, tls=tls) as server, pytest.raises(requests.ConnectionError):
        session.get(f"https://127.0.0.1:{server.port}/who", cert=(certificate, key), timeout=10)


def test_the_peer_reaches_the_feed_over_http_and_websocket(
    authority: SiteAuthority, tls: TlsIdentity, session: requests.Session, tmp_path: Path
) -> None:
    certificate, key, fingerprint = client_certificate(authority, tmp_path / "client")
    steps = Migrations("test")
    add_to(steps)
    store = Store(tmp_path / "t.db", steps)
    askers: list[Asker] = []

    def may_read(asker: Asker, _topic: str) -> bool:
        askers.append(asker)
        return False

    feed = FeedApp("/feed", FeedReader(store), may_read)
    context = ssl.create_default_context(cadata=authority.ca_pem.decode())
    context.load_cert_chain(certificate, key)
    with served(feed=feed, tls=tls) as server:
        at = f"127.0.0.1:{server.port}/feed"
        query = "?topic=t&after=0"
        cert = (certificate, key)
        assert session.get(f"https://{at}{query}", cert=cert, timeout=10).status_code == 403
        with connect(
            f"wss://{at}",
            ssl=context,
            proxy=None,
            additional_headers={"callstead-peer": "f" * 64, "cookie": "a=b; c=d"},
        ) as opened:
            opened.send('{"subscribe": "t", "after": 0}')
            assert json.loads(opened.recv(timeout=10))["error"] == "refused"
        with pytest.raises(InvalidStatus) as plain, connect(f"ws://{at}", proxy=None):
            pass
        assert plain.value.response.status_code == 403
    store.close()
    assert [asker.peer for asker in askers] == [fingerprint, fingerprint]
    assert askers[1].cookies == {"a": "b", "c": "d"}
    assert askers[1].address == "127.0.0.1"


def test_tls_1_3_is_spoken_and_1_2_with_older_clients(
    flask: Flask, tls: TlsIdentity, authority: SiteAuthority
) -> None:
    context = ssl.create_default_context(cadata=authority.ca_pem.decode())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with served(flask, tls=tls) as server:
        address = ("127.0.0.1", server.port)
        for most, spoken in (
            (ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
            (ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ):
            context.maximum_version = most
            with (
                socket.create_connection(address, 10) as raw,
                context.wrap_socket(raw, server_hostname="localhost") as wrapped,
            ):
                assert wrapped.version() == spoken


def test_a_port_in_use_is_told_in_one_sentence_before_anything_starts(flask: Flask) -> None:
    started: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError) as error:
            make_server(
                name="test",
                host="127.0.0.1",
                port=port,
                port_setting="comm.port",
                flask=flask,
                on_start=lambda: started.append("x"),
            )
    assert str(error.value) == (
        f"Port {port} on 127.0.0.1 is in use by another program. "
        "Stop that program, or choose another port with comm.port."
    )
    assert not started


def test_a_missing_certificate_is_told_and_the_port_given_back(
    flask: Flask, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    missing = TlsIdentity(tmp_path / "no.pem", tmp_path / "no.key")
    arguments = {"name": "t", "host": "127.0.0.1", "port": port, "port_setting": "t.port"}
    with pytest.raises(OperatorError, match=r"no\.pem"):
        make_server(flask=flask, tls=missing, **arguments)
    socket.create_server(("127.0.0.1", port)).close()


def test_silent_connections_hold_up_nobody(
    flask: Flask, tls: TlsIdentity, session: requests.Session
) -> None:
    with served(flask, tls=tls) as server:
        address = ("127.0.0.1", server.port)
        silent = [socket.create_connection(address, 10) for _ in range(50)]
        try:
            assert session.get(f"https://127.0.0.1:{server.port}/who", timeout=10).ok
        finally:
            for connection in silent:
                connection.close()


def test_a_request_that_never_ends_its_head_is_cut_off(
    flask: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PeerProtocol, "head_seconds", 0.2)
    with (
        served(flask) as server,
        socket.create_connection(("127.0.0.1", server.port), 10) as slow,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert slow.recv(100) == b""


def test_bytes_that_are_neither_tls_nor_http_get_an_answer(flask: Flask, tls: TlsIdentity) -> None:
    with (
        served(flask, tls=tls) as server,
        socket.create_connection(("127.0.0.1", server.port), 10) as odd,
    ):
        odd.sendall(b"\x00\x01\x02\r\n\r\n")
        assert odd.recv(100).startswith(b"HTTP/1.1 400")
