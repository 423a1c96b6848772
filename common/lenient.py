"""Values that strangers wrote, read so that odd shapes become less, never an error. Pure."""

from __future__ import annotations

from typing import Any

from common.clock import parse_stamp, stamp

_MOST_TEXT = 2000
_MOST_ITEMS = 10_000


def text(value: Any) -> str:
    """A text of bounded length; empty for nothing."""
    if value is None:
        return ""
    # A lone surrogate is legal JSON, but no database or page takes it.
    return str(value)[:_MOST_TEXT].encode("utf-8", "replace").decode()


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts; empty when it is none."""
    items = value if isinstance(value, list) else []
    return tuple(text(item) for item in items[:_MOST_ITEMS])


def objects(value: Any) -> list[dict[str, Any]]:
    """A list's objects; empty when it is none."""
    items = value if isinstance(value, list) else []
    return [item for item in items[:_MOST_ITEMS] if isinstance(item, dict)]


def time_of(value: Any, otherwise: str) -> str:
    """A stamp in its one form, so that texts compare as times."""
    try:
        return stamp(parse_stamp(str(value)))
    except (ValueError, OverflowError):
        return otherwise
