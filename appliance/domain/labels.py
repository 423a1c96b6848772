"""Tags, dispositions and away reasons that an administrator keeps: what agents are offered.

What it is put on keeps the word, and people read the label's name: it is renamed without touching
history, and retired instead of removed. Tags may also be free words; a disposition must be one
that its queue offers, as soon as the queue offers any; an away reason is always one of those kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from appliance.domain.desk import MOST_TAG
from appliance.domain.names import WrongInputError, plain_names

MOST_LABELS = 200  # in use, of one kind


class LabelKind(StrEnum):
    """What it is put on."""

    TAG = "tag"  # conversations and contacts
    DISPOSITION = "disposition"  # how a conversation went
    AWAY = "away"  # agents: why they are away


class Colour(StrEnum):
    """How it is shown; each is readable in light and in dark."""

    GREY = "grey"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Label:
    """One of them.

    Attributes:
        word: what is kept where it is put on; one of its kind. It never changes.
        names: what people read, by language.
        colour: how it is shown; of tags and dispositions alone.
        queues: whose conversations it is offered for; empty: all. Of dispositions alone.
        position: where it stands among the others; the lowest first.
        retired: it is shown where it was used, and offered no more.
    """

    id: int
    kind: LabelKind
    word: str
    names: Mapping[str, str]
    colour: Colour = Colour.GREY
    queues: frozenset[int] = frozenset()
    position: int = 0
    retired: bool = False

    def __post_init__(self) -> None:
        word = " ".join(self.word.split())
        object.__setattr__(self, "word", word)
        if not 0 < len(word) <= MOST_TAG or "," in word or "\uff0c" in word:
            raise WrongInputError("label-word", "word", most=MOST_TAG)
        object.__setattr__(self, "names", plain_names(self.names))
        if self.queues and self.kind is not LabelKind.DISPOSITION:
            raise WrongInputError("label-queues", "queues")
        if self.colour is not Colour.GREY and self.kind is LabelKind.AWAY:
            raise WrongInputError("label-colour", "colour")


def offered(labels: Iterable[Label], kind: LabelKind, queue: int | None) -> list[Label]:
    """What agents choose from for a conversation of ``queue``, in its order."""
    found = [
        one for one in labels
        if one.kind is kind and not one.retired and (not one.queues or queue in one.queues)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.position, one.id))


def check_disposition(labels: Iterable[Label], queue: int | None, word: str) -> None:
    """Raises WrongInputError: the queue offers dispositions, and this is none of them."""
    known = [one.word for one in offered(labels, LabelKind.DISPOSITION, queue)]
    if word and known and word not in known:
        raise WrongInputError("disposition-unknown", "disposition", word=word, known=known)


def check_away(labels: Iterable[Label], word: str) -> None:
    """Raises WrongInputError: ``word`` is none of the away reasons that are offered."""
    known = [one.word for one in offered(labels, LabelKind.AWAY, None)]
    if word and word not in known:
        raise WrongInputError("away-unknown", "reason", word=word, known=known)
