"""Notes what happened at the sign-in page: the record, the last sign-in, the first password.

The pages themselves, with their locks and checks, are `common.web.signin`'s; it tells us by name
of event what came of each try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.audit import Audit
from appliance.domain.users import Users, plain_name
from appliance.services.first_sign_in import FirstSignInFile
from common.web.rates import Rates, line_of

# common.web.signin's event -> the name in the record
_NAMES = {
    "signed_in": "user.signed_in",
    "refused": "user.sign_in_refused",
    "locked": "user.sign_in_locked",
    "password_changed": "user.password_changed",
    "signed_out": "user.signed_out",
    "second_factor_on": "second_factor.on",
}


@dataclass(frozen=True)
class RecordSignIn:
    """Called with an event of `common.web.signin.SignIn`.

    Attributes:
        users: gets the moment of a sign-in.
        audit: gets a line.
        first: removed when its password was changed.
        count: told ``ok`` or ``failed`` for each try, for the metrics.
        refusals: how often a line is added of tries in a lock, by whence they come; the record is
            kept for good, and whoever guesses on must not fill the disk with it.
    """

    users: Users
    audit: Audit
    first: FirstSignInFile
    count: Callable[[str], None]
    refusals: Rates

    def __call__(self, event: str, name: str, address: str) -> None:
        """Note it; ``name`` is as typed, ``address`` that of the browser."""
        plain = plain_name(name)
        if event == "signed_in":
            self.users.signed_in(plain)
            self.count("ok")
        elif event in {"refused", "locked"}:
            self.count("failed")
        elif event == "password_changed":
            self.first.remove(plain)
        if event == "locked" and self.refusals.take(line_of(address)):
            return
        self.audit.record(plain, _NAMES.get(event, event), plain, address)
