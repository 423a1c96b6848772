"""The key that signs session cookies."""

from __future__ import annotations

import secrets
from pathlib import Path

from common.atomic import write_secret
from common.errors import OperatorError

_BYTES = 32


def secret_key(folder: Path) -> bytes:
    """The key in ``folder``, made at first start and readable by its owner alone.

    Without it all sessions end, and whatever else the program signed with it: the keys by which
    visitors are in their chats, and addresses of files.
    """
    path = folder / "session.key"
    if not path.exists():
        write_secret(path, secrets.token_bytes(_BYTES))
    try:
        key = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"The key {path} cannot be read: {error.strerror}.") from error
    if len(key) != _BYTES:
        raise OperatorError(f"The key {path} is damaged. Remove it to have a new one made.")
    return key
