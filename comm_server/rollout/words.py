"""Sentences of the rollout in the reader's language, from ``comm_server/rollout/texts``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from comm_server.rollout.rules import Why
from common.clock import parse_stamp
from common.web.texts import LANGUAGES, Texts

TEXTS = Texts("comm_server.rollout")


def language_here() -> str:
    """The language of a command line's reader, by the environment's locale."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if told := os.environ.get(name):
            return "zh-CN" if told.lower().startswith("zh") else "en"
    return "en"


def local_time(stamp: str) -> str:
    """``11-21 17:37``, by this place's clock."""
    return parse_stamp(stamp).astimezone().strftime("%m-%d %H:%M")


def say(why: Why, language: str | None = None, when: Callable[[str], str] = local_time) -> str:
    """The sentence; ``when`` writes its times, by itself those of this place."""
    facts = {
        name: when(value) if name.endswith("_at") else value for name, value in why.facts.items()
    }
    return TEXTS.t(f"rollout.why.{why.code}", language=language, **facts)


def say_row(
    row: Mapping[str, Any], language: str | None = None, when: Callable[[str], str] = local_time
) -> str:
    """The sentence of a row with ``code`` and ``facts``; empty when it has none."""
    return say(Why(row["code"], json.loads(row["facts"])), language, when) if row["code"] else ""


__all__ = ["LANGUAGES", "TEXTS", "language_here", "local_time", "say", "say_row"]
