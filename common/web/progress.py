"""How far something has come, as one bar of coloured parts, drawn on the server.

One SVG picture whose colours are classes of ``base.css``, as in `common.web.chart`: no inline
style, no script. Each part is named with its number beside the bar, for who does not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT = 640, 14
_LEAST = 6.0  # one of a thousand is still seen


@dataclass(frozen=True)
class Part:
    """So many of one kind; ``tone`` is good, warn, bad, info or plain."""

    tone: str
    label: str
    count: int


def progress(parts: Sequence[Part], *, title: str, name: str, legend: bool = True) -> Markup:
    """The bar; empty when it counts nothing.

    Args:
        parts: from left to right; those that count nothing are left out.
        title: what it shows.
        name: begins the ids of the picture, unique on its page.
        legend: write the parts below the bar too; else they stand in the picture's description.
    """
    seen = [part for part in parts if part.count > 0]
    if not seen:
        return Markup("")
    drawn, at = Markup(""), 0.0
    for part, width in zip(seen, _widths([part.count for part in seen]), strict=True):
        drawn += Markup('<rect class="{}" x="{}" width="{}" height="{}"/>').format(
            part.tone, _unit(at), _unit(width), _HEIGHT
        )
        at += width
    said = ", ".join(f"{part.label} {part.count}" for part in seen)
    words = Markup("").join(
        Markup('<li><span class="dot {}"></span>{} <strong>{}</strong></li>').format(
            part.tone, part.label, part.count
        )
        for part in seen
    )
    return Markup(
        '<figure class="progress"><svg viewBox="0 0 {width} {height}" role="img" '
        'preserveAspectRatio="none" aria-labelledby="{name}-title {name}-text">'
        '<title id="{name}-title">{title}</title><desc id="{name}-text">{said}</desc>{drawn}</svg>'
        "{legend}</figure>"
    ).format(
        width=_WIDTH,
        height=_HEIGHT,
        name=name,
        title=title,
        said=said,
        drawn=drawn,
        legend=Markup("<ul>{}</ul>").format(words) if legend else "",
    )


def _widths(counts: list[int]) -> list[float]:
    """In the picture's units, together its whole width."""
    total = sum(counts)
    wished = [max(_WIDTH * count / total, _LEAST) for count in counts]
    return [width * _WIDTH / sum(wished) for width in wished]


def _unit(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
