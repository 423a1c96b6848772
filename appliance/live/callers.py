"""Who is behind open connections, as of a moment ago.

Who somebody is takes several questions and a signature to check. That it still holds takes one row:
their session, key or token is there, and their account has the same generation (which another role,
another password and a closed account raise). So each is looked at wholly once, and from then on all
of them together, by one question for each kind of proof.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from appliance.domain.programs import Caller, Proof
from common.clock import Clock
from common.feed import Asker

_FRESH_SECONDS = 2.0  # so long what was found counts without another look


class _Seen(NamedTuple):
    caller: Caller | None
    at: float


class Callers:
    """What may be asked from any thread.

    Args:
        find: asks wholly who it is; None: nobody, or it is over or revoked.
        standing: which of some proofs still hold.
        clock: the moment.
    """

    def __init__(
        self,
        find: Callable[[Asker], Caller | None],
        standing: Callable[[Collection[Proof]], set[Proof]],
        clock: Clock,
    ) -> None:
        self._find, self._standing, self._clock = find, standing, clock
        self._seen: WeakKeyDictionary[Asker, _Seen] = WeakKeyDictionary()

    def find(self, asker: Asker) -> Caller | None:
        """Ask the database wholly; None: nobody."""
        at = self._clock.monotonic()
        caller = self._find(asker)
        self._seen[asker] = _Seen(caller, at)
        return caller

    def known(self, asker: Asker) -> Caller | None:
        """Without asking: as of two seconds ago at most; None: nobody, or nobody knows."""
        seen = self._seen.get(asker)
        fresh = seen is not None and self._clock.monotonic() - seen.at < _FRESH_SECONDS
        return seen.caller if seen and fresh else None

    def look_again(self, askers: Iterable[Asker]) -> None:
        """Look at all of them; `known` has then what was found."""
        at, now = self._clock.monotonic(), self._clock.now()
        shown: dict[Asker, tuple[Caller, Proof]] = {}
        for asker in set(askers):
            seen = self._seen.get(asker)
            caller = seen.caller if seen else None
            if caller and caller.proof and caller.proof.until > now:
                shown[asker] = caller, caller.proof
            else:
                self.find(asker)
        holds = self._standing({proof for _caller, proof in shown.values()})
        for asker, (caller, proof) in shown.items():
            if proof in holds:
                self._seen[asker] = _Seen(caller, at)
            else:  # it is over, or the account was changed
                self.find(asker)
