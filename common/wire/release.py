"""What a release is: its manifest, its place among the TUF targets, and a channel's pointer.

Targets of product P: ``P/VERSION/PLATFORM/manifest.json``, ``P/VERSION/PLATFORM/full.tar.zst``
and ``P/channels/CHANNEL.json``. The product's delegated role signs all three.
"""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from packaging.version import InvalidVersion, Version

from common.errors import RefusedError
from common.wire.signing import canonical

FORMAT = 1
CHANNELS = ("dev", "test", "stable")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class File:
    """One file of a release: path below the slot, permission bits, bytes, sha256 (hex)."""

    path: str
    mode: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Health:
    """How to see that the program works: GET ``path`` on its port answers 200 in time.

    Attributes:
        path: empty when the program has no health address (then: it stays alive).
        within: seconds from start until it must be healthy.
        steady: seconds it must then stay healthy before the release is committed.
    """

    path: str = ""
    within: float = 20.0
    steady: float = 3.0


@dataclass(frozen=True)
class Manifest:
    """A release of one product for one platform. Its `digest` names the slot."""

    product: str
    version: str
    platform: str
    start: tuple[str, ...]
    files: tuple[File, ...]
    health: Health = Health()
    created: str = ""
    notes: str = ""

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical(
            {
                "format": FORMAT,
                "product": self.product,
                "version": self.version,
                "platform": self.platform,
                "start": list(self.start),
                "files": [
                    {"path": f.path, "mode": f"{f.mode:o}", "size": f.size, "sha256": f.sha256}
                    for f in self.files
                ],
                "health": {
                    "path": self.health.path,
                    "within": self.health.within,
                    "steady": self.health.steady,
                },
                "created": self.created,
                "notes": self.notes,
            }
        )

    @property
    def digest(self) -> str:
        """sha256 of the manifest: it names all the bytes of the release."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes on disk when unpacked."""
        return sum(f.size for f in self.files)


def read_manifest(value: Any) -> Manifest:
    """Check and build a manifest from parsed JSON.

    Raises:
        RefusedError: kind ``manifest``; a path that leaves the slot is one of the reasons.
    """
    try:
        if value["format"] != FORMAT:
            raise RefusedError(
                "manifest", f"The release's manifest has format {value['format']}, not {FORMAT}."
            )
        files = tuple(
            File(_safe(f["path"]), int(f["mode"], 8) & 0o777, _size(f["size"]), _hex(f["sha256"]))
            for f in value["files"]
        )
        manifest = Manifest(
            product=_name(value["product"]),
            version=str(Version(value["version"])),
            platform=_name(value["platform"].replace("_", "-")) and str(value["platform"]),
            start=tuple(str(part) for part in value["start"]),
            files=files,
            health=Health(
                str(value["health"]["path"]),
                float(value["health"]["within"]),
                float(value["health"]["steady"]),
            ),
            created=str(value["created"]),
            notes=str(value.get("notes", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, InvalidVersion) as error:
        raise RefusedError(
            "manifest", f"The release's manifest is not valid: {error!r}."
        ) from error
    paths = [f.path for f in files]
    if len(set(paths)) != len(paths):
        raise RefusedError("manifest", "The release's manifest names a file twice.")
    if not manifest.start or manifest.start[0] not in paths:
        raise RefusedError("manifest", "The release's manifest starts a file it does not have.")
    return manifest


def this_platform() -> str:
    """E.g. ``linux-x86_64`` or ``windows-amd64``."""
    return f"{platform.system().lower()}-{platform.machine().lower()}"


def manifest_target(product: str, version: str, on: str) -> str:
    """Target path of a release's manifest."""
    return f"{product}/{version}/{on}/manifest.json"


def pack_target(product: str, version: str, on: str) -> str:
    """Target path of a release's full pack."""
    return f"{product}/{version}/{on}/full.tar.zst"


def channel_target(product: str, channel: str) -> str:
    """Target path of a channel's pointer."""
    return f"{product}/channels/{channel}.json"


def delegated_paths(product: str) -> list[str]:
    """What a product's delegated role may sign (a TUF ``*`` never crosses a slash)."""
    return [f"{product}/*/*/*", f"{product}/channels/*"]


def read_channel(value: Any, product: str, channel: str) -> dict[str, str]:
    """A channel's pointer: the version to run, by platform.

    The document is ``{format, product, channel, releases: {PLATFORM: VERSION}}``.
    Raises RefusedError (kind ``channel``).
    """
    try:
        if (value["format"], value["product"], value["channel"]) != (FORMAT, product, channel):
            raise RefusedError("channel", f"This is not the channel {channel} of {product}.")
        return {str(p): str(Version(v)) for p, v in value["releases"].items()}
    except (KeyError, TypeError, AttributeError, InvalidVersion) as error:
        raise RefusedError("channel", f"The channel's pointer is not valid: {error!r}.") from error


def _safe(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise RefusedError("manifest", f"The release wants to write outside its slot: {path!r}.")
    if str(PurePosixPath(path)) != path:
        raise RefusedError("manifest", f"The path {path!r} is not in its plain form.")
    return path


def _name(text: Any) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name (a-z, 0-9, -)")
    return text


def _hex(text: Any) -> str:
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise ValueError(f"{text!r} is not a sha256")
    return text


def _size(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"{number!r} is not a size")
    return number
