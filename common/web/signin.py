"""Sign-in for a program's pages.

The session is a signed cookie that holds a name, two times and the account's generation; every
request compares the generation with the account, so that a changed password or a sign-out ends
all sessions of the account, stolen cookies included. Only views behind `signed_in` look at the
session, and `signed_in` checks the CSRF token of everything but reading.
"""

from __future__ import annotations

import functools
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ParamSpec, cast
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature

from common.clock import Clock, SystemClock
from common.logs import get_logger
from common.web.accounts import Account, Accounts, LockRule
from common.web.errors import wants_json
from common.web.passwords import LEAST_LENGTH, Passwords, objection
from common.web.texts import Texts

log = get_logger(__name__)
P = ParamSpec("P")

_EXTENSION = "callstead-signin"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The cookie is written anew at most so often, not with every picture and poll.
_TOUCH = timedelta(seconds=60)


@dataclass(frozen=True)
class SignInRules:
    """Limits of sign-in.

    Attributes:
        idle: a session unused for so long ends; someone left the screen.
        longest: every session ends after so long; one long shift.
        name_lock: per account.
        address_lock: per address; more generous, because many people may share one.
        least_length: characters of a new password.
    """

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    name_lock: LockRule = LockRule(free=5)
    address_lock: LockRule = LockRule(free=30)
    least_length: int = LEAST_LENGTH


