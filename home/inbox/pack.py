"""Events and logs as they lie in the database: JSON in zstd frames."""

from __future__ import annotations

import json
from typing import Any

import zstandard


def packed(value: Any) -> bytes:
    """``value`` as compressed JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # "replace": a lone surrogate is legal JSON, but not UTF-8.
    return zstandard.ZstdCompressor(level=3).compress(text.encode("utf-8", "replace"))


def unpacked(data: bytes) -> Any:
    """The reverse of `packed`."""
    return json.loads(zstandard.ZstdDecompressor().decompress(data))
