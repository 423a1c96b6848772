"""Interface texts: one TOML file per language and room, ``<package>/texts/{zh-CN,en}.toml``.

Tables make dotted keys: ``[running] title`` is ``running.title``. A text may hold ``{name}``.
"""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from flask import Response, has_request_context, request
from werkzeug.datastructures import LanguageAccept

from common.logs import get_logger

log = get_logger(__name__)

# By name as its readers write it; the first one is what an asker gets who names none of them.
LANGUAGES = {"zh-CN": "中文", "en": "English"}
DEFAULT = "zh-CN"
_COOKIE = "callstead-lang"
_SHARED = "common.web"


class Texts:
    """The texts of ``package``, and below them those that all pages share."""

    def __init__(self, package: str) -> None:
        self.package = package
        self._catalogues = {
            language: {**_catalogue(_SHARED, language), **_catalogue(package, language)}
            for language in LANGUAGES
        }

    def t(self, key: str, /, *, language: str | None = None, **values: object) -> str:
        """The text of ``key``, with ``values`` put in.

        Args:
            key: dotted.
            language: the reader's, if not given: of the request, else the default.
            **values: for the text's ``{…}``.

        A key without a text answers the other language's, or itself: a page with one odd word
        is better than no page. Tests find such keys with `missing_keys`.
        """
        wanted = language or current_language()
        for candidate in (wanted, *LANGUAGES):
            text = self._catalogues.get(candidate, {}).get(key)
            if text is not None:
                return text.format(**values) if values else text
        log.warning("text.missing", key=key, package=self.package)
        return key

    def knows(self, key: str) -> bool:
        """Whether ``key`` has a text: for words that strangers send, such as kinds."""
        return any(key in catalogue for catalogue in self._catalogues.values())


def current_language() -> str:
    """Of this request: ``?lang=``, then the cookie, then Accept-Language, then Chinese."""
    if not has_request_context():
        return DEFAULT
    for named in (request.args.get("lang", ""), request.cookies.get(_COOKIE, "")):
        if named in LANGUAGES:
            return named
    return _accepted(request.accept_languages) or DEFAULT


def remember_language(response: Response) -> Response:
    """For ``after_request``: keep what ``?lang=`` chose, for a year."""
    chosen = request.args.get("lang", "")
    if chosen in LANGUAGES and request.cookies.get(_COOKIE) != chosen:
        response.set_cookie(
            _COOKIE,
            chosen,
            max_age=365 * 86400,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def missing_keys(package: str) -> list[str]:
    """What a test wants empty: keys that one language lacks, or whose ``{…}`` differ."""
    by_language = {language: _catalogue(package, language) for language in LANGUAGES}
    found = []
    for key in sorted({key for texts in by_language.values() for key in texts}):
        lacking = [language for language, texts in by_language.items() if key not in texts]
        found += [f"{language}: {key} is missing" for language in lacking]
        if not lacking and len({_places(texts[key]) for texts in by_language.values()}) > 1:
            found.append(f"{key}: the languages name different values")
    return found


def _accepted(accept: LanguageAccept) -> str | None:
    for language, quality in accept:
        if quality > 0:
            main = language.lower().split("-")[0]
            match = {"zh": "zh-CN", "en": "en"}.get(main)
            if match:
                return match
    return None


@functools.cache
def _catalogue(package: str, language: str) -> dict[str, str]:
    file = files(package).joinpath("texts", f"{language}.toml")
    if not file.is_file():
        return {}
    return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))


def _flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)


def _places(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
