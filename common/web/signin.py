"""Sign-in for a program's pages.

The session is a signed cookie that holds a name, two times and the account's generation; every
request compares the generation with the account, so that a changed password or a sign-out ends
all sessions of the account, stolen cookies included. A room that keeps `Sessions` can end one
alone, and a sign-out there ends this one. With `SecondFactors` a right password may not be enough.

Only views behind `signed_in` look at the session, and `signed_in` checks the CSRF token of
everything but reading.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
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
from werkzeug.wrappers import Response as WerkzeugResponse

from common.clock import Clock, SystemClock
from common.logs import get_logger
from common.web.accounts import Account, Accounts, LockRule
from common.web.csrf import StaleFormError, csrf_holds, csrf_token
from common.web.errors import wants_json
from common.web.passwords import LEAST_LENGTH, Passwords, objection
from common.web.rates import line_of
from common.web.second_factor import Need, SecondFactors, SecondStep
from common.web.sessions import Sessions
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


class Proof(StrEnum):
    """What came of a program's try to sign in."""

    RIGHT = "right"
    WRONG = "wrong-password"
    CODE = "code-needed"  # the second factor's code is missing or wrong
    FIRST = "sign-in-first"  # a password to change, a second factor to make: in a browser
    LOCKED = "locked"


class SignIn:
    """Puts ``/sign-in``, ``/password`` and ``/sign-out`` on an application.

    Args:
        accounts: who may sign in.
        texts: the room's texts.
        program: part of the cookie's name; cookies do not know ports, and several programs
            may answer on one machine.
        keys: that sign, oldest first: from `common.web.secret.signing_keys`.
        rules: see there.
        passwords: for tests.
        clock: for tests.
        on_event: told of ``signed_in``, ``refused``, ``locked``, ``password_changed``,
            ``second_factor_on`` and ``signed_out`` with name and address, for a room's record.
        sessions: keeps each session; None: the cookie alone does.
        factors: second factors; None: there are none.
        issuer: what an authenticator shows beside the name.
    """

    def __init__(
        self,
        accounts: Accounts,
        texts: Texts,
        *,
        program: str,
        keys: Sequence[bytes],
        rules: SignInRules | None = None,
        passwords: Passwords | None = None,
        clock: Clock | None = None,
        on_event: Callable[[str, str, str], None] | None = None,
        sessions: Sessions | None = None,
        factors: SecondFactors | None = None,
        issuer: str = "Callstead",
    ) -> None:
        self.accounts = accounts
        self.texts = texts
        self._sessions = sessions
        self._second = SecondStep(self, factors, issuer) if factors else None
        self._program = program
        self._keys = keys
        self._rules = rules or SignInRules()
        self._passwords = passwords or Passwords()
        self._clock = clock or SystemClock()
        self._on_event = on_event

    def install(self, flask: Flask) -> None:
        """Add the pages, the session's cookie and the guard's other half to ``flask``."""
        *older, flask.secret_key = self._keys
        flask.config.update(
            SECRET_KEY_FALLBACKS=older,
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
        if self._second:
            self._second.install(blueprint)
        flask.register_blueprint(blueprint)
        flask.extensions[_EXTENSION] = self

        @flask.context_processor
        def shared() -> dict[str, Any]:
            return {"csrf_token": csrf_token}

    def person_of(self, state: Mapping[str, Any]) -> Account | None:
        """Whose session this is, if it still holds."""
        name = state.get("name")
        account = self.accounts.find(name) if isinstance(name, str) else None
        if account is None or state.get("generation") != account.generation:
            return None
        if self._sessions and not self._sessions.holds(account.name, str(state.get("id", ""))):
            return None
        return account if self.now() < self.until(state) else None

    def until(self, state: Mapping[str, Any]) -> datetime:
        """When a session is over by itself, unless it is used once more before."""
        idle, longest = self._rules.idle, self._rules.longest
        over = min(
            state.get("seen", 0) + idle.total_seconds(),
            state.get("since", 0) + longest.total_seconds(),
        )
        return datetime.fromtimestamp(over, UTC)

    def session_of_cookies(
        self, flask: Flask, cookies: Mapping[str, str]
    ) -> tuple[Account, Mapping[str, Any]] | None:
        """Whose session bare cookies show, and its state; for the feed.

        One who must change the password is nobody.
        """
        interface = cast("SecureCookieSessionInterface", flask.session_interface)
        serializer = interface.get_signing_serializer(flask)
        value = cookies.get(flask.config["SESSION_COOKIE_NAME"])
        if not value or serializer is None:
            return None
        try:
            state = serializer.loads(value)
        except BadSignature:
            return None
        person = self.person_of(state)
        return None if person is None or person.must_change else (person, state)

    def prove(
        self, name: str, password: str, code: str, address: str
    ) -> tuple[Proof, Account | None, int]:
        """The same for a program, all at once: what came of it, whose it is, seconds to wait."""
        name = name.strip()[:64]
        locked = self._locked(name, address)
        if locked:
            self.tell("locked", name)
            return Proof.LOCKED, None, max(1, int((locked - self.now()).total_seconds()) + 1)
        account = self.accounts.find(name)
        hashed = account.password_hash if account else None
        if not self._passwords.fits(hashed, password) or account is None:
            self.tell("refused", name)
            return Proof.WRONG, None, 0
        factors = self._second.factors if self._second else None
        need = factors.need(account.name) if factors else Need.NOTHING
        if account.must_change or need is Need.ENROL:
            return Proof.FIRST, None, 0
        if factors and need is Need.CODE and not factors.check(account.name, code, self.now()):
            self.tell("refused", name)
            return Proof.CODE, None, 0
        self._forgive(account.name)
        return Proof.RIGHT, account, 0

    def touch(self) -> None:
        """Note that the session of this request is in use."""
        now = self.seconds_now()
        if now - session.get("seen", 0) >= _TOUCH.total_seconds():
            session["seen"] = now
            if self._sessions:
                self._sessions.seen(str(session.get("id", "")), request.remote_addr or "")

    def now(self) -> datetime:
        """The moment."""
        return self._clock.now()

    def seconds_now(self) -> int:
        """The same as cookies hold it."""
        return int(self._clock.now().timestamp())

    def _show(self) -> ResponseReturnValue:
        if self.person_of(session):
            return redirect(safe_next(request.args.get("next")))
        if session.pop("name", None):
            flash(self.texts.t("signin.expired"), "info")
        return self._form()

    def _form(self, status: int = 200) -> ResponseReturnValue:
        target = safe_next(request.values.get("next"))
        name = request.form.get("name", "")[:64]
        return render_template("web/signin.html", next=target, name=name), status

    def _submit(self) -> ResponseReturnValue:
        if not csrf_holds():
            flash(self.texts.t("signin.stale_form"), "error")
            return self._form(400)
        name = request.form.get("name", "").strip()[:64]
        refused = self.refuse_guessing(name)
        if refused:
            return self._form(refused)
        account = self.accounts.find(name)
        hashed = account.password_hash if account else None
        if not self._passwords.fits(hashed, request.form.get("password", "")) or account is None:
            self.tell("refused", name)
            flash(self.texts.t("signin.wrong"), "error")
            return self._form(403)
        target = safe_next(request.form.get("next"))
        further = self._second.wanted(account, target) if self._second else None
        return further or self.enter(account, target)

    def enter(self, account: Account, target: str | None) -> WerkzeugResponse:
        """All that was asked was shown: sign in, and go on to ``target``."""
        self._forgive(account.name)
        target = safe_next(target)
        self.begin(account)
        self.tell("signed_in", account.name)
        if account.must_change:
            return redirect(url_for("signin.password", next=target), 303)
        return redirect(target, 303)

    def refuse_guessing(self, name: str) -> int | None:
        """Count one try; 429, with the reason for the page, when there were too many."""
        locked = self._locked(name, request.remote_addr or "")
        if locked is None:
            return None
        self.tell("locked", name)
        flash(self.texts.t("signin.locked", wait=self._wait_in_words(locked - self.now())), "error")
        return 429

    def _forgive(self, name: str) -> None:
        self.accounts.forgive(f"name:{name}")
        self.accounts.forgive(f"address:{line_of(request.remote_addr or '')}")

    def _locked(self, name: str, address: str) -> datetime | None:
        now, rules = self._clock.now(), self._rules
        return self.accounts.attempt(
            f"address:{line_of(address)}", rules.address_lock, now
        ) or self.accounts.attempt(f"name:{name}", rules.name_lock, now)

    def begin(self, account: Account) -> None:
        """A new session of this browser."""
        if self._sessions and session.get("id"):
            self._sessions.end(account.name, str(session["id"]))
        session.clear()  # nothing of a stranger's session, its CSRF token included, goes on
        now = self.seconds_now()
        session.update(name=account.name, generation=account.generation, since=now, seen=now)
        if self._sessions:
            browser = request.headers.get("User-Agent", "")
            address = request.remote_addr or ""
            session["id"] = self._sessions.begin(account.name, address, browser)

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
        refused = self.refuse_guessing(person.name)
        if refused:
            return self._password_form(refused)
        if not self._passwords.fits(person.password_hash, old):
            reason = "password.wrong_old"
        elif new != form.get("again", ""):
            reason = "password.differ"
        else:
            reason = objection(new, name=person.name, old=old, least=self._rules.least_length)
        if reason != "password.wrong_old":
            self._forgive(person.name)
        if reason:
            flash(self.texts.t(reason, least=self._rules.least_length), "error")
            return self._password_form(400)
        self.accounts.set_password(person.name, self._passwords.hash(new), must_change=False)
        renewed = self.accounts.find(person.name)
        if renewed is not None:
            self.begin(renewed)
        self.tell("password_changed", person.name)
        flash(self.texts.t("password.changed"), "good")
        return redirect(safe_next(form.get("next")), 303)

    def _sign_out(self) -> ResponseReturnValue:
        name = person_here().name
        if self._sessions:
            self._sessions.end(name, str(session.get("id", "")))
        else:
            self.accounts.end_sessions(name)
        session.clear()
        self.tell("signed_out", name)
        return redirect(url_for("signin.page"), 303)

    def tell(self, event: str, name: str) -> None:
        """To the log, and to the room's own record."""
        address = request.remote_addr or ""
        log.info("signin.told", outcome=event, name=name, address=address)
        if self._on_event:
            self._on_event(event, name, address)

    def _wait_in_words(self, wait: timedelta) -> str:
        seconds = max(1, int(wait.total_seconds()) + 1)
        if seconds < 120:
            return self.texts.t("signin.seconds", n=seconds)
        return self.texts.t("signin.minutes", n=-(-seconds // 60))


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
        raise StaleFormError
    sentence = signin.texts.t("signin.stale_form")
    return render_template("web/error.html", status=400, sentence=sentence), 400
