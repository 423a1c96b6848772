"""Who asks, whether they may, and not too often: before every view of people and programs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests, Unauthorized

from appliance.api.access import user_here
from appliance.api.v1.again import answered_before
from appliance.domain.programs import Caller
from appliance.domain.refusals import ForbiddenError
from appliance.domain.users import Users
from common.web.rates import Rates, line_of
from common.web.signin import signed_in

EXTENSION = "callstead-gate"
_NEEDS = "__needs__"
View = Callable[..., Any]


def needs(permission: str) -> Callable[[View], View]:
    """Mark a view that needs more than its blueprint; asked before anything else is looked at."""

    def marked(view: View) -> View:
        setattr(view, _NEEDS, permission)
        return view

    return marked


def needed_by(view: View) -> str:
    """What it was marked with; empty: nothing."""
    return str(getattr(view, _NEEDS, ""))


@dataclass(frozen=True)
class Gate:
    """Asked by every blueprint of `appliance.api.v1.here.blueprint_for`.

    Attributes:
        users: everybody.
        recognise: who shows this key or token; None: nobody.
        of_address: how often one address may ask.
        of_account: how often one person may ask, all of their programs together.
    """

    users: Users
    recognise: Callable[[str], Caller | None]
    of_address: Rates
    of_account: Rates

    def enter(self, permission: str) -> ResponseReturnValue | None:
        """Sets ``g.caller``; answers what is to be answered instead of the view, if anything."""
        refuse_too_many(self.of_address, line_of(request.remote_addr or ""), "this address")
        shown = _bearer()
        if shown:
            caller = self.recognise(shown)
            if caller is None:
                raise Unauthorized("The key or token is not known, is over, or was revoked.")
            g.caller = caller
        else:
            answer = signed_in(self._person)()
            if answer:
                return answer
        caller = g.caller
        refuse_too_many(self.of_account, str(caller.user.id), "this account")
        for one in (permission, needed_by(current_app.view_functions[request.endpoint or ""])):
            if one and not caller.may(one):
                raise ForbiddenError("permission-missing", permission=one)
        return answered_before(f"user:{caller.user.id}")

    def _person(self) -> str:
        g.caller = Caller(user_here(self.users))
        return ""


def gate_here() -> Gate:
    """The application's."""
    found: Gate = current_app.extensions[EXTENSION]
    return found


def refuse_too_many(rates: Rates, who: str, called: str) -> None:
    """Raises TooManyRequests (429), with `Retry-After`, when ``who`` asks too often."""
    wait = rates.take(who)
    if wait:
        seconds = math.ceil(wait)
        raise TooManyRequests(
            f"Too many requests from {called}; try again in {seconds} s.", retry_after=seconds
        )


def _bearer() -> str:
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    return shown.strip() if kind.lower() == "bearer" else ""
