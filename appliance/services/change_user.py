"""An administrator changes what a person is; there is always one left who can."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from appliance.domain.audit import Audit
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_USERS, Role, may
from appliance.domain.users import User, Users
from appliance.domain.work import UnknownError


@dataclass(frozen=True)
class UserChange:
    """What shall be different; None: it stays. ``team`` 0: none."""

    display_name: str | None = None
    role: Role | None = None
    team: int | None = None
    disabled: bool | None = None


def change_user(
    users: Users,
    audit: Audit,
    teams: Collection[int],
    id: int,  # noqa: A002
    change: UserChange,
    *,
    check: Callable[[User], None],
    who: str,
    address: str,
) -> User:
    """Change the user, end their sessions when their rights change, and record it.

    Raises:
        UnknownError: there is no such user, or no such team.
        ValueError: nobody would be left who can manage users.
    """
    if change.team and change.team not in teams:
        raise UnknownError("team", change.team)
    before: list[User] = []

    def decide(user: User, everybody: Sequence[User]) -> User:
        check(user)
        wanted = replace(
            user,
            display_name=change.display_name or user.display_name,
            role=change.role or user.role,
            team=user.team if change.team is None else change.team or None,
            disabled=user.disabled if change.disabled is None else change.disabled,
        )
        others = [one for one in everybody if one.id != id]
        if not any(_manages(one) for one in [*others, wanted]):
            raise InvalidError("last-administrator")
        before.append(user)
        return wanted

    changed = users.change(id, decide)
    if changed is None:
        raise UnknownError("user", id)
    what = ", ".join(
        f"{name} {getattr(before[-1], name)} -> {getattr(changed, name)}"
        for name in ("role", "disabled", "team", "display_name")
        if getattr(before[-1], name) != getattr(changed, name)
    )
    audit.record(who, "user.changed", f"{changed.name}: {what or 'nothing'}", address)
    return changed


def _manages(user: User) -> bool:
    return not user.disabled and may(user.role, MANAGE_USERS)
