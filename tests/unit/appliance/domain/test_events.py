"""The table of events is complete: what the code tells is in it, and nothing else is."""

from __future__ import annotations

import ast
import re

from appliance.domain.conversation import Event
from appliance.domain.events import KINDS
from appliance.domain.webhooks import TEST
from tests.architecture.house import ROOT


def told() -> dict[str, str]:
    """Every first argument of a `tell`, as a pattern, with where it stands."""
    found = {}
    for path in sorted((ROOT / "appliance").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "tell" or not any(k.arg == "who" for k in node.keywords):
                continue
            kind = node.args[0]
            if isinstance(kind, ast.Constant):
                pattern = re.escape(str(kind.value))
            else:
                assert isinstance(kind, ast.JoinedStr), f"{path}:{node.lineno}"
                pattern = "".join(
                    re.escape(str(one.value)) if isinstance(one, ast.Constant) else r"\w+"
                    for one in kind.values
                )
            found[pattern] = f"{path}:{node.lineno}"
    return found


def test_everything_that_is_told_is_in_the_table():
    patterns = told()
    assert len(patterns) > 8
    for pattern, where in patterns.items():
        assert any(re.fullmatch(pattern, kind) for kind in KINDS), f"{where} tells {pattern}"


def test_nothing_is_in_the_table_that_nobody_tells():
    patterns = [*told(), re.escape(TEST)]  # which is written for its hook, and told to nobody else
    for kind in KINDS:
        assert any(re.fullmatch(pattern, kind) for pattern in patterns), kind


def test_every_move_of_a_conversation_is_an_event():
    assert {f"conversation.{event}" for event in Event} <= set(KINDS)
