"""A contact: one person over all channels, known by their identities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Identity:
    """One way in which a contact is recognised; ``value`` is in the channel's normal form.

    Attributes:
        kind: ``number``, ``address``, ``cookie``, or whatever a channel brings.
        sure: whether it belongs to one person. A cookie or a switchboard's number may be shared:
            two contacts are never merged by it alone.
    """

    kind: str
    value: str
    sure: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Recognised:
    """Whom identities belong to.

    Attributes:
        contact: the contact's id; None: a new one.
        same: further contacts that turned out to be the same person, to be merged into it.
        new: identities to be added to the contact.
    """

    contact: int | None
    same: tuple[int, ...]
    new: tuple[Identity, ...]


def recognise(given: Iterable[Identity], known: Mapping[Identity, int]) -> Recognised:
    """Who speaks, from the identities that a conversation brings.

    The oldest contact (lowest id) found by a sure identity wins; then the oldest by an unsure one.
    Contacts found by different sure identities are one person.
    """
    identities = list(dict.fromkeys(given))
    by_sure = sorted({known[i] for i in identities if i.sure and i in known})
    by_unsure = sorted({known[i] for i in identities if not i.sure and i in known})
    found = by_sure or by_unsure
    return Recognised(
        contact=found[0] if found else None,
        same=tuple(by_sure[1:]),
        new=tuple(i for i in identities if i not in known),
    )
