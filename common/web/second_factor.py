"""The second step of a sign-in: a code, or the making of the second factor itself.

Between the two steps nobody is signed in: the session holds only who has shown the right password,
for ten minutes, and neither `SignIn.person_of` nor any view knows that name.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from common.web.accounts import Account
from common.web.csrf import csrf_holds
from common.web.totp import address_of

if TYPE_CHECKING:
    from common.web.signin import SignIn

_HALF_SECONDS = 600


class Need(StrEnum):
    """What a right password still needs."""

    NOTHING = "nothing"
    CODE = "code"
    ENROL = "enrol"  # a second factor is required, and there is none yet


class SecondFactors(Protocol):
    """Where they are kept. What changes something returns after the commit."""

    def need(self, name: str) -> Need:
        """What this account's sign-in needs beside the password."""
        ...

    def begin(self, name: str) -> str:
        """A new secret (base32) that counts once a code of it was shown; one is told again."""
        ...

    def confirm(self, name: str, code: str, now: datetime) -> list[str] | None:
        """The secret counts from now on; answers the recovery codes, or None: a wrong code."""
        ...

    def check(self, name: str, code: str, now: datetime) -> bool:
        """Whether it is the code of now, or a recovery code; each opens once."""
        ...


class SecondStep:
    """Puts ``/sign-in/code`` and ``/sign-in/second-factor`` on the sign-in's blueprint."""

    def __init__(self, signin: SignIn, factors: SecondFactors, issuer: str) -> None:
        self._signin = signin
        self.factors = factors
        self._issuer = issuer

    def install(self, blueprint: Blueprint) -> None:
        """Add the pages."""
        for path, name, show, submit in (
            ("/sign-in/code", "code", self._code_form, self._code),
            ("/sign-in/second-factor", "enrol", self._enrol_form, self._enrol),
        ):
            blueprint.add_url_rule(path, name, show, methods=["GET"])
            blueprint.add_url_rule(path, f"{name}_submit", submit, methods=["POST"])

    def wanted(self, account: Account, target: str) -> ResponseReturnValue | None:
        """Where a right password goes on; None: it is enough."""
        need = self.factors.need(account.name)
        if need is Need.NOTHING:
            return None
        session.clear()
        session.update(
            half=account.name, half_generation=account.generation,
            half_since=self._signin.seconds_now(), half_next=target,
        )  # fmt: skip
        return redirect(url_for("signin.code" if need is Need.CODE else "signin.enrol"), 303)

    def _half(self, need: Need) -> Account | None:
        """Who has shown the password, if that is not long ago and ``need`` is what is needed."""
        name = session.get("half")
        account = self._signin.accounts.find(name) if isinstance(name, str) else None
        young = self._signin.seconds_now() - session.get("half_since", 0) < _HALF_SECONDS
        fresh = account is not None and session.get("half_generation") == account.generation
        if account is None or not (young and fresh) or self.factors.need(account.name) is not need:
            return None
        return account

    def _code_form(self, status: int = 200) -> ResponseReturnValue:
        if self._half(Need.CODE) is None:
            return redirect(url_for("signin.page"), 303)
        return render_template("web/code.html"), status

    def _code(self) -> ResponseReturnValue:
        account = self._half(Need.CODE)
        if account is None:
            return redirect(url_for("signin.page"), 303)
        if not csrf_holds():
            flash(self._signin.texts.t("signin.stale_form"), "error")
            return self._code_form(400)
        refused = self._signin.refuse_guessing(account.name)
        if refused:
            return self._code_form(refused)
        if not self.factors.check(account.name, request.form.get("code", ""), self._signin.now()):
            self._signin.tell("refused", account.name)
            flash(self._signin.texts.t("second.wrong"), "error")
            return self._code_form(403)
        return self._signin.enter(account, session.get("half_next"))

    def _enrol_form(self, status: int = 200) -> ResponseReturnValue:
        account = self._half(Need.ENROL)
        if account is None:
            return redirect(url_for("signin.page"), 303)
        secret = self.factors.begin(account.name)
        return render_template(
            "web/enrol.html", action=url_for("signin.enrol_submit"), required=True,
            **shown(secret, account.name, self._issuer),
        ), status  # fmt: skip

    def _enrol(self) -> ResponseReturnValue:
        account = self._half(Need.ENROL)
        if account is None:
            return redirect(url_for("signin.page"), 303)
        if not csrf_holds():
            flash(self._signin.texts.t("signin.stale_form"), "error")
            return self._enrol_form(400)
        refused = self._signin.refuse_guessing(account.name)
        if refused:
            return self._enrol_form(refused)
        code = request.form.get("code", "")
        codes = self.factors.confirm(account.name, code, self._signin.now())
        if codes is None:
            flash(self._signin.texts.t("second.wrong"), "error")
            return self._enrol_form(403)
        self._signin.tell("second_factor_on", account.name)
        further = self._signin.enter(account, session.get("half_next"))
        return render_template("web/recovery.html", codes=codes, further=further.location)


def shown(secret: str, name: str, issuer: str) -> dict[str, str]:
    """What a person needs to bring a secret into their phone: letters, and a picture of them."""
    address = address_of(secret, name, issuer)
    picture = segno.make(address, error="m", micro=False).svg_data_uri(scale=5, border=2)
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"secret": groups, "address": address, "picture": picture}
