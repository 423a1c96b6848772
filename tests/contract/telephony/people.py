"""Callers and agents at telephones, in memory or by sipp; and what was heard of them."""

from __future__ import annotations

import itertools
import threading
import wave
from array import array
from typing import Protocol, TypeVar

from appliance.domain.telephony.provider import (
    Answered,
    Connected,
    HeardBy,
    Recorded,
    SwitchEvent,
    TelephonyProvider,
)
from tests.support.fake_telephony import FakeSwitch
from tests.support.real_switch import RealSwitch
from tests.support.waiting import until

E = TypeVar("E")
_LOUD = 2000  # of 32,767; the tone that is said has 8000


class Heard:
    """Collects events."""

    def __init__(self) -> None:
        self.events: list[SwitchEvent] = []

    def __call__(self, event: SwitchEvent) -> None:
        self.events.append(event)

    def wait(self, kind: type[E]) -> E:
        """The first event of this kind, as soon as it comes."""

        def find() -> E | None:
            return next((one for one in self.events if isinstance(one, kind)), None)

        found = until(find, 60, kind.__name__, lambda: self.events, every=0.02)
        assert found is not None
        return found


class People(Protocol):
    """A started provider, and hands."""

    provider: TelephonyProvider
    heard: Heard

    def calls(self, number: str, stays: float) -> None:
        """Somebody calls, presses 5 soon after the answer, and hangs up so long after it."""

    def at_phone(self, extension: str, does: str) -> None:
        """Somebody sits at a phone who ``answers``, then ``talks`` or ``repeats``, or ``declines``.

        Who talks says something all the time; who repeats says what they hear.
        """

    def hears(self, leg: str) -> bool:
        """Whether who repeats at this phone hears anybody."""

    def at_number(self, number: str, does: str) -> None:
        """Whoever has the number outside ``answers`` or ``declines``."""

    def answered(self) -> None:
        """The caller was answered: their time runs."""


class InMemory:
    """Hands of the fake."""

    def __init__(self) -> None:
        self.provider = self._fake = FakeSwitch()
        self.heard = Heard()
        self.provider.start(self._told)
        self._does: dict[str, str] = {}
        self._stays = 0.0

    def calls(self, number: str, stays: float) -> None:
        """See `People`."""
        self._stays = stays
        self._caller = self._fake.arrives(number, "+8613800000000")

    def at_phone(self, extension: str, does: str) -> None:
        """See `People`."""
        self._fake.phones.add(extension)
        self.at_number(extension, does)

    def hears(self, leg: str) -> bool:
        """See `People`."""
        return bool(self._fake.hears_of(leg))

    def at_number(self, extension: str, does: str) -> None:
        """See `People`."""
        self._does[extension] = does
        timer = threading.Timer(0.05, self._react, [extension])
        timer.daemon = True
        timer.start()

    def answered(self) -> None:
        """See `People`."""
        if self._stays > 5:
            threading.Timer(0.05, lambda: self._fake.presses(self._caller, "5")).start()
        else:
            threading.Timer(self._stays / 10, lambda: self._fake.hangs_up(self._caller)).start()

    def _react(self, extension: str) -> None:
        leg = until(lambda: self._fake.ringing(extension), 60, "ringing", every=0.01)
        if self._does[extension] == "declines":
            self._fake.phone_declines(leg)
        else:
            self._fake.phone_answers(leg)

    def _told(self, event: SwitchEvent) -> None:
        self.heard(event)


class WithSipp:
    """Hands of sipp."""

    def __init__(self, real: RealSwitch) -> None:
        self._real = real
        self._names = itertools.count()
        self.provider = real.provider()
        self.heard = Heard()
        self.provider.start(self.heard)
        self.heard.wait(Connected)

    def calls(self, number: str, stays: float) -> None:
        """See `People`."""
        self._real.caller(number, stays, [(0.5, "5")] if stays > 5 else [])

    def at_phone(self, extension: str, does: str) -> None:
        """See `People`."""
        says = {"talks": "tone", "repeats": "echo"}.get(does)
        if says is None:
            self._real.phone(extension, does)
        else:
            self._real.phone(extension, "answers", says=says)

    def hears(self, leg: str) -> bool:
        """See `People`: what the phone sends is what it was sent."""
        name = f"heard-{next(self._names)}"
        self.provider.lend_ear(name, leg, hears=True, heard_by=HeardBy.NOBODY)
        until(lambda: Answered(name) in self.heard.events, 60, "the ear", every=0.02)
        self.provider.record_caller(name, name, 1, 0)
        until(lambda: Recorded(name, whole=True) in self.heard.events, 60, "it", every=0.02)
        self.provider.hang_up(name)
        with wave.open(str(self._real.places.recorded(name))) as file:
            samples = array("h", file.readframes(file.getnframes()))
        return max(map(abs, samples)) > _LOUD

    def at_number(self, number: str, does: str) -> None:
        """See `People`."""
        self._real.party(does)

    def answered(self) -> None:
        """See `People`."""
