"""Texts of queues from before they had languages."""

from __future__ import annotations

from appliance.store.migrations.versions.s0028_comfort_by_language import moved


def test_one_text_for_all_becomes_that_of_each_language():
    form = {"priority": 1, "greeting": "Hello", "comfort": "A moment"}
    both = {"zh-CN": "Hello", "en": "Hello"}, {"zh-CN": "A moment", "en": "A moment"}
    assert moved(form) == {"priority": 1, "look": {"greeting": both[0], "comfort": both[1]}}


def test_what_was_said_by_language_already_stays_and_nothing_stays_nothing():
    look = {"accent": "#112233", "greeting": {"en": "Hi"}}
    form = {"greeting": "Hello", "comfort": "", "look": look}
    assert moved(form) == {"look": look}
