"""python-tuf's errors in the words of a site's administrator, with a stable kind for programs.

Every refusal ends the same way, because it is true of all of them: nothing was changed.
"""

from __future__ import annotations

import re

from tuf.api import exceptions
from tuf.api.serialization import DeserializationError

from common.errors import NetworkError, NotThereError, RefusedError
from common.trust.source import ForbiddenPathError

UNTOUCHED = "Nothing was changed."

_OWN_NAMES = {
    "root": "list of trusted keys",
    "timestamp": "dated statement of what is newest",
    "snapshot": "list of releases",
    "targets": "list of products",
}
_TOO_OLD = (
    re.compile(r"New (?P<role>timestamp) version (?P<new>\d+) must be >= (?P<old>\d+)"),
    re.compile(r"New (?P<role>snapshot) version must be >= (?P<old>\d+), got version (?P<new>\d+)"),
    # python-tuf names the two the wrong way round here
    re.compile(r"Expected (?P<role>[^ ]+)\.json version (?P<new>\d+), got (?P<old>\d+)"),
)


def refusal(kind: str, sentence: str) -> RefusedError:
    """A refusal that says that nothing was changed."""
    return RefusedError(kind, f"{sentence} {UNTOUCHED}")


def name_of(role: str) -> str:
    """What a role's metadata is, for people."""
    return _OWN_NAMES.get(role, f"list of releases of {role}")


def from_repository(error: exceptions.RepositoryError, asked: str) -> RefusedError:
    """Words for metadata that was read and is not to be trusted.

    Args:
        error: what python-tuf raised.
        asked: the role whose metadata was asked for last.
    """
    what = f"The vendor's {name_of(asked)}"
    if isinstance(error, exceptions.UnsignedMetadataError):
        role, found = _signatures(str(error), asked)
        return refusal(
            "signature",
            f"The vendor's {name_of(role)} does not carry the signatures it needs{found}: it was "
            "changed on the way, or made by someone else.",
        )
    if isinstance(error, exceptions.ExpiredMetadataError):
        role = _expired_role(str(error), asked)
        return refusal(
            "expired",
            f"The vendor's {name_of(role)} has passed its date: either someone holds back newer "
            "ones, or the vendor has not renewed it, or this machine's clock is wrong.",
        )
    if isinstance(error, exceptions.LengthOrHashMismatchError):
        return refusal(
            "tampered",
            f"{what} is not the one that was announced: parts of different states were mixed, or "
            "it was changed on the way.",
        )
    if isinstance(error, exceptions.BadVersionNumberError):
        return _version(str(error), what)
    if "is missing info" in str(error):
        return refusal(
            "rollback",
            "The vendor's list of releases leaves out a product that it named before: someone is "
            "replaying an old state.",
        )
    why = "it cannot be read" if isinstance(error, DeserializationError) else str(error)
    return refusal("malformed", f"{what} is not what it should be: {why}.")


def from_download(error: exceptions.DownloadError, path: str, source: str) -> Exception:
    """Words for bytes that did not come; a refusal only when the other side is at fault.

    Args:
        error: what the source raised.
        path: the file that was asked for.
        source: the source's name.
    """
    if isinstance(error, ForbiddenPathError):
        return refusal("path", f"{source} was not used: {error}.")
    if isinstance(error, exceptions.DownloadLengthMismatchError):
        return refusal(
            "oversized",
            f"{source} sent more for {path} than the file may have; the rest was not read.",
        )
    missing = isinstance(error, exceptions.DownloadHTTPError) and error.status_code == 404
    family = NotThereError if missing else NetworkError
    return family(
        f"{path} could not be fetched from {source}: {str(error) or 'it did not come'}. "
        "It will be tried again."
    )


def tampered_target(target: str) -> RefusedError:
    """The bytes of a target are not those that were signed."""
    return refusal(
        "tampered", f"The file {target} is not the one that the vendor signed: it was changed."
    )


def unknown_target(target: str) -> RefusedError:
    """No trusted role lists the target."""
    return refusal(
        "unknown",
        f"The vendor's lists do not name {target}, or name it with a key that may not speak for "
        "that product.",
    )


def _signatures(text: str, asked: str) -> tuple[str, str]:
    found = re.match(r"(?P<role>\S+) was signed by (?P<have>\d+)/(?P<need>\d+) keys", text)
    if not found:
        return asked, ""
    return found["role"], f" ({found['have']} of {found['need']})"


def _expired_role(text: str, asked: str) -> str:
    found = re.search(r"(?:Final |New )?(?P<role>\S+?)(?:\.json)? is expired", text)
    return found["role"] if found else asked


def _version(text: str, what: str) -> RefusedError:
    for pattern in _TOO_OLD:
        if found := pattern.search(text):
            return refusal(
                "rollback",
                f"The vendor's {name_of(found['role'])} is older than one already seen "
                f"({found['new']} after {found['old']}): someone is replaying an old state.",
            )
    return refusal(
        "tampered",
        f"{what} has another number than the one that was announced: parts of different states "
        "were mixed.",
    )
