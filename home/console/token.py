"""The token that opens the JSON API to scripts of this machine."""

from __future__ import annotations

import secrets
from pathlib import Path

from common.atomic import write_secret


def ensure_token(folder: Path) -> str:
    """Read ``<folder>/api-token``, readable by its owner alone; made at first start."""
    path = folder / "api-token"
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(32).encode() + b"\n")
    return path.read_text(encoding="utf-8").strip()
