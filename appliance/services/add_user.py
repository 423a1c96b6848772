"""Adds a person, with a one-time password that they change at their first sign-in."""

from __future__ import annotations

from collections.abc import Callable

from appliance.domain.audit import Audit
from appliance.domain.refusals import RefusalError
from appliance.domain.roles import Role
from appliance.domain.users import NameTakenError, Users, is_name, plain_name
from common.errors import OperatorError
from common.web.passwords import one_time_password


class NotAddedError(RefusalError, OperatorError):
    """The name is taken, or is none."""


def add_user(
    users: Users,
    audit: Audit,
    hash_password: Callable[[str], str],
    *,
    name: str,
    display_name: str,
    role: Role,
    who: str,
    address: str = "",
) -> str:
    """Add the user; answers the one-time password.

    Args:
        users: where accounts are kept.
        audit: where it is recorded.
        hash_password: argon2.
        name: as typed at sign-in.
        display_name: as others see it; empty: the name.
        role: what they are.
        who: who adds them, for the record.
        address: from where; empty: at the machine itself.

    Raises:
        NotAddedError: the name is taken, or is none.
    """
    plain = plain_name(name)
    if not is_name(plain):
        raise NotAddedError("user-name", name=name)
    password = one_time_password()
    try:
        users.add(plain, display_name or name, role, hash_password(password), only_first=False)
    except NameTakenError as error:
        raise NotAddedError("user-taken", name=plain) from error
    audit.record(who, "user.added", plain, address)
    return password
