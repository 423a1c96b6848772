from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from common.errors import OperatorError, RefusedError
from common.serving.certificates import SERVER_LIFE, SiteAuthority, ensure_self_signed
from tests.support.clock import FakeClock
from tests.support.serving import served


def names_of(pem: Path) -> set[str]:
    certificate = x509.load_pem_x509_certificate(pem.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_a_self_signed_certificate_is_made_once_and_serves(tmp_path: Path, flask: Flask) -> None:
    identity = ensure_self_signed(tmp_path, ["appliance.example", "10.1.2.3"])
    wanted = {"appliance.example", "10.1.2.3", "localhost", "127.0.0.1", "::1"}
    assert wanted <= names_of(identity.certificate)
    assert stat.S_IMODE(identity.key.stat().st_mode) == 0o600
    first = identity.certificate.read_bytes()
    assert ensure_self_signed(tmp_path, ["appliance.example"]).certificate.read_bytes() == first
    with served(flask, tls=identity) as server, requests.Session() as session:
        session.trust_env = False
        session.verify = str(identity.certificate)
        assert session.get(f"https://127.0.0.1:{server.port}/healthz", timeout=10).ok


def test_a_certificate_is_renewed_before_it_ends_with_the_same_key(tmp_path: Path) -> None:
    clock = FakeClock()
    identity = ensure_self_signed(tmp_path, clock=clock)
    first, key = identity.certificate.read_bytes(), identity.key.read_bytes()
    clock.advance(seconds=(SERVER_LIFE - timedelta(days=61)).total_seconds())
    assert ensure_self_signed(tmp_path, clock=clock).certificate.read_bytes() == first
    clock.advance(days=2)
    assert ensure_self_signed(tmp_path, clock=clock).certificate.read_bytes() != first
    assert identity.key.read_bytes() == key


def test_a_new_name_makes_a_new_certificate(tmp_path: Path) -> None:
    authority = SiteAuthority(tmp_path)
    authority.server_identity(["old.example"])
    identity = authority.server_identity(["new.example"])
    assert "new.example" in names_of(identity.certificate)


def test_the_authority_stays_the_same(tmp_path: Path) -> None:
    first = SiteAuthority(tmp_path)
    again = SiteAuthority(tmp_path)
    assert (first.ca_pem, first.fingerprint) == (again.ca_pem, again.fingerprint)
    assert first.certificate.fingerprint(hashes.SHA256()).hex() == first.fingerprint
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600
    assert first.server_identity().client_ca == tmp_path / "ca.pem"


def test_a_client_certificate_names_the_client_we_chose(tmp_path: Path) -> None:
    authority = SiteAuthority(tmp_path)
    pem = authority.issue_client(request_of("admin", 0), "client-1")
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.subject.rfc4514_string() == "CN=client-1"
    certificate.verify_directly_issued_by(authority.certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert constraints.ca is False


@pytest.mark.parametrize("csr", [b"", b"nonsense", b"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n"])
def test_nonsense_is_not_signed(tmp_path: Path, csr: bytes) -> None:
    with pytest.raises(RefusedError):
        SiteAuthority(tmp_path).issue_client(csr, "client-1")


def test_a_request_with_another_kind_of_key_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="ed25519 or P-256"):
        SiteAuthority(tmp_path).issue_client(request_of("x", 2048), "client-1")


def test_a_lost_authority_key_is_told_and_not_replaced_in_silence(tmp_path: Path) -> None:
    SiteAuthority(tmp_path)
    (tmp_path / "ca.key").unlink()
    with pytest.raises(OperatorError, match="backup"):
        SiteAuthority(tmp_path)


def request_of(name: str, rsa_bits: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    )
    if rsa_bits:
        signed = builder.sign(rsa.generate_private_key(65537, rsa_bits), hashes.SHA256())
    else:
        signed = builder.sign(ed25519.Ed25519PrivateKey.generate(), None)
    return signed.public_bytes(serialization.Encoding.PEM)
