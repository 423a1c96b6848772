"""Puts the console on the application: look, sign-in, pages."""

from __future__ import annotations

from flask import Blueprint, Flask

from comm_server.console import clients, content, logs, overview, problems, releases, sent, windows
from comm_server.parts import Parts
from common.web.accounts import SqliteAccounts
from common.web.first_sign_in import FirstSignIn
from common.web.pages import NavItem, install
from common.web.passwords import Passwords
from common.web.secret import signing_keys
from common.web.signin import SignIn
from common.web.texts import Texts

_NAV = (
    NavItem("console.overview", "console.overview.title"),
    NavItem("console.problems", "console.problems.title"),
    NavItem("console.logs", "console.logs.title"),
    NavItem("console.sent", "console.sent.title"),
    NavItem("console.clients", "console.clients.title"),
    NavItem("console.releases", "console.releases.title"),
)


def add_console(app: Flask, parts: Parts, *, passwords: Passwords | None = None) -> None:
    """Give ``app`` the site's pages, and the site its first account.

    Args:
        app: gets the shared look, texts and error pages of `common.web` too.
        parts: the wired room.
        passwords: for tests.
    """
    passwords = passwords or Passwords()
    texts = Texts("comm_server")
    accounts = SqliteAccounts(parts.store, clock=parts.clock)
    first = FirstSignIn(parts.folder, accounts, passwords)
    first.ensure()
    install(app, texts, title="console.product", nav=_NAV)
    SignIn(
        accounts,
        texts,
        program="comm",
        keys=signing_keys(parts.folder),
        passwords=passwords,
        clock=parts.clock,
        on_event=first.on_event,
    ).install(app)
    blueprint = Blueprint("console", __name__, template_folder="templates")
    for page in (overview, problems, logs, sent, content, clients, releases, windows):
        page.add_routes(blueprint, parts, texts)
    app.register_blueprint(blueprint)
