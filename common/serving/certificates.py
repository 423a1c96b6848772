"""Certificates that a program makes for itself: alone, or signed by the site's own authority.

Keys are ECDSA P-256, which every browser and TLS library takes; a client's own key may also be
ed25519. A certificate is made at first start, and again (with the same key) when it nears its
end or when a name it should carry is missing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from common.atomic import write_bytes, write_secret
from common.clock import Clock, SystemClock
from common.errors import OperatorError, RefusedError
from common.serving.tls import TlsIdentity

# Every client of the site pins the authority and would have to join again: it outlives them all.
AUTHORITY_LIFE = timedelta(days=365 * 20)
# Browsers refuse a server certificate that is valid for longer.
SERVER_LIFE = timedelta(days=825)
RENEW_BEFORE = timedelta(days=60)
# A client is put out by the fleet's own list, not by its certificate running out on a night.
CLIENT_LIFE = timedelta(days=365 * 10)
# Clocks of a site's machines may differ; a certificate must not be "not yet valid" on one.
_CLOCK_SKEW = timedelta(days=1)


def ensure_self_signed(
    folder: Path, names: Iterable[str] = (), *, clock: Clock | None = None
) -> TlsIdentity:
    """A certificate in ``folder`` that signs itself; made or renewed when needed.

    Args:
        folder: gets ``server.pem`` and ``server.key``.
        names: host names and addresses beside this machine's own and localhost.
        clock: for tests.
    """
    now = (clock or SystemClock()).now()
    identity = TlsIdentity(folder / "server.pem", folder / "server.key")
    wanted = _all_names(names)
    if not _still_good(identity, wanted, now, None):
        key = _key(identity.key)
        builder = _server_builder(key, wanted, now).issuer_name(_name(wanted[0]))
        write_bytes(identity.certificate, _pem(builder.sign(key, hashes.SHA256())))
    return identity


class SiteAuthority:
    """The site's own certificate authority, made in ``folder`` at first use."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self._folder = folder
        self._clock = clock or SystemClock()
        self._key = _key(folder / "ca.key")
        path = folder / "ca.pem"
        if not path.exists():
            write_bytes(path, _pem(_authority(self._key, self._clock.now())))
        self.certificate = _load(path)
        if self.certificate.public_key() != self._key.public_key():
            raise OperatorError(
                f"{path} does not fit the key {folder / 'ca.key'}. Restore both from one backup."
            )

    @property
    def ca_pem(self) -> bytes:
        """The authority's certificate, PEM."""
        return _pem(self.certificate)

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) of the authority's certificate in DER."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def server_identity(self, names: Iterable[str] = ()) -> TlsIdentity:
        """A server certificate for ``names``, this machine's names and localhost.

        ``client_ca`` is set, so that the server recognises clients of this authority.
        """
        identity = TlsIdentity(
            self._folder / "server.pem", self._folder / "server.key", self._folder / "ca.pem"
        )
        now, wanted = self._clock.now(), _all_names(names)
        if not _still_good(identity, wanted, now, self.certificate):
            builder = _server_builder(_key(identity.key), wanted, now)
            write_bytes(identity.certificate, _pem(self._sign(builder)) + self.ca_pem)
        return identity

    def issue_client(self, csr_pem: bytes, client_id: str) -> bytes:
        """A certificate (PEM) for a client's own key; only the key is taken from the request.

        Raises:
            RefusedError: the request is not a valid one for an ed25519 or P-256 key.
        """
        try:
            request = x509.load_pem_x509_csr(csr_pem)
            key = request.public_key()
            proven = request.is_signature_valid
        except Exception as error:  # what a stranger sends may fail in any way inside the parser
            raise RefusedError(
                "malformed", "This is not a certificate signing request in PEM."
            ) from error
        allowed = isinstance(key, ed25519.Ed25519PublicKey) or (
            isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
        )
        if not proven or not allowed:
            raise RefusedError(
                "malformed",
                "The certificate signing request is not signed by an ed25519 or P-256 key.",
            )
        now = self._clock.now()
        builder = _builder(key, client_id, now, CLIENT_LIFE, ca=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        return _pem(self._sign(builder))

    def _sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return (
            builder.issuer_name(self.certificate.subject)
            .add_extension(_authority_key(self._key), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    # The serial number makes the name unique, so that two sites' authorities are told apart.
    name = f"Callstead site authority {x509.random_serial_number() % 16**8:08x}"
    return (
        _builder(key.public_key(), name, now, AUTHORITY_LIFE, ca=True)
        .issuer_name(_name(name))
        .add_extension(_authority_key(key), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_builder(
    key: ec.EllipticCurvePrivateKey, names: list[str], now: datetime
) -> x509.CertificateBuilder:
    return (
        _builder(key.public_key(), names[0], now, SERVER_LIFE, ca=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
    )


def _builder(
    key: CertificatePublicKeyTypes,
    common_name: str,
    now: datetime,
    life: timedelta,
    *,
    ca: bool,
) -> x509.CertificateBuilder:
    usage = {
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _authority_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _all_names(names: Iterable[str]) -> list[str]:
    own = socket.gethostname()
    return list(dict.fromkeys([own, *names, "localhost", "127.0.0.1", "::1"]))


def _still_good(
    identity: TlsIdentity, names: list[str], now: datetime, issuer: x509.Certificate | None
) -> bool:
    if not identity.certificate.exists() or not identity.key.exists():
        return False
    certificate = _load(identity.certificate)
    carried = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return (
        certificate.not_valid_after_utc - now > RENEW_BEFORE
        and all(_general(name) in carried for name in names)
        and certificate.public_key() == _key(identity.key).public_key()
        and (issuer is None or certificate.issuer == issuer.subject)
    )


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The key at ``path``, made when missing; only its owner can read it."""
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_secret(
            path,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        return key
    try:
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise OperatorError(
            f"The key {path} cannot be read ({error}). Restore it from a backup."
        ) from error
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise OperatorError(f"The key {path} is not an ECDSA key. Restore it from a backup.")
    return loaded


def _load(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise OperatorError(
            f"The certificate {path} cannot be read ({error}). Restore it from a backup."
        ) from error


def _name(common_name: str) -> x509.Name:
    # X.509 allows 64 characters here; the names that count are in the SAN.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
