"""Sentences of the rollout in the reader's language, from ``comm_server/rollout/texts``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from comm_server.rollout.rules import Why
from common.clock import parse_stamp
from common.web.texts import LANGUAGES, Texts

TEXTS = Texts("comm_server.rollout")


def say(why: Why, language: str | None = None) -> str:
    """The sentence; times are those of this place."""
    return TEXTS.t(f"rollout.why.{why.code}", language=language, **_for_people(why.facts))


def say_row(row: Mapping[str, Any], language: str | None = None) -> str:
    """The sentence of a row with ``code`` and ``facts``; empty when it has none."""
    return say(Why(row["code"], json.loads(row["facts"])), language) if row["code"] else ""


def language_here() -> str:
    """The language of a command line's reader, by the environment's locale."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if told := os.environ.get(name):
            return "zh-CN" if told.lower().startswith("zh") else "en"
    return "en"


def local_time(stamp: str) -> str:
    """``11-21 17:37``, by this place's clock."""
    return parse_stamp(stamp).astimezone().strftime("%m-%d %H:%M")


def _for_people(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: local_time(value) if name.endswith("_at") else value for name, value in facts.items()
    }


__all__ = ["LANGUAGES", "TEXTS", "language_here", "local_time", "say", "say_row"]
