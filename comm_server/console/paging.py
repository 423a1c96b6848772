"""Long lists in pages."""

from __future__ import annotations

PER_PAGE = 100  # about two screens: few enough to read, and no list takes long to draw
_MOST_PAGES = 100_000


def page_number(text: str | None) -> int:
    """A page from the address, counted from 0; whatever is odd is the first page."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 6:
        return 0
    return min(int(text), _MOST_PAGES)
