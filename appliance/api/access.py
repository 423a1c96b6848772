"""Who asks, and whether they may."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable

from flask import abort, g, request

from appliance.domain.roles import may
from appliance.domain.users import User, Users
from appliance.settings import Network
from common.web.signin import person_here


def user_here(users: Users) -> User:
    """The user behind a `signed_in` view; 401 when the account went away meanwhile."""
    user = users.by_name(person_here().name)
    if user is None:
        abort(401)
    return user


def require(user: User, permission: str) -> None:
    """403 unless the user's role has the permission, and the program that asks, if one does."""
    asks = g.get("caller")
    if not may(user.role, permission) or not (asks is None or asks.may(permission)):
        abort(403)


def bearer_is(token: str) -> bool:
    """Whether the request shows ``token``; never, when it is empty."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(token)
        and kind.lower() == "bearer"
        and hmac.compare_digest(given.strip().encode(), token.encode())
    )


def asked_from(networks: Iterable[Network]) -> bool:
    """Whether the request comes from one of ``networks``."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # a dual-stack socket's way to say IPv4
    return any((mapped or address) in network for network in networks)
