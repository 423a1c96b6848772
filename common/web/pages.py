"""One look for all pages: layout, shared macros, and files whose address carries their hash."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, abort, g, request, send_from_directory, url_for

from common.clock import parse_stamp
from common.serving.headers import secure_headers
from common.web.errors import ForPrograms, add_error_pages, as_json
from common.web.texts import LANGUAGES, Texts, current_language, remember_language

_SHARED = "common.web"
_YEAR = 365 * 86400


class NavItem(NamedTuple):
    """One entry of the navigation: a Flask endpoint and the key of its text."""

    endpoint: str
    text: str


def install(
    flask: Flask,
    texts: Texts,
    *,
    title: str,
    nav: Sequence[NavItem] = (),
    for_programs: ForPrograms = as_json,
) -> None:
    """Give ``flask`` the shared look, texts, error pages and security headers.

    Args:
        flask: a room's application; its templates may ``{% extends "web/base.html" %}`` and
            ``{% import "web/macros.html" as ui %}``.
        texts: the room's texts; ``t(key, **values)`` in templates.
        title: key of the program's name, shown at the top of each page.
        nav: the navigation, shown to people who are signed in.
        for_programs: how an error is told to a program.
    """
    allowed = {_SHARED, texts.package}
    blueprint = Blueprint("web", __name__, template_folder="templates")

    @blueprint.get("/assets/<package>/<digest>/<path:name>")
    def asset_file(package: str, digest: str, name: str) -> Response:
        if package not in allowed:
            abort(404)
        answer = send_from_directory(_folder(package), name, max_age=_YEAR)
        if digest == _digest(package, name):
            answer.cache_control.immutable = True
        else:  # from a page of another version; not to be kept
            answer.headers["Cache-Control"] = "no-cache"
        return answer

    flask.register_blueprint(blueprint)
    flask.after_request(remember_language)
    secure_headers(flask)
    add_error_pages(flask, texts, for_programs)
    flask.jinja_env.filters.update(when=when, precise=precise)

    @flask.context_processor
    def shared() -> dict[str, Any]:
        return {
            "t": texts.t,
            "knows": texts.knows,
            "language": current_language(),
            "languages": LANGUAGES,
            "language_url": _language_url,
            "asset": asset,
            "program_title": title,
            "nav": nav,
            "person": g.get("person"),  # set by `common.web.signin`
        }


def asset(name: str, package: str = _SHARED) -> str:
    """The address of ``<package>/static/<name>``, with a hash, so that it may be kept for ever."""
    return url_for("web.asset_file", package=package, digest=_digest(package, name), name=name)


def when(value: str | None) -> str:
    """A stamp as people of this place read it: ``2026-11-21 17:37:05``; empty for None."""
    return parse_stamp(value).astimezone().strftime("%Y-%m-%d %H:%M:%S") if value else ""


def precise(stamp: str) -> str:
    """A stamp as this place's time with milliseconds: ``17:37:05.123``."""
    return parse_stamp(stamp).astimezone().strftime("%H:%M:%S.%f")[:-3]


def _language_url(language: str) -> str:
    """This page in another language."""
    return "?" + urlencode({**request.args.to_dict(), "lang": language})


def _folder(package: str) -> Path:
    return Path(str(files(package))) / "static"


@functools.lru_cache(maxsize=256)
def _digest(package: str, name: str) -> str:
    """First half of the file's sha256; "-" when there is none, which then answers 404."""
    path = _folder(package) / name
    if ".." in Path(name).parts or not path.is_file():
        return "-"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
