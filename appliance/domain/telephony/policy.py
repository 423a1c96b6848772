"""How a queue treats callers, beside what it does with every channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.flow import KEYS
from appliance.domain.telephony.phones import is_number

_LANGUAGES = ("zh-CN", "en")
_BEEPS = ("none", "agent", "all")
_LEAST_ANNOUNCE = 10.0
_LEAST_BEEP = 5.0
_MOST_DAYS = 36_500


@dataclass(frozen=True)
class PhonePolicy:
    """One queue's.

    Attributes:
        language: in which callers are spoken to.
        announce: seconds between announcements of the place in the queue; 0: none.
        wait: whether they also tell how long it may take.
        record: whether what is said is recorded. Whether callers must be told, and how, is the law
            of the place: let the flow say so.
        keep_days: days for which its recordings are kept; 0: as long as the site's.
        banner: whether the agent's desk shows that a supervisor listens. One who whispers or joins
            is shown always.
        beep: who hears a tone when a supervisor comes, or is on another rung: ``none``, ``agent``,
            ``all`` (the caller, too).
        beep_every: seconds between further tones; 0: none.
        callback: the key by which who waits asks to be called back; empty: none is offered.
        number: what people outside see when they are called for this queue; empty: what
            `appliance.telephony.caller_number` says.
    """

    language: str = _LANGUAGES[0]
    announce: float = 45.0
    wait: bool = True
    record: bool = False
    keep_days: int = 0
    banner: bool = True
    beep: str = "agent"
    beep_every: float = 0.0
    callback: str = ""
    number: str = ""

    def __post_init__(self) -> None:
        if self.language not in _LANGUAGES:
            raise InvalidError("phone-language", known=_LANGUAGES, language=self.language)
        if self.announce and self.announce < _LEAST_ANNOUNCE:
            raise InvalidError("phone-announce", least=int(_LEAST_ANNOUNCE))
        if not 0 <= self.keep_days <= _MOST_DAYS:
            raise InvalidError("phone-keep-days", most=_MOST_DAYS)
        if self.beep not in _BEEPS:
            raise InvalidError("phone-beep", known=_BEEPS, beep=self.beep)
        if self.beep_every and self.beep_every < _LEAST_BEEP:
            raise InvalidError("phone-beep-every", least=int(_LEAST_BEEP))
        if self.callback and self.callback not in KEYS:
            raise InvalidError("phone-callback", known=sorted(KEYS))
        if self.number and not is_number(self.number):
            raise InvalidError("phone-number")


def announcement(
    policy: PhonePolicy, ahead: int, wait: int | None, *, callback: bool = False
) -> list[tuple[str, Mapping[str, object]]]:
    """What a waiting caller is told: names of texts below ``phone``, with their blanks.

    Args:
        policy: of the queue.
        ahead: how many are served before.
        wait: seconds until an answer; None: nobody can tell.
        callback: whether calls back are made at all.
    """
    near: list[tuple[str, Mapping[str, object]]] = [("next", {}), ("second", {})]
    told = near[ahead : ahead + 1] or [("place", {"ahead": ahead})]
    if policy.wait and wait is not None:
        minutes = -(-wait // 60)
        told.append(("soon", {}) if minutes <= 1 else ("minutes", {"minutes": minutes}))
    if callback and policy.callback:
        told.append(("offer_callback", {"key": policy.callback}))
    return told
