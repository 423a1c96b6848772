"""Whatever changes what the house keeps leaves a line in the record, or is named with why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.house import ROOT

VIEWS = ROOT / "appliance" / "api" / "v1"
CHANGING = {"post", "put", "patch", "delete"}

# What is said and done in a conversation is an event (docs/events.md), kept with it.
WITHOUT_A_LINE = {
    "canned.text": "fills in a reply's blanks and keeps nothing",
    "chat.begin": "a conversation's first event",
    "desk.presence": "an agent's event",
    "desk_looks.listens_no_more": "a conversation's event; that it began is on record",
    "desk_looks.upload": "a message",
    "chat_files.upload": "a message",
    "factor.begin_factor": "counts for nothing until it is confirmed",
    "factor.confirm_factor": "OwnAccount.turn_on records it",
    "factor.new_codes": "OwnAccount.renew_codes records it",
    "factor.remove_factor": "OwnAccount.turn_off records it",
    "faults.tell": "an error report",
    "files.add_upload": "how messages with files are put on a blueprint",
    "flows.check": "looks at a flow and keeps nothing",
    "flows.walk_through": "tries a flow and keeps nothing",
    "mute.muted": "a conversation's event",
    "numbers.part": "a conversation's event",
    "phone.begin": "a number that is good for one connection; nothing is kept",
    "verbs._add": "what is done in conversations: their events",
    "would_get.try_it": "asks who would get a conversation and keeps nothing",
}


def test_each_change_by_the_interface_leaves_a_line_in_the_record():
    silent = {
        f"{file.stem}.{view}"
        for file in sorted(VIEWS.glob("*.py"))
        for view in _silent(ast.parse(file.read_text("utf-8")))
    }
    assert silent == set(WITHOUT_A_LINE)


def test_a_view_that_records_nothing_is_found():
    text = """
@blueprint.post("/a")
def kept(body): save(body)

@blueprint.post("/b")
def recorded(body): done(body)

def done(body): on_record(audit, "thing.set", body.name)
"""
    assert _silent(ast.parse(text)) == {"kept"}


def _silent(module: ast.Module) -> set[str]:
    """Functions that make a changing address, and neither record nor call what does."""
    functions = {one.name: one for one in ast.walk(module) if isinstance(one, ast.FunctionDef)}
    return {one.name for one in _views(module) if not _records(one, functions, set())}


def _views(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """Those with a decorator of a changing address, and those that put one on a blueprint."""
    decorators = set()
    for one in ast.walk(module):
        if isinstance(one, ast.FunctionDef):
            decorators |= {id(each) for each in one.decorator_list if _changing(each)}
            uploads = any(
                isinstance(each, ast.Call) and getattr(each.func, "id", "") == "add_upload"
                for each in one.decorator_list
            )
            if uploads or any(_changing(each) for each in one.decorator_list):
                yield one
    for one in module.body:
        if isinstance(one, ast.FunctionDef):
            by_hand = (each for each in ast.walk(one) if _changing(each))
            if any(id(each) not in decorators for each in by_hand):
                yield one


def _changing(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CHANGING
        and getattr(node.func.value, "id", "") == "blueprint"
    )


def _records(
    function: ast.FunctionDef, functions: dict[str, ast.FunctionDef], seen: set[str]
) -> bool:
    """Whether it, or a function of its module that it names, hands something to the record."""
    seen.add(function.name)
    for one in ast.walk(function):
        if isinstance(one, ast.Call) and _to_the_record(one):
            return True
        named = one.id if isinstance(one, ast.Name) else ""
        if named in functions and named not in seen and _records(functions[named], functions, seen):
            return True
    return False


def _to_the_record(call: ast.Call) -> bool:
    """`on_record(…)`, `audit.record(…)`, or a use case that is given the record."""
    called = ast.unparse(call.func)
    given = {ast.unparse(one) for one in call.args}
    return called in {"on_record", "audit.record"} or "audit" in given
