"""A flow as JSON and back: what an administrator edits, and what a version keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.domain.telephony.flow import Flow, Kind, Prompt, Step

_STEP = frozenset({"kind", "say", "queue", "agent", "keys", "ways", "tries", "seconds"})
_PROMPT = frozenset({"text", "language", "recording"})
_PLAIN = Step(Kind.PLAY)


def flow_form(flow: Flow) -> dict[str, Any]:
    """As JSON; what a step does not have is left out."""
    return {"start": flow.start, "steps": {n: _step(step) for n, step in flow.steps.items()}}


def read_flow(form: Mapping[str, Any]) -> Flow:
    """The flow. Raises ValueError: it is none, with where it is not."""
    _only(form, frozenset({"start", "steps"}), "The flow")
    steps = form.get("steps", {})
    if not isinstance(steps, Mapping) or not isinstance(form.get("start", ""), str):
        raise ValueError(  # noqa: TRY004 - bad input, not a bug
            "The flow needs `start` (a name) and `steps` (an object of steps by name)"
        )
    return Flow(form.get("start", ""), {name: _read_step(name, one) for name, one in steps.items()})


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": str(step.kind)}
    if step.say:
        found["say"] = [_prompt(one) for one in step.say]
    for name in ("queue", "agent"):
        if getattr(step, name):
            found[name] = getattr(step, name)
    for name in ("keys", "ways"):
        if getattr(step, name):
            found[name] = dict(getattr(step, name))
    if step.kind is Kind.MENU:
        found |= {"tries": step.tries, "seconds": step.seconds}
    return found


def _prompt(one: Prompt) -> dict[str, Any]:
    if one.recording:
        return {"recording": one.recording}
    return {"text": one.text, "language": one.language}


def _read_step(name: str, form: Any) -> Step:
    where = f"The step {name!r}"
    if not name.strip() or len(name) > 64:
        raise ValueError(f"A step's name has 1 to 64 characters; {name!r} has not")
    _only(form, _STEP, where)
    try:
        kind = Kind(form.get("kind"))
    except ValueError:
        raise ValueError(f"{where} has no kind of {', '.join(Kind)}") from None
    return Step(
        kind,
        say=tuple(_read_prompt(where, one) for one in _list(form, "say", where)),
        queue=_number(form, "queue", 0, where),
        agent=_number(form, "agent", 0, where),
        keys=_names(form, "keys", where),
        ways=_names(form, "ways", where),
        tries=_number(form, "tries", _PLAIN.tries, where),
        seconds=_number(form, "seconds", _PLAIN.seconds, where),
    )


def _read_prompt(where: str, form: Any) -> Prompt:
    _only(form, _PROMPT, f"What {where.lower()} says")
    text, language = form.get("text", ""), form.get("language", "")
    if not isinstance(text, str) or not isinstance(language, str) or len(text) > 2000:
        raise ValueError(f"{where} says a text of at most 2000 characters, in a language")
    return Prompt(text, language, _number(form, "recording", 0, where))


def _only(form: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(form, Mapping):
        raise ValueError(f"{where} is not an object")  # noqa: TRY004 - bad input, not a bug
    strange = sorted(set(form) - known)
    if strange:
        raise ValueError(f"{where} has {strange[0]!r}; it may have {', '.join(sorted(known))}")


def _number(form: Mapping[str, Any], name: str, default: Any, where: str) -> Any:
    found = form.get(name, default)
    whole = isinstance(found, int) or (isinstance(default, float) and isinstance(found, float))
    if isinstance(found, bool) or not whole:
        raise ValueError(f"{where}: {name!r} is a number")
    return found


def _list(form: Mapping[str, Any], name: str, where: str) -> list[Any]:
    found = form.get(name, [])
    if not isinstance(found, list) or len(found) > 20:
        raise ValueError(f"{where}: {name!r} is a list of at most 20")
    return found


def _names(form: Mapping[str, Any], name: str, where: str) -> dict[str, str]:
    found = form.get(name, {})
    if not isinstance(found, Mapping) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f"{where}: {name!r} is an object that names steps")
    return dict(found)
