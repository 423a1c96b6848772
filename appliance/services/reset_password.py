"""Gives a person a new one-time password, for whoever forgot theirs or is locked out."""

from __future__ import annotations

from collections.abc import Callable

from appliance.domain.audit import Audit
from appliance.domain.users import Users, plain_name
from appliance.services.first_sign_in import FirstSignInFile
from common.errors import OperatorError
from common.web.passwords import one_time_password


def reset_password(
    users: Users,
    audit: Audit,
    file: FirstSignInFile,
    hash_password: Callable[[str], str],
    *,
    name: str,
    who: str,
    address: str = "",
) -> str:
    """Answers the one-time password; ends the lock and every session of the user.

    Raises:
        OperatorError: there is no such user.
    """
    user = users.by_name(plain_name(name))
    if user is None:
        raise OperatorError(
            f"There is no user {name!r}; `callstead appliance user list` shows who there is."
        )
    password = one_time_password()
    users.set_password(user.name, hash_password(password), must_change=True)
    file.remove(user.name)
    audit.record(who, "user.password_reset", user.name, address)
    return password
