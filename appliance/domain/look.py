"""How the chat looks to the visitors of one queue; as data, so that each site has its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.domain.refusals import InvalidError

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SIDES = ("right", "left")
_LANGUAGES = ("zh-CN", "en")
_MOST_TITLE = 60
_MOST_SAID = 1000
WHITE, DARK = "#ffffff", "#1c2430"


@dataclass(frozen=True)
class Look:
    """The widget of a queue.

    Attributes:
        accent: ``#rrggbb``; empty: the widget's own, or what the page's tag says.
        side: of the window, ``right`` or ``left``.
        title: by language; a language that is missing has the widget's own words.
        greeting: the same; shown before the chat and at its beginning.
        comfort: the same; shown while the visitor waits for an agent.
    """

    accent: str = ""
    side: str = "right"
    title: Mapping[str, str] = field(default_factory=dict)
    greeting: Mapping[str, str] = field(default_factory=dict)
    comfort: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.accent and not _COLOUR.fullmatch(self.accent):
            raise InvalidError("look-colour")
        if self.side not in _SIDES:
            raise InvalidError("look-side", known=sorted(_SIDES))
        for texts, most in (
            (self.title, _MOST_TITLE), (self.greeting, _MOST_SAID), (self.comfort, _MOST_SAID),
        ):  # fmt: skip
            for language, text in texts.items():
                if language not in _LANGUAGES:
                    raise InvalidError("look-language", known=sorted(_LANGUAGES))
                if len(text) > most:
                    raise InvalidError("look-length", most=most)

    @property
    def on_accent(self) -> str:
        """The colour of text on the accent that can be read better; empty without an accent."""
        if not self.accent:
            return ""
        return max((WHITE, DARK), key=lambda ink: contrast(self.accent, ink))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    def linear(part: str) -> float:
        share = int(part, 16) / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
