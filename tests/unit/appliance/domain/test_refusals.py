"""Every refusal has a kind, and is raised with the parameters that its sentence tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.domain.refusals import KINDS, WEB_KINDS, InvalidError, names_in
from appliance.domain.work import UnknownError

ROOM = Path(__file__).resolve().parents[4] / "appliance"
PLACES = ("domain", "services", "api")
# What a person never meets: half a program, or JSON that is none.
BUGS = {"bodies.py", "follow_call.py", "files.py"}
BUGS |= {"flow_form.py"}  # where in the form it is, and what: told as `invalid`


def calls(places: tuple[str, ...] = PLACES) -> Iterator[tuple[str, ast.Call]]:
    for place in places:
        for file in sorted((ROOM / place).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield f"{file.name}:{node.lineno}", node


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Where, which kind, with what, wherever a kind is named in so many words."""
    for where, call in calls((*PLACES, "telephony")):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        first = call.args[0] if call.args else None
        if name.endswith("Error") and isinstance(first, ast.Constant) and first.value in KINDS:
            yield where, str(first.value), {one.arg for one in call.keywords if one.arg}


def test_every_kind_is_raised_with_the_parameters_of_its_sentence() -> None:
    beside = {"reused"}  # not told
    for where, kind, given in raised():
        wanted = set(names_in(kind)) - {"seconds"}  # from the pause itself
        assert given - beside == wanted, f"{where}: {kind}"


def test_every_kind_of_the_table_is_raised_somewhere() -> None:
    # These are made by their own exceptions, or by the sign-in's proof.
    own = {"unknown", "illegal-transition", "not-yours", "blocked", "busy", "already-there"}
    own |= {"wrong-password", "code-needed", "sign-in-first"}
    assert set(KINDS) - {kind for _where, kind, _given in raised()} == own


def test_no_refusal_is_a_sentence_alone() -> None:
    bare = [
        where
        for where, call in calls()
        if isinstance(call.func, ast.Name) and call.func.id == "ValueError"
    ]
    assert {one.partition(":")[0] for one in bare} <= BUGS, bare


def test_the_kinds_of_http_and_of_the_house_are_different() -> None:
    assert not set(KINDS) & set(WEB_KINDS)


def test_what_somebody_typed_is_never_read_as_a_form() -> None:
    error = UnknownError("queue", "{what.__class__}")
    assert str(error) == "There is no queue {what.__class__}"


def test_a_list_is_told_with_commas_and_kept_as_a_list() -> None:
    error = InvalidError("file-type", allowed=["pdf", "png"])
    assert str(error) == "Files of this kind are not taken; these are: pdf, png"
    assert error.parameters == {"allowed": ["pdf", "png"]}


def test_a_parameter_that_is_missing_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        InvalidError("file-type")
