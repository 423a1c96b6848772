"""Joining a site: both sides prove who they are by one code that a person carried over.

The code holds a secret, by which the server knows the client, and the beginning of the
fingerprint of the site's CA, by which the client knows the server. The vendor's root of trust
comes from outside (``--root``): a communications server that was taken over can then hold
updates back, but never forge one.

A kill at any moment costs nothing: what was made is found again by the next call with the same
code, and ``joined.json``, written last, is the only thing that counts.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import secrets
import shutil
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID

from common.atomic import write_bytes, write_json
from common.errors import NetworkError, OperatorError, RefusedError, RemoteError
from common.wire.join_code import JoinCode, decode
from common.wire.signing import load_key, new_key
from updater import identity
from updater.comm import ask
from updater.identity import Identity
from updater.settings import NetworkSettings

_PORT = 8090
_JOINING = "joining.json"
_MOST_PEM = 64 * 1024


def join(
    folder: Path,
    address: str,
    code_text: str,
    root_file: Path,
    name: str,
    *,
    platform: str,
    limits: NetworkSettings,
    again: bool = False,
) -> Identity:
    """Join a site; answers who we are there. Joined already with this server: nothing is done.

    Args:
        folder: the updater's identity folder.
        address: ``HOST``, ``HOST:PORT`` or ``https://HOST:PORT`` of the communications server.
        code_text: as `callstead comm invite` printed it.
        root_file: the vendor's ``root.json``, not from the communications server.
        name: what people call this computer.
        platform: of this computer.
        limits: time-outs.
        again: forget an earlier site.

    Raises:
        OperatorError: code, file or folder are not right.
        RefusedError: the server is not the one that the code was made on.
        NetworkError, RemoteError: not reached, or it said no.
    """
    url = plain_address(address)
    joined = identity.find(folder)
    if joined and not again:
        if joined.address == url:
            return joined
        raise OperatorError(
            f"This computer is {joined.name!r} at the site {joined.site!r} ({joined.address}). "
            "To leave that site and join another one, say --again."
        )
    code, root = decode(code_text), _read_root(root_file)
    place = _place(folder, {"address": url, "name": name, "code": _mark(code)})
    authority = _fetch_authority(url, code, limits)
    write_bytes(place / "ca.pem", authority)
    write_bytes(place / "root.json", root)
    answer = _answer(place, url, code_text, name, platform, limits)
    write_bytes(place / "client.pem", str(answer["certificate"]).encode())
    made = Identity(place, str(answer["client"]), name, str(answer["site"]), url)
    identity.save(made, folder)
    _forget_others(folder, place)
    return made


def plain_address(address: str) -> str:
    """``https://HOST:PORT``. Raises OperatorError."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    try:
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:
        host = None
    if not host or parts.scheme != "https" or parts.path.strip("/"):
        raise OperatorError(
            f"{address!r} is not an address. Give HOST or HOST:PORT of the communications server."
        )
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"


def _read_root(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if json.loads(data)["signed"]["_type"] == "root":
            return data
    except OSError as error:
        raise OperatorError(f"The file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError):
        pass
    raise OperatorError(
        f"{path} is not a root of trust. Take the root.json that came from the vendor."
    )


def _place(folder: Path, wanted: dict[str, str]) -> Path:
    """The folder of this attempt: an earlier one with the same code is gone on with."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / _JOINING
    try:
        begun = json.loads(path.read_bytes())
        name = begun.pop("folder")
        if begun == wanted and (folder / name).is_dir():
            return folder / str(name)
    except (OSError, ValueError, KeyError, AttributeError):
        pass
    name = secrets.token_hex(8)
    (folder / name).mkdir(mode=0o700)
    write_json(path, {**wanted, "folder": name}, mode=0o600)
    return folder / name


def _mark(code: JoinCode) -> str:
    return hashlib.sha256(code.secret + code.fingerprint).hexdigest()


def _fetch_authority(url: str, code: JoinCode, limits: NetworkSettings) -> bytes:
    """The site's CA, believed only because its fingerprint stands in the code."""
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        str(parts.hostname), parts.port, timeout=limits.connect, context=context
    )
    try:
        connection.request("GET", "/join/ca")
        answer = connection.getresponse()
        status, pem = answer.status, answer.read(_MOST_PEM)
    except (OSError, http.client.HTTPException) as error:
        raise NetworkError(
            f"The communications server was not reached at {url} ({error}). "
            "Check the address, and that it runs."
        ) from error
    finally:
        connection.close()
    try:
        if status != 200:
            raise ValueError(f"status {status}")
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise RemoteError(
            f"What answers at {url} is not a communications server ({error})."
        ) from error
    if certificate.fingerprint(hashes.SHA256())[: len(code.fingerprint)] != code.fingerprint:
        raise RefusedError(
            "fingerprint",
            f"What answers at {url} is not the communications server that this code was made on: "
            "the address is wrong, or somebody stands in between. Nothing was told to it.",
        )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _answer(
    place: Path, url: str, code: str, name: str, platform: str, limits: NetworkSettings
) -> dict[str, Any]:
    """The server's answer, kept before it is used: the code works only once."""
    kept = place / "answer.json"
    if kept.exists():
        answer: dict[str, Any] = json.loads(kept.read_bytes())
        return answer
    key_file = place / "client.key"
    key = load_key(key_file) if key_file.exists() else new_key(key_file)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, None)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(place / "ca.pem")
        answer = ask(
            session,
            "POST",
            f"{url}/join",
            timeout=(limits.connect, limits.read),
            json={
                "code": code,
                "name": name,
                "platform": platform,
                "csr": request.public_bytes(serialization.Encoding.PEM).decode(),
            },
        )
    _check(answer, place / "ca.pem", key.public_key(), url)
    write_json(kept, answer)
    return answer


def _check(answer: dict[str, Any], ca_file: Path, mine: Ed25519PublicKey, url: str) -> None:
    """The certificate is for our key and from the CA that the code named."""
    try:
        certificate = x509.load_pem_x509_certificate(str(answer["certificate"]).encode())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(ca_file.read_bytes()))
        holds = certificate.public_key() == mine and bool(answer["client"]) and "site" in answer
    except (ValueError, TypeError, KeyError, InvalidSignature):
        holds = False
    if not holds:
        raise RemoteError(
            f"{url} answered with a certificate that is not this site's, or not for this "
            "computer's key. Is it of another version?"
        )


def _forget_others(folder: Path, kept: Path) -> None:
    (folder / _JOINING).unlink(missing_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and path != kept:
            shutil.rmtree(path)
