from __future__ import annotations

import pytest

from appliance.domain.canned import Canned, UnknownVariableError, render

VALUES = {"contact.name": "李雷", "agent.name": "Anna", "queue.name": "sales"}


def test_blanks_are_filled_in():
    text = "{{contact.name}}您好，我是{{ agent.name }}。"
    assert render(text, VALUES) == "李雷您好，我是Anna。"


def test_a_blank_without_a_value_has_what_stands_after_the_bar():
    assert render("Hello {{contact.name|there}}!", {}) == "Hello there!"
    assert render("Hello {{contact.name|there}}!", VALUES) == "Hello 李雷!"


def test_what_is_filled_in_is_not_read_again():
    sly = {**VALUES, "contact.name": "{{agent.name}} {{nonsense}}"}
    assert render("Hello {{contact.name}}", sly) == "Hello {{agent.name}} {{nonsense}}"


def test_an_unknown_variable_is_named_with_those_that_are_known():
    with pytest.raises(UnknownVariableError, match=r"\{\{contact\.phone\}\}; known: \{\{contact"):
        render("Call {{contact.phone}}", VALUES)
    with pytest.raises(UnknownVariableError):
        Canned(0, "call", {"en": "Call {{contact.phone}}"})


@pytest.mark.parametrize(
    ("shortcut", "texts", "told"),
    [
        ("two words", {"en": "x"}, "shortcut"),
        ("", {"en": "x"}, "shortcut"),
        ("hi", {"fr": "bonjour"}, "language fr"),
        ("hi", {}, "needs a text"),
        ("hi", {"en": "  "}, "needs a text"),
        ("hi", {"en": "x" * 4001}, "at most 4000"),
    ],
)
def test_a_reply_that_cannot_be_kept_says_why(shortcut, texts, told):
    with pytest.raises(ValueError, match=told):
        Canned(0, shortcut, texts)


def test_a_language_without_a_text_falls_back_to_the_other_one():
    assert Canned(0, "hi", {"en": "Hello"}).text("zh-CN") == "Hello"
    assert Canned(0, "hi", {"en": "Hello", "zh-CN": "您好"}).text("zh-CN") == "您好"
