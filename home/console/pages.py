"""The console's pages on one Flask application."""

from __future__ import annotations

from flask import Blueprint, Flask

from common.web.pages import NavItem, install
from common.web.signin import SignIn
from common.web.texts import Texts
from home.console import (
    decision_pages,
    merge_pages,
    problem_page,
    problem_pages,
    release_pages,
    site_pages,
)
from home.console.context import Context
from home.console.filters import install_filters

_NAV = tuple(
    NavItem(f"pages.{endpoint}", f"nav.{text}")
    for endpoint, text in (
        ("overview", "overview"),
        ("all_problems", "problems"),
        ("releases", "releases"),
        ("sites", "sites"),
        ("bundles", "bundles"),
        ("refused_mails", "refused"),
    )
)


def add_console(flask: Flask, context: Context, texts: Texts, signin: SignIn) -> None:
    """Add sign-in and every page."""
    install(flask, texts, title="product", nav=_NAV)
    signin.install(flask)
    install_filters(flask)
    blueprint = Blueprint("pages", __name__, template_folder="templates")
    problem_pages.add_pages(blueprint, context, texts)
    problem_page.add_pages(blueprint, context, texts)
    decision_pages.add_pages(blueprint, context, texts)
    merge_pages.add_pages(blueprint, context, texts)
    site_pages.add_pages(blueprint, context, texts)
    release_pages.add_pages(blueprint, context, texts)
    flask.register_blueprint(blueprint)
