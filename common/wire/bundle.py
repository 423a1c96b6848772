"""The sealed batch of reports that one mail carries.

Layout, from the inside out:

1. a tar of ``manifest.json``, ``reports/ID.json``, ``raw/ID`` (reports that could not be parsed),
   ``logs.jsonl``, ``environment.json`` and ``receipts.json``;
2. that tar as one zstd frame;
3. ``{"statement": {format, site, sequence, sha256 of the frame, public_key}, "signature"}`` as one
   line of JSON, then the frame: signed by the site;
4. all of it sealed to the vendor's X25519 key by HPKE (RFC 9180, base mode, HKDF-SHA256,
   ChaCha20-Poly1305), after a clear first line that names the format and the recipient key.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from common.errors import RefusedError
from common.wire.signing import b64, public_text, sign, verify

FORMAT = 1
_MAGIC = b"callstead-bundle/1"
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
# A sealed bundle is at most 7 MB; near-identical reports shrink a thousandfold, but no further.
_MOST_EXPANDED = 512 * 2**20


@dataclass(frozen=True)
class Bundle:
    """What is inside.

    Attributes:
        manifest: see docs/bundle.md; always has ``site``, ``sequence``, ``previous``.
        reports: scrubbed Sentry events (JSON objects) by report id.
        raw: bytes of quarantined reports by report id.
        logs: log lines in time order: ``{at, machine, program, line}``.
        environment: the state of the site's machines.
        receipts: signed receipts of clients.
    """

    manifest: dict[str, Any]
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    receipts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Opened:
    """A bundle that was opened: ``public_key`` signed it (the caller decides whom that is)."""

    bundle: Bundle
    site: str
    sequence: int
    public_key: str
    sha256: str


def recipient_id(public_key: bytes) -> str:
    """Names a recipient key in the clear first line."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def pack(bundle: Bundle) -> bytes:
    """The zstd frame (steps 1 and 2), which everybody can read."""
    return zstandard.ZstdCompressor(level=9).compress(_tar(bundle))


def seal(bundle: Bundle, key: Ed25519PrivateKey, recipient: bytes) -> bytes:
    """Pack, compress, sign and seal; see `seal_frame`."""
    return seal_frame(pack(bundle), bundle.manifest, key, recipient)


def seal_frame(
    frame: bytes, manifest: dict[str, Any], key: Ed25519PrivateKey, recipient: bytes
) -> bytes:
    """Sign and seal (steps 3 and 4).

    Args:
        frame: what `pack` made.
        manifest: of the bundle in it.
        key: the site's signing key.
        recipient: the vendor's X25519 public key, 32 raw bytes.
    """
    signed = sign(
        {
            "format": FORMAT,
            "site": manifest["site"],
            "sequence": manifest["sequence"],
            "sha256": hashlib.sha256(frame).hexdigest(),
            "public_key": public_text(key),
        },
        key,
    )
    inner = json.dumps(signed).encode() + b"\n" + frame
    clear = _MAGIC + b" " + recipient_id(recipient).encode()
    sealed: bytes = _SUITE.encrypt(inner, X25519PublicKey.from_public_bytes(recipient), info=clear)
    return clear + b"\n" + sealed


def unseal(data: bytes, keys: dict[str, X25519PrivateKey]) -> Opened:
    """Open a sealed bundle and check that the key it names signed it.

    Args:
        data: the bytes of the mail's attachment.
        keys: the vendor's private keys by `recipient_id`.

    Raises:
        RefusedError: kind ``format``, ``recipient``, ``sealed``, ``malformed`` or ``signature``.
    """
    clear, _, sealed = data.partition(b"\n")
    magic, _, recipient = clear.partition(b" ")
    if magic != _MAGIC:
        raise RefusedError("format", "This is not a bundle that this version can read.")
    private = keys.get(recipient.decode("ascii", "replace"))
    if private is None:
        raise RefusedError("recipient", "The bundle is sealed to a key that is not ours.")
    try:
        inner = _SUITE.decrypt(sealed, private, info=clear)
    except InvalidTag as error:
        raise RefusedError(
            "sealed", "The seal is broken: the bytes were changed on the way."
        ) from (error)
    except ValueError as error:
        raise RefusedError("sealed", f"The bundle cannot be opened: {error}.") from error
    line, _, frame = inner.partition(b"\n")
    try:
        signed = json.loads(line)
        public_key = str(signed["statement"]["public_key"])
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError("malformed", "The bundle's signature cannot be read.") from error
    statement = verify(signed, public_key)
    if statement.get("sha256") != hashlib.sha256(frame).hexdigest():
        raise RefusedError("signature", "The bundle's content is not what its site signed.")
    bundle = unpack(frame)
    site, sequence = bundle.manifest.get("site"), bundle.manifest.get("sequence")
    if (site, sequence) != (statement.get("site"), statement.get("sequence")):
        raise RefusedError("malformed", "The bundle's manifest and signature disagree.")
    if not isinstance(site, str) or not isinstance(sequence, int):
        raise RefusedError("malformed", "The bundle names no site or sequence number.")
    return Opened(bundle, site, sequence, public_key, hashlib.sha256(data).hexdigest())


def enrolment_mac(secret: bytes, site: str, public_key: str) -> str:
    """Proves, in a site's first bundle, that its key belongs to the kit the vendor handed out."""
    return b64(hashlib.blake2b(f"{site}\n{public_key}".encode(), key=secret[:64]).digest())


def _tar(bundle: Bundle) -> bytes:
    files: dict[str, bytes] = {"manifest.json": _json(bundle.manifest)}
    for name, report in bundle.reports.items():
        files[f"reports/{name}.json"] = _json(report)
    for name, data in bundle.raw.items():
        files[f"raw/{name}"] = data
    files["logs.jsonl"] = b"".join(_json(line) + b"\n" for line in bundle.logs)
    files["environment.json"] = _json(bundle.environment)
    files["receipts.json"] = _json(bundle.receipts)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def unpack(frame: bytes) -> Bundle:
    """The reverse of `pack`. Raises RefusedError: kind ``malformed``."""
    files: dict[str, bytes] = {}
    try:
        with zstandard.ZstdDecompressor().stream_reader(frame) as reader:
            data = reader.read(_MOST_EXPANDED + 1)
        if len(data) > _MOST_EXPANDED:
            raise RefusedError("malformed", "The bundle expands beyond every honest size.")
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                file = tar.extractfile(member)
                if file is not None:
                    files[member.name] = file.read()
        return Bundle(
            manifest=json.loads(files["manifest.json"]),
            reports={
                name[len("reports/") : -len(".json")]: json.loads(data)
                for name, data in files.items()
                if name.startswith("reports/")
            },
            raw={n[len("raw/") :]: data for n, data in files.items() if n.startswith("raw/")},
            logs=[json.loads(line) for line in files.get("logs.jsonl", b"").splitlines()],
            environment=json.loads(files.get("environment.json", b"{}")),
            receipts=json.loads(files.get("receipts.json", b"[]")),
        )
    except (zstandard.ZstdError, tarfile.TarError, ValueError, KeyError) as error:
        raise RefusedError("malformed", f"The bundle's content cannot be read: {error}.") from error


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
