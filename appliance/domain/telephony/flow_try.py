"""A walk through a flow without a telephone: "press 1, on Sunday at 20:00"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.domain.telephony.flow import At, Flow, Heard, IsOpen, Kind, after, begin

_MOST_STOPS = 200


@dataclass(frozen=True)
class Stop:
    """One step of the walk.

    Attributes:
        tries: how often its menu had asked in vain before.
        did: the key pressed there, or a word of `Heard`; empty: the walk ends there.
    """

    step: str
    tries: int
    did: str = ""


def walk(flow: Flow, keys: Sequence[str], is_open: IsOpen) -> list[Stop]:
    """The stops of a caller who presses ``keys``, one at each menu, and nothing after them.

    A queue that is not open takes nobody, as it would; how many wait there is not known here.
    """
    stops: list[Stop] = []
    pressed = list(keys)
    at: At | None = begin(flow, is_open)
    while at is not None and len(stops) < _MOST_STOPS:
        step = flow.steps[at.step]
        did = ""
        if step.kind is Kind.MENU:
            did = pressed.pop(0) if pressed else Heard.SILENCE
        elif step.kind is Kind.CALLBACK:  # 1 agrees to the number, and the call ends there
            did = "" if pressed and pressed.pop(0) == "1" else Heard.SILENCE
        elif step.kind is Kind.PLAY:
            did = Heard.SAID
        elif step.kind is Kind.QUEUE and not is_open(step.queue):
            did = Heard.REFUSED
        stops.append(Stop(at.step, at.tries, str(did)))
        at = after(flow, at, did, is_open) if did else None
    return stops
