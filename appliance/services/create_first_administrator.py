"""An appliance without users makes its first administrator, and always leaves a way in.

The order is what makes it safe to kill: the file first, then the account, then the print. Killed
before the account is there, the next start begins again; killed after, the file tells the
password. Once the password was changed the file is worthless and goes.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.domain.audit import Audit
from appliance.domain.roles import Role
from appliance.domain.users import Users
from appliance.services.first_sign_in import FirstSignIn, FirstSignInFile
from common.web.passwords import one_time_password

NAME = "admin"


def create_first_administrator(
    users: Users, audit: Audit, file: FirstSignInFile, hash_password: Callable[[str], str]
) -> FirstSignIn | None:
    """Make the administrator when there are no users.

    Returns:
        The first sign-in as long as it is of use (the account was just made, or its password
        was not changed yet); None afterwards.
    """
    if not users.all():
        first = FirstSignIn(NAME, one_time_password())
        file.write(first)
        hashed = hash_password(first.password)
        if users.add(NAME, "Administrator", Role.ADMINISTRATOR, hashed, only_first=True):
            audit.record("system", "user.added", NAME)
    return _still_of_use(users, file)


def _still_of_use(users: Users, file: FirstSignInFile) -> FirstSignIn | None:
    first = file.read()
    if first is None:
        return None
    user = users.by_name(first.name)
    if user is None or not user.must_change_password:
        file.remove(first.name)  # killed between the change and the removal
        return None
    return first
