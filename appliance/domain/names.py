"""Names that people read, in each language of the interface."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.domain.canned import LANGUAGES
from appliance.domain.refusals import InvalidError

MOST_SHOWN = 60  # characters


class WrongInputError(InvalidError):
    """Something in a form is not as it must be; the sentence is for whoever filled it in.

    Attributes:
        where: the name of the input, as the interface describes it.
    """

    def __init__(self, kind: str, where: str, **parameters: object) -> None:
        super().__init__(kind, **parameters)
        self.where = where


def plain_names(names: Mapping[str, str]) -> dict[str, str]:
    """As they are kept: without space around, empty ones left out. Raises WrongInputError."""
    strange = [language for language in names if language not in LANGUAGES]
    if strange:
        raise WrongInputError("name-language", "names", language=strange[0], known=LANGUAGES)
    kept = {one: text for one, name in names.items() if (text := " ".join(name.split()))}
    if not kept:
        raise WrongInputError("name-missing", "names", known=LANGUAGES)
    if any(len(text) > MOST_SHOWN for text in kept.values()):
        raise WrongInputError("name-too-long", "names", most=MOST_SHOWN)
    return kept
