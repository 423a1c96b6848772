from __future__ import annotations

from importlib.resources import files

import pytest
from flask import Flask

from common.web import texts as module
from common.web.texts import Texts, current_language, missing_keys


def test_both_languages_have_every_shared_text() -> None:
    assert missing_keys("common.web") == []


def test_what_differs_between_the_languages_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {"zh-CN": {"a": "甲", "c": "{n}"}, "en": {"a": "A", "b": "B", "c": "{m}"}}
    monkeypatch.setattr(module, "_catalogue", lambda _package, language: tables[language])
    assert missing_keys("some.room") == [
        "zh-CN: b is missing",
        "c: the languages name different values",
    ]


@pytest.fixture
def flask() -> Flask:
    return Flask("test")


@pytest.mark.parametrize(
    ("path", "headers", "language"),
    [
        ("/", {}, "zh-CN"),
        ("/", {"Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ("/", {"Accept-Language": "zh-TW,en;q=0.5"}, "zh-CN"),
        ("/", {"Accept-Language": "fr,en;q=0.5,zh;q=0.4"}, "en"),
        ("/", {"Accept-Language": "en;q=0"}, "zh-CN"),
        ("/", {"Accept-Language": "fr"}, "zh-CN"),
        ("/", {"Cookie": "callstead-lang=en", "Accept-Language": "zh"}, "en"),
        ("/?lang=zh-CN", {"Cookie": "callstead-lang=en"}, "zh-CN"),
        ("/?lang=tlh", {"Cookie": "callstead-lang=<x>"}, "zh-CN"),
    ],
)
def test_the_language_is_asked_for_then_remembered_then_the_browsers(
    flask: Flask, path: str, headers: dict[str, str], language: str
) -> None:
    with flask.test_request_context(path, headers=headers):
        assert current_language() == language


def test_a_text_takes_its_values_and_its_language() -> None:
    texts = Texts("common.web")
    assert texts.t("signin.seconds", language="en", n=7) == "7 seconds"
    assert texts.t("signin.seconds", n=7) == "7 秒"


def test_a_missing_text_shows_its_key_and_breaks_nothing() -> None:
    assert Texts("common.web").t("no.such", n=1) == "no.such"


def test_every_text_used_in_the_shared_pages_exists() -> None:
    import re

    keys = set(Texts("common.web")._catalogues["en"])
    folder = files("common.web").joinpath("templates", "web")
    used = {
        key
        for page in folder.iterdir()
        for key in re.findall(r"""\bt\(["']([\w.]+)["']""", page.read_text(encoding="utf-8"))
    }
    assert used - {"a", "b", "c"} <= keys
    assert used


def test_a_text_may_have_a_blank_of_any_name():
    said = Texts("appliance").t("phone.offer_callback", language="en", key="1")
    assert said == "To be called back without losing your place, press 1."
