"""What people do with their own second factor, recorded; see `common.web.second_factor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from appliance.domain.audit import Audit
from common.clock import Clock
from common.web.accounts import Accounts, LockRule
from common.web.second_factor import Need, SecondFactors


class ManagedFactors(SecondFactors, Protocol):
    """Second factors, as their owners and administrators change them."""

    def renew_codes(self, name: str) -> list[str]:
        """New recovery codes; the old ones are worth nothing."""
        ...

    def remove(self, name: str) -> None:
        """There is none any more."""
        ...

    def codes_left(self, name: str) -> int:
        """How many recovery codes were not used yet."""
        ...

    def required(self, name: str) -> bool:
        """Whether the account's role must have one."""
        ...


@dataclass(frozen=True)
class OwnAccount:
    """Each act needs a code of now, so that a browser left open takes nothing away.

    Attributes:
        lock: what wrong codes cost, together with wrong passwords.
    """

    factors: ManagedFactors
    accounts: Accounts
    audit: Audit
    clock: Clock
    lock: LockRule

    def guesses_too_often(self, name: str, address: str) -> bool:
        """Count one try; True when there were too many."""
        now = self.clock.now()
        locked = self.accounts.attempt(f"name:{name}", self.lock, now)
        if locked is not None:
            self.audit.record(name, "user.sign_in_locked", name, address)
        return locked is not None

    def turn_on(self, name: str, code: str, address: str) -> list[str] | None:
        """The secret that was begun counts; answers the recovery codes, None: a wrong code."""
        codes = self.factors.confirm(name, code, self.clock.now())
        if codes is not None:
            self._done(name, "second_factor.on", address)
        return codes

    def renew_codes(self, name: str, code: str, address: str) -> list[str] | None:
        """None: a wrong code."""
        if not self.factors.check(name, code, self.clock.now()):
            return None
        codes = self.factors.renew_codes(name)
        self._done(name, "second_factor.codes_renewed", address)
        return codes

    def turn_off(self, name: str, code: str, address: str) -> bool:
        """False: a wrong code, or the role must have one."""
        if self.factors.need(name) is not Need.CODE or self.factors.required(name):
            return False
        if not self.factors.check(name, code, self.clock.now()):
            return False
        self.factors.remove(name)
        self._done(name, "second_factor.off", address)
        return True

    def _done(self, name: str, what: str, address: str) -> None:
        self.accounts.forgive(f"name:{name}")
        self.audit.record(name, what, name, address)
