"""How a queue treats callers, beside what it does with every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain.refusals import InvalidError

_LANGUAGES = ("zh-CN", "en")
_LEAST_ANNOUNCE = 10.0


@dataclass(frozen=True)
class PhonePolicy:
    """One queue's.

    Attributes:
        language: in which callers are spoken to.
        announce: seconds between announcements of the place in the queue; 0: none.
        wait: whether they also tell how long it may take.
        record: whether what is said is recorded. Whether callers must be told, and how, is the law
            of the place: let the flow say so.
    """

    language: str = _LANGUAGES[0]
    announce: float = 45.0
    wait: bool = True
    record: bool = False

    def __post_init__(self) -> None:
        if self.language not in _LANGUAGES:
            raise InvalidError("phone-language", known=_LANGUAGES, language=self.language)
        if self.announce and self.announce < _LEAST_ANNOUNCE:
            raise InvalidError("phone-announce", least=int(_LEAST_ANNOUNCE))


def announcement(
    policy: PhonePolicy, ahead: int, wait: int | None
) -> list[tuple[str, Mapping[str, object]]]:
    """What a waiting caller is told: names of texts below ``phone``, with their blanks.

    Args:
        policy: of the queue.
        ahead: how many are served before.
        wait: seconds until an answer; None: nobody can tell.
    """
    told: list[tuple[str, Mapping[str, object]]] = [
        ("next", {}) if ahead == 0 else ("place", {"ahead": ahead})
    ]
    if policy.wait and wait is not None:
        minutes = -(-wait // 60)
        told.append(("soon", {}) if minutes <= 1 else ("minutes", {"minutes": minutes}))
    return told
