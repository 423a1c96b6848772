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
TAKE_CONVERSATIONS = "conversations.take"  # be offered some, speak in them
SEE_FLOOR = "floor.see"  # everybody's states and conversations
SEE_REPORTS = "reports.see"
HELP_OTHERS = "floor.help"  # take over, set another's state
EXPORT_CONVERSATIONS = "conversations.export"  # take one out of the house, as a file
MANAGE_REPLIES = "replies.manage"  # canned replies
MANAGE_FLOOR = "floor.manage"  # queues, skills, capacities
BLOCK_CONTACTS = "contacts.block"  # the blocklist
CALL_OUT = "calls.out"  # call numbers outside, and put callers through to them
EXPORT_RECORDINGS = "recordings.export"  # save what was recorded of calls as a file
SHOW_CONFIDENTIAL = "confidential.show"  # values of confidential fields, one at a time, on record
READ_AUDIT = "audit.read"
CONNECT_PROGRAMS = "programs.connect"  # API keys and webhooks

_AGENT = frozenset({SEE_STATUS, TAKE_CONVERSATIONS, CALL_OUT})
_SUPERVISOR = _AGENT | {
    SEE_STATUS_DETAILS, SEE_FLOOR, SEE_REPORTS, HELP_OTHERS, MANAGE_REPLIES, BLOCK_CONTACTS,
    EXPORT_CONVERSATIONS, EXPORT_RECORDINGS, SHOW_CONFIDENTIAL,
}  # fmt: skip
PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.ADMINISTRATOR: _SUPERVISOR | {MANAGE_USERS, MANAGE_FLOOR, READ_AUDIT, CONNECT_PROGRAMS},
}


def may(role: Role, permission: str) -> bool:
    """Whether people of ``role`` have ``permission``."""
    return permission in PERMISSIONS[role]
