"""Replies that are written once and said often: a shortcut, a text in each language, blanks.

A blank is written ``{{contact.name}}``, or ``{{contact.name|there}}`` with what stands there when
the value is empty. It is filled in by the server, and what is filled in is never read again for
blanks: a contact who calls themselves ``{{agent.name}}`` stays that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from appliance.domain.refusals import InvalidError

LANGUAGES = ("zh-CN", "en")
VARIABLES = ("contact.name", "agent.name", "queue.name", "conversation.number")
MOST_LENGTH = 4000  # characters; as the longest message
_SHORTCUT = re.compile(r"[\w.-]{1,40}")
_BLANK = re.compile(r"\{\{([^{}]*)\}\}")


class UnknownVariableError(InvalidError):
    """A blank that nobody can fill in; the sentence names it, and those that are known."""


@dataclass(frozen=True)
class Canned:
    """One reply.

    Attributes:
        shortcut: what an agent types after ``/``; unique.
        texts: by language, at least one of `LANGUAGES`.
        queue: for the conversations of this queue; None: for all.
    """

    id: int
    shortcut: str
    texts: Mapping[str, str]
    queue: int | None = None

    def __post_init__(self) -> None:
        if not _SHORTCUT.fullmatch(self.shortcut):
            raise InvalidError("canned-shortcut")
        strange = [language for language in self.texts if language not in LANGUAGES]
        if strange:
            raise InvalidError("canned-language", language=strange[0], known=LANGUAGES)
        if not any(text.strip() for text in self.texts.values()):
            raise InvalidError("canned-empty", known=LANGUAGES)
        for text in self.texts.values():
            if len(text) > MOST_LENGTH:
                raise InvalidError("canned-too-long", most=MOST_LENGTH)
            variables_in(text)

    def text(self, language: str) -> str:
        """In ``language``, or in the other one where it has none."""
        return self.texts.get(language) or next(text for text in self.texts.values() if text)


def variables_in(text: str) -> list[str]:
    """The names of its blanks. Raises UnknownVariableError."""
    names = [blank.partition("|")[0].strip() for blank in _BLANK.findall(text)]
    for name in names:
        _check(name)
    return names


def render(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its blanks filled in. Raises UnknownVariableError."""

    def fill(blank: re.Match[str]) -> str:
        name, _, otherwise = blank[1].partition("|")
        _check(name.strip())
        return values.get(name.strip(), "").strip() or otherwise.strip()

    return _BLANK.sub(fill, text)


def _check(name: str) -> None:
    if name not in VARIABLES:
        known = [f"{{{{{one}}}}}" for one in VARIABLES]
        raise UnknownVariableError("canned-variable", variable=f"{{{{{name}}}}}", known=known)


class KeptCanned(Protocol):
    """Where they are kept."""

    def all(self) -> Sequence[Canned]:
        """By shortcut."""
        ...

    def one(self, id: int) -> Canned:  # noqa: A002
        """Raises UnknownError."""
        ...

    def by_shortcut(self, shortcut: str) -> Canned | None:
        """The one with this shortcut."""
        ...

    def save(self, canned: Canned) -> Canned:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        ...

    def remove(self, id: int) -> None:  # noqa: A002
        """Raises UnknownError."""
        ...
