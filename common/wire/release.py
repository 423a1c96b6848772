"""What a release is: its manifest, its place among the TUF targets, and a channel's pointer.

Targets of product P: ``P/VERSION/PLATFORM/manifest.json``, ``P/VERSION/PLATFORM/full.tar.zst``,
``P/VERSION/PLATFORM/from-BASE.delta`` (from the release whose digest begins with BASE) and
``P/channels/CHANNEL.json``. The product's delegated role signs all of them.
"""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
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
        check: the program's own check, a command whose first word is one of the files; it ends
            with 0 when all is well. Empty: none.
    """

    path: str = ""
    within: float = 20.0
    steady: float = 3.0
    check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Data:
    """What a release does to the data that its program keeps.

    Attributes:
        schema: number of the shape in which it leaves the data; 0 when it never changes the shape.
        readable_by: the lowest version that can read what this release has written; empty: all.
        databases: SQLite files below the program's data folder, copied before a switch.
        hook: a command for all other data, its first word one of the files; called with ``take``
            or ``restore`` and a folder, while the program does not run. Empty: none.
    """

    schema: int = 0
    readable_by: str = ""
    databases: tuple[str, ...] = ()
    hook: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """A release of one product for one platform. Its `digest` names the slot.

    Attributes:
        product: a-z, 0-9 and -.
        version: as PEP 440 writes it.
        platform: e.g. ``linux-x86_64``.
        start: the command; its first word is one of the files.
        files: all of them.
        health: how to see that it works.
        created: stamp.
        notes: what is new, for the sites' administrators.
        data: what rolling back means for the program's data.
        floor: the lowest version that may run once this release has run here; empty: any. It
            keeps a mended hole mended.
        critical: the wait for the site's window may be shortened; no call is ever cut for it.
    """

    product: str
    version: str
    platform: str
    start: tuple[str, ...]
    files: tuple[File, ...]
    health: Health = Health()
    created: str = ""
    notes: str = ""
    data: Data = Data()
    floor: str = ""
    critical: bool = False

    def to_bytes(self) -> bytes:
        """Canonical JSON; a rule at its default is left out."""
        rules: dict[str, Any] = {}
        if self.data != Data():
            rules["data"] = {"schema": self.data.schema, "readable_by": self.data.readable_by}
            rules["data"] |= _if_any("databases", self.data.databases)
            rules["data"] |= _if_any("hook", self.data.hook)
        if self.floor:
            rules["floor"] = self.floor
        if self.critical:
            rules["critical"] = True
        return canonical(
            rules
            | {
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
                }
                | _if_any("check", self.health.check),
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

    def may_go_back_to(self, version: str) -> bool:
        """Whether the floor lets ``version`` run after this release."""
        return not self.floor or Version(version) >= Version(self.floor)

    def data_is_read_by(self, version: str) -> bool:
        """Whether ``version`` can read the data that this release has written."""
        return not self.data.readable_by or Version(version) >= Version(self.data.readable_by)


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
                _words(value["health"].get("check", ())),
            ),
            created=str(value["created"]),
            notes=str(value.get("notes", "")),
            data=_data(value.get("data", {})),
            floor=_version(value.get("floor", "")),
            critical=value.get("critical", False) is True,
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
    for command in (manifest.health.check, manifest.data.hook):
        if command and command[0] not in paths:
            raise RefusedError("manifest", f"The manifest's {command[0]!r} is not in the release.")
    data = manifest.data
    if data.readable_by and not (data.databases or data.hook):
        raise RefusedError(
            "manifest",
            "The manifest says that older versions cannot read this one's data, but not what to "
            "copy before it is started: name the databases, or a hook.",
        )
    lowest = {"floor": manifest.floor, "readable_by": manifest.data.readable_by}
    for rule, version in lowest.items():
        if version and Version(version) > Version(manifest.version):
            raise RefusedError(
                "manifest",
                f"The release's manifest says {rule} {version}, which is above its own version.",
            )
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


def delta_target(product: str, version: str, on: str, base: str) -> str:
    """Target path of the delta that leads to a release from the one with the digest ``base``."""
    return f"{product}/{version}/{on}/from-{base[:16]}.delta"


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


@dataclass(frozen=True)
class Notice:
    """The vendor's word against a version.

    Attributes:
        withdrawn: for good; otherwise halted, which may be lifted.
        reason: one line, for people.
    """

    withdrawn: bool
    reason: str

    def sentence(self, name: str) -> str:
        """For people; ``name`` is the release's."""
        if self.withdrawn:
            return f"The vendor has withdrawn {name}: {self.reason}"
        return f"The vendor has halted {name}: {self.reason}"


def read_notices(value: Any) -> dict[str, Notice]:
    """What the vendor has halted or withdrawn, by version, from a channel's pointer.

    ``{halted: {VERSION: REASON}, withdrawn: {VERSION: REASON}}``, both optional; a version in
    both is withdrawn. Raises RefusedError (kind ``channel``): a warning is never skipped.
    """
    found: dict[str, Notice] = {}
    try:
        for kind in ("halted", "withdrawn"):
            for version, reason in value.get(kind, {}).items():
                if not isinstance(reason, str) or not reason.isprintable():
                    raise TypeError(f"{reason!r} is no line of text")
                found[str(Version(version))] = Notice(kind == "withdrawn", reason)
    except (TypeError, AttributeError, InvalidVersion) as error:
        raise RefusedError("channel", f"The channel's pointer is not valid: {error!r}.") from error
    return found


def read_issues(value: Any) -> dict[str, int]:
    """How often the vendor has issued a version again, by version, from a channel's pointer.

    A client tries a release that failed there once more when this number has grown. Versions
    that were never issued again are not in it. What is not valid counts as none.
    """
    found = value.get("issues", {}) if isinstance(value, dict) else {}
    return {
        str(version): number
        for version, number in (found.items() if isinstance(found, dict) else ())
        if isinstance(number, int) and not isinstance(number, bool) and number > 0
    }


def _data(value: Any) -> Data:
    return Data(
        _size(value.get("schema", 0)),
        _version(value.get("readable_by", "")),
        tuple(_safe(path) for path in _words(value.get("databases", ()))),
        _words(value.get("hook", ())),
    )


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{value!r} is not a list of words")
    return tuple(value)


def _if_any(name: str, words: tuple[str, ...]) -> dict[str, list[str]]:
    return {name: list(words)} if words else {}


def _version(text: Any) -> str:
    return str(Version(text)) if text else ""


def _safe(path: str) -> str:
    steps = path.split("/")  # PurePosixPath takes ten times as long, and there are thousands
    if not path or path.startswith("/") or ".." in steps or "\\" in path or "\0" in path:
        raise RefusedError("manifest", f"The release wants to write outside its slot: {path!r}.")
    if "" in steps or "." in steps:
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