class SignIn:
    """Puts ``/sign-in``, ``/password`` and ``/sign-out`` on an application.

    Args:
        accounts: who may sign in.
        texts: the room's texts.
        program: part of the cookie's name; cookies do not know ports, and several programs
            may answer on one machine.
        secret: from `common.web.secret.secret_key`.
        rules: see there.
        passwords: for tests.
        clock: for tests.
        on_event: told of ``signed_in``, ``refused``, ``locked``, ``password_changed`` and
            ``signed_out`` with name and address, for a room's own record.
    """

    def __init__(
        self,
        accounts: Accounts,
        texts: Texts,
        *,
        program: str,
        secret: bytes,
        rules: SignInRules | None = None,
        passwords: Passwords | None = None,
        clock: Clock | None = None,
        on_event: Callable[[str, str, str], None] | None = None,
    ) -> None:
        self._accounts = accounts
        self._texts = texts
        self._program = program
        self._secret = secret
        self._rules = rules or SignInRules()
        self._passwords = passwords or Passwords()
        self._clock = clock or SystemClock()
        self._on_event = on_event

    def install(self, flask: Flask) -> None:
        """Add the pages, the session's cookie and the guard's other half to ``flask``."""
        flask.secret_key = self._secret
        flask.config.update(
            SESSION_COOKIE_NAME=f"__Host-callstead-{self._program}",
            SESSION_COOKIE_SECURE=True,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            SESSION_COOKIE_PATH="/",
            SESSION_REFRESH_EACH_REQUEST=False,
        )
        blueprint = Blueprint("signin", __name__)
        blueprint.add_url_rule("/sign-in", "page", self._show, methods=["GET"])
        blueprint.add_url_rule("/sign-in", "submit", self._submit, methods=["POST"])
        for name, view, methods in (
            ("password", self._show_password, ["GET"]),
            ("change", self._change_password, ["POST"]),
        ):
            blueprint.add_url_rule(
                "/password", name, _guard(view, any_password=True), methods=methods
            )
        out = _guard(self._sign_out, any_password=True)
        blueprint.add_url_rule("/sign-out", "out", out, methods=["POST"])
        flask.register_blueprint(blueprint)
        flask.extensions[_EXTENSION] = self

        @flask.context_processor
        def shared() -> dict[str, Any]:
            return {"csrf_token": csrf_token}

    def person_of(self, state: Mapping[str, Any]) -> Account | None:
        """Whose session this is, if it still holds."""
        name = state.get("name")
        account = self._accounts.find(name) if isinstance(name, str) else None
        if account is None or state.get("generation") != account.generation:
            return None
        now, seen, since = self._now(), state.get("seen", 0), state.get("since", 0)
        fresh = now - seen < self._rules.idle.total_seconds()
        young = now - since < self._rules.longest.total_seconds()
        return account if fresh and young else None

    def person_of_cookies(self, flask: Flask, cookies: Mapping[str, str]) -> Account | None:
        """The same from bare cookies, for the feed: one who must change the password is nobody."""
        interface = cast("SecureCookieSessionInterface", flask.session_interface)
        serializer = interface.get_signing_serializer(flask)
        value = cookies.get(flask.config["SESSION_COOKIE_NAME"])
        if not value or serializer is None:
            return None
        try:
            person = self.person_of(serializer.loads(value))
        except BadSignature:
            return None
        return None if person is None or person.must_change else person

    def touch(self) -> None:
        """Note that the session of this request is in use."""
        now = self._now()
        if now - session.get("seen", 0) >= _TOUCH.total_seconds():
            session["seen"] = now

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _show(self) -> ResponseReturnValue:
        if self.person_of(session):
            return redirect(safe_next(request.args.get("next")))
        if session.pop("name", None):
            flash(self._texts.t("signin.expired"), "info")
        return self._form()

    def _form(self, status: int = 200) -> ResponseReturnValue:
        target = safe_next(request.values.get("next"))
        name = request.form.get("name", "")[:64]
        return render_template("web/signin.html", next=target, name=name), status

    def _submit(self) -> ResponseReturnValue:
        if not csrf_holds():
            flash(self._texts.t("signin.stale_form"), "error")
            return self._form(400)
        name = request.form.get("name", "").strip()[:64]
        address = request.remote_addr or ""
        locked = self._locked(name, address)
        if locked:
            self._tell("locked", name, address)
            wait = self._wait_in_words(locked - self._clock.now())
            flash(self._texts.t("signin.locked", wait=wait), "error")
            return self._form(429)
        account = self._accounts.find(name)
        hashed = account.password_hash if account else None
        if not self._passwords.fits(hashed, request.form.get("password", "")) or account is None:
            self._tell("refused", name, address)
            flash(self._texts.t("signin.wrong"), "error")
            return self._form(403)
        self._accounts.forgive(f"name:{name}")
        self._accounts.forgive(f"address:{address}")
        self._begin(account)
        self._tell("signed_in", name, address)
        target = safe_next(request.form.get("next"))
        if account.must_change:
            return redirect(url_for("signin.password", next=target), 303)
        return redirect(target, 303)

    def _locked(self, name: str, address: str) -> datetime | None:
        now, rules = self._clock.now(), self._rules
        return self._accounts.attempt(
            f"address:{address}", rules.address_lock, now
        ) or self._accounts.attempt(f"name:{name}", rules.name_lock, now)

    def _begin(self, account: Account) -> None:
        session.clear()  # nothing of a stranger's session, its CSRF token included, goes on
        now = self._now()
        session.update(name=account.name, generation=account.generation, since=now, seen=now)

    def _show_password(self) -> ResponseReturnValue:
        return self._password_form()

    def _password_form(self, status: int = 200) -> ResponseReturnValue:
        target = safe_next(request.values.get("next"))
        return (
            render_template("web/password.html", next=target, least=self._rules.least_length),
            status,
        )

    def _change_password(self) -> ResponseReturnValue:
        person, form = person_here(), request.form
        old, new = form.get("old", ""), form.get("new", "")
        address = request.remote_addr or ""
        locked = self._locked(person.name, address)
        if locked:
            wait = self._wait_in_words(locked - self._clock.now())
            flash(self._texts.t("signin.locked", wait=wait), "error")
            return self._password_form(429)
        if not self._passwords.fits(person.password_hash, old):
            reason = "password.wrong_old"
        elif new != form.get("again", ""):
            reason = "password.differ"
        else:
            reason = objection(new, name=person.name, old=old, least=self._rules.least_length)
        if reason != "password.wrong_old":
            self._accounts.forgive(f"name:{person.name}")
            self._accounts.forgive(f"address:{address}")
        if reason:
            flash(self._texts.t(reason, least=self._rules.least_length), "error")
            return self._password_form(400)
        self._accounts.set_password(person.name, self._passwords.hash(new), must_change=False)
        renewed = self._accounts.find(person.name)
        if renewed is not None:
            self._begin(renewed)
        self._tell("password_changed", person.name, address)
        flash(self._texts.t("password.changed"), "good")
        return redirect(safe_next(form.get("next")), 303)

    def _sign_out(self) -> ResponseReturnValue:
        name = person_here().name
        self._accounts.end_sessions(name)
        session.clear()
        self._tell("signed_out", name, request.remote_addr or "")
        return redirect(url_for("signin.page"), 303)

    def _tell(self, event: str, name: str, address: str) -> None:
        log.info("signin.told", outcome=event, name=name, address=address)
        if self._on_event:
            self._on_event(event, name, address)

    def _wait_in_words(self, wait: timedelta) -> str:
        seconds = max(1, int(wait.total_seconds()) + 1)
        if seconds < 120:
            return self._texts.t("signin.seconds", n=seconds)
        return self._texts.t("signin.minutes", n=-(-seconds // 60))


def signed_in(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Decorator: only for people who are signed in; others go to the sign-in page and back.

    Whoever still has a one-time password goes to change it first. A request that is not mere
    reading needs the CSRF token, as the form field ``csrf`` or the header ``X-CSRF-Token``.
    `person_here` is the account.
    """
    return _guard(view, any_password=False)


def _guard(
    view: Callable[P, ResponseReturnValue], *, any_password: bool
) -> Callable[P, ResponseReturnValue]:
    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        signin: SignIn = current_app.extensions[_EXTENSION]
        person = signin.person_of(session)
        if person is None:
            return _to("signin.page")
        if request.method not in _SAFE_METHODS and not csrf_holds():
            return _stale(signin)
        if person.must_change and not any_password:
            return _to("signin.password")
        signin.touch()
        g.person = person
        return view(*args, **kwargs)

    return guarded


def person_here() -> Account:
    """Who asks; inside a `signed_in` view."""
    return cast("Account", g.person)


def csrf_token() -> str:
    """This session's token, for a form field named ``csrf``."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def csrf_holds() -> bool:
    """Whether the request carries this session's token."""
    given = request.form.get("csrf") or request.headers.get("X-CSRF-Token", "")
    expected = session.get("csrf", "")
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def safe_next(target: str | None) -> str:
    r"""``target`` if it is a path of this program; else the first page.

    Browsers take ``\`` for ``/`` and drop control characters, so neither may be in it.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(letter) < 33 for letter in target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else target


def _to(endpoint: str) -> ResponseReturnValue:
    if wants_json():
        abort(401)
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for(endpoint, next=safe_next(here)), 303)


def _stale(signin: SignIn) -> ResponseReturnValue:
    if wants_json():
        abort(403)
    sentence = signin._texts.t("signin.stale_form")
    return render_template("web/error.html", status=400, sentence=sentence), 400
