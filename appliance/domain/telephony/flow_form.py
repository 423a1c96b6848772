"""A flow as JSON and back: what an administrator edits, and what a version keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.flow import Flow, Kind, Prompt, Step

_STEP = frozenset({"kind", "say", "queue", "agent", "keys", "ways", "tries", "seconds"})
_PROMPT = frozenset({"text", "language", "recording"})
_PLAIN = Step(Kind.PLAY)
_MOST_NAME, _MOST_TEXT, _MOST_PROMPTS = 64, 2000, 20


def flow_form(flow: Flow) -> dict[str, Any]:
    """As JSON; what a step does not have is left out."""
    return {"start": flow.start, "steps": {n: _step(step) for n, step in flow.steps.items()}}


def read_flow(form: Mapping[str, Any]) -> Flow:
    """The flow. Raises InvalidError: it is none, with where it is not."""
    _only(form, frozenset({"start", "steps"}), "The flow")
    steps = form.get("steps", {})
    if not isinstance(steps, Mapping) or not isinstance(form.get("start", ""), str):
        raise InvalidError("flow-parts")
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
    if not name.strip() or len(name) > _MOST_NAME:
        raise InvalidError("flow-step-name", most=_MOST_NAME, name=name)
    _only(form, _STEP, where)
    try:
        kind = Kind(form.get("kind"))
    except ValueError:
        raise InvalidError("flow-step-kind", step=name, kinds=[*Kind]) from None
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
    if not isinstance(text, str) or not isinstance(language, str) or len(text) > _MOST_TEXT:
        raise InvalidError("flow-text", where=where, most=_MOST_TEXT)
    return Prompt(text, language, _number(form, "recording", 0, where))


def _only(form: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(form, Mapping):
        raise InvalidError("flow-object", where=where)
    strange = sorted(set(form) - known)
    if strange:
        raise InvalidError("flow-strange", where=where, part=strange[0], known=sorted(known))


def _number(form: Mapping[str, Any], name: str, default: Any, where: str) -> Any:
    found = form.get(name, default)
    whole = isinstance(found, int) or (isinstance(default, float) and isinstance(found, float))
    if isinstance(found, bool) or not whole:
        raise InvalidError("flow-number", where=where, part=name)
    return found


def _list(form: Mapping[str, Any], name: str, where: str) -> list[Any]:
    found = form.get(name, [])
    if not isinstance(found, list) or len(found) > _MOST_PROMPTS:
        raise InvalidError("flow-list", where=where, part=name, most=_MOST_PROMPTS)
    return found


def _names(form: Mapping[str, Any], name: str, where: str) -> dict[str, str]:
    found = form.get(name, {})
    if not isinstance(found, Mapping) or not all(isinstance(v, str) for v in found.values()):
        raise InvalidError("flow-names", where=where, part=name)
    return dict(found)
