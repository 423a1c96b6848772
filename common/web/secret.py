"""The keys that sign session cookies, and whatever else a program signs for people outside."""

from __future__ import annotations

import secrets
from pathlib import Path

from common.atomic import write_secret
from common.errors import OperatorError, RefusedError

_BYTES = 32
_MOST = 4  # each is tried with what it did not sign


def signing_keys(folder: Path) -> list[bytes]:
    """The keys in ``folder``, oldest first; made at first start, readable by its owner alone.

    The newest signs, all are good. Without any of them all sessions end, and whatever else the
    program signed: the keys by which visitors are in their chats, and addresses of files.

    Raises:
        OperatorError: the file cannot be read, or is damaged.
    """
    path = _path(folder)
    if not path.exists():
        write_secret(path, _new())
    try:
        kept = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"The key {path} cannot be read: {error.strerror}.") from error
    if not kept or len(kept) % _BYTES:
        raise OperatorError(f"The key {path} is damaged. Remove it to have a new one made.")
    return [kept[first : first + _BYTES] for first in range(0, len(kept), _BYTES)]


def add_signing_key(folder: Path) -> int:
    """Let a new key sign from the next start on; how many there are.

    Raises:
        RefusedError: there are too many already.
    """
    keys = signing_keys(folder)
    if len(keys) >= _MOST:
        raise RefusedError(
            "signing-keys",
            f"There are {len(keys)} signing keys already. Remove the old ones first.",
        )
    write_secret(_path(folder), b"".join([*keys, _new()]))
    return len(keys) + 1


def forget_signing_keys(folder: Path) -> int:
    """Remove all but the newest; how many went."""
    *old, newest = signing_keys(folder)
    if old:
        write_secret(_path(folder), newest)
    return len(old)


def _path(folder: Path) -> Path:
    return folder / "session.key"


def _new() -> bytes:
    return secrets.token_bytes(_BYTES)
