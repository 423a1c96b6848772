"""What one process of the appliance carries: all of it by default, or some of four roles.

=========== ================================================= ==================================
role        answers                                           does by itself
=========== ================================================= ==================================
``visitor`` the widget, the example page, the visitors' chat
``desk``    the pages, the rest of REST, the people's feed
``phone``   nothing but its health and its metrics            brings the switch and the core
                                                              together (`appliance.telephony`)
``worker``  nothing but its health and its metrics            what time does to conversations,
                                                              what is let go
=========== ================================================= ==================================

`carriers_of` and `topic_allowed` are the first column, `appliance.beside` runs the second.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from common.errors import OperatorError


class ProcessRole(StrEnum):
    """A part of the work that can have a process of its own."""

    VISITOR = "visitor"
    DESK = "desk"
    PHONE = "phone"
    WORKER = "worker"


Roles = frozenset[ProcessRole]

ALL: Roles = frozenset(ProcessRole)
_VISITOR: Roles = frozenset({ProcessRole.VISITOR})
_DESK: Roles = frozenset({ProcessRole.DESK})

FEED = "/api/v1/feed"
# The first that fits counts: a path, and whatever is below it.
_ROUTES: tuple[tuple[str, Roles], ...] = (
    ("/healthz", ALL),
    ("/metrics", ALL),
    ("/assets", ALL),
    ("/api/openapi.json", ALL),
    (FEED, _VISITOR | _DESK),
    ("/api/v1/files", _VISITOR | _DESK),
    ("/api/v1/chat", _VISITOR),
    ("/widget.js", _VISITOR),
    ("/widget", _VISITOR),
    ("/example", _VISITOR),
    ("/", _DESK),
)
_VISITORS_TOPICS = "visitor/"


def roles_of(text: str) -> Roles:
    """The roles named in ``text``, with commas between.

    Raises:
        OperatorError: one is not known, or there would be nothing to do.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    try:
        roles = frozenset(ProcessRole(name) for name in names)
    except ValueError:
        unknown = next(name for name in names if name not in set(ProcessRole))
        raise OperatorError(
            f"There is no role {unknown!r}; the roles are {', '.join(ProcessRole)}."
        ) from None
    if not roles:
        raise OperatorError(f"Name at least one role: {', '.join(ProcessRole)}.")
    return roles


def carriers_of(path: str) -> Roles:
    """Which roles answer at ``path``."""
    return next(
        roles
        for prefix, roles in _ROUTES
        if path == prefix or path.startswith(prefix.rstrip("/") + "/")
    )


def port_key(roles: Roles) -> str:
    """The setting below ``appliance.`` with the port of a process that carries ``roles``."""
    if ProcessRole.DESK in roles:
        return "port"
    return "visitor_port" if ProcessRole.VISITOR in roles else "worker_port"


def topic_allowed(roles: Roles, topic: str) -> bool:
    """Whether a process with ``roles`` tells of ``topic`` of the feed."""
    wanted = ProcessRole.VISITOR if topic.startswith(_VISITORS_TOPICS) else ProcessRole.DESK
    return wanted in roles


def in_order(roles: Iterable[ProcessRole]) -> str:
    """For people: the roles in the table's order, with commas between."""
    given = set(roles)
    return ", ".join(role for role in ProcessRole if role in given)
