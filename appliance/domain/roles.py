"""Who may do what, by name.

A role is a set of permissions; code asks for a permission and never for a role, so that a later
issue can let an administrator edit the sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is at this call centre."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


SEE_STATUS = "status.see"  # which parts work
SEE_STATUS_DETAILS = "status.details"  # versions, sizes, folders, addresses of machines
MANAGE_USERS = "users.manage"

_AGENT = frozenset({SEE_STATUS})
_SUPERVISOR = _AGENT | {SEE_STATUS_DETAILS}
PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMINISTRATOR: _SUPERVISOR | {MANAGE_USERS},
}


def may(role: Role, permission: str) -> bool:
    """Whether people of ``role`` have ``permission``."""
    return permission in PERMISSIONS[role]
