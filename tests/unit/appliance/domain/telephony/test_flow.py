"""Where a caller is in a flow, and the walk without a telephone."""

from __future__ import annotations

import pytest

from appliance.domain.telephony.flow import At, Flow, Heard, after, begin
from appliance.domain.telephony.flow_check import Known, troubles
from appliance.domain.telephony.flow_form import flow_form, read_flow
from appliance.domain.telephony.flow_try import walk

SAY = [{"text": "Welcome", "language": "en"}]
FORM = {
    "start": "hello",
    "steps": {
        "hello": {"kind": "play", "say": SAY, "ways": {"next": "when"}},
        "when": {"kind": "hours", "queue": 1, "ways": {"open": "menu", "closed": "box"}},
        "menu": {
            "kind": "menu", "say": SAY, "keys": {"1": "sales", "9": "hello"},
            "ways": {"otherwise": "sales"}, "tries": 2, "seconds": 5.0,
        },
        "sales": {"kind": "queue", "queue": 1, "ways": {"otherwise": "box"}},
        "box": {"kind": "voicemail", "queue": 1, "say": [{"recording": 7}]},
    },
}  # fmt: skip
FLOW = read_flow(FORM)
KNOWN = Known({1}, {5}, {7})


def is_open(_queue: int) -> bool:
    return True


def changed(**steps) -> Flow:
    merged = FORM["steps"] | {
        name: FORM["steps"].get(name, {}) | step for name, step in steps.items()
    }
    return read_flow(FORM | {"steps": merged})


def said(flow: Flow) -> list[str]:
    return [str(one) for one in troubles(flow, KNOWN)]


def test_a_form_is_the_same_flow_after_it_was_read():
    assert flow_form(FLOW) == FORM
    assert said(FLOW) == []


def test_a_key_leads_on_at_once_and_hours_are_passed_unheard():
    at = begin(FLOW, is_open)
    assert at == At("hello")
    assert after(FLOW, at, "1", is_open) == at  # a greeting asks for no key
    at = after(FLOW, at, Heard.SAID, is_open)
    assert at == At("menu")
    assert after(FLOW, at, "1", is_open) == At("sales")
    assert after(FLOW, at, Heard.SAID, is_open) == at


def test_a_menu_asks_again_and_leads_on_when_its_tries_are_used_up():
    at = after(FLOW, At("menu"), "7", is_open)
    assert at == At("menu", 1)
    assert after(FLOW, at, Heard.SILENCE, is_open) == At("sales")


def test_a_queue_that_takes_nobody_leads_on_or_ends_the_call():
    assert after(FLOW, At("sales"), Heard.REFUSED, is_open) == At("box")
    alone = changed(sales={"kind": "queue", "queue": 1, "ways": {}})
    assert after(alone, At("sales"), Heard.REFUSED, is_open) is None


@pytest.mark.parametrize(
    ("keys", "opened", "stops"),
    [
        ("1", True, ["hello said", "menu 1", "sales"]),
        ("91", True, ["hello said", "menu 9", "hello said", "menu 1", "sales"]),
        ("", True, ["hello said", "menu silence", "menu silence", "sales"]),
        ("1", False, ["hello said", "box"]),
    ],
)
def test_the_simulator_walks_the_same_rules(keys, opened, stops):
    found = walk(FLOW, keys, lambda _queue: opened)
    assert [f"{one.step} {one.did}".strip() for one in found] == stops


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ({"hello": {"ways": {}}}, "The step 'hello' lacks 'next'"),
        ({"hello": {"ways": {"next": "gone"}}}, "leads to 'gone', which is no step"),
        ({"hello": {"say": [{}]}}, "neither a text nor a recording"),
        ({"box": {"say": [{"recording": 8}]}}, "the recording 8, which does not exist"),
        ({"menu": {"keys": {"A": "sales"}}}, "asks for 'A'"),
        ({"menu": {"tries": 0}}, "asks 0 times"),
        ({"menu": {"seconds": 100.0}}, "waits 100.0 seconds"),
        ({"sales": {"queue": 9}}, "the queue 9, which does not exist"),
        ({"box": {"keys": {"1": "menu"}}}, "'keys', which means nothing there"),
        ({"boss": {"kind": "transfer", "agent": 6, "queue": 1}}, "the agent 6, who does not exist"),
        ({"boss": {"kind": "hang_up"}}, "No way leads to the step 'boss'"),
        ({"menu": {"ways": {"otherwise": "hello"}}}, "would go round and round"),
    ],
)
def test_what_is_wrong_is_told_with_its_step(steps, sentence):
    assert sentence in "; ".join(said(changed(**steps)))


def test_a_flow_without_steps_and_one_that_begins_nowhere_cannot_be_published():
    assert said(read_flow({"start": "", "steps": {}})) == ["The flow has no steps; add one"]
    assert "begins at 'x'" in said(read_flow(FORM | {"start": "x"}))[0]


@pytest.mark.parametrize(
    "form",
    [
        {"start": "a", "steps": []},
        {"start": "a", "steps": {"a": {"kind": "dance"}}},
        {"start": "a", "steps": {"a": {"kind": "queue", "queue": "1"}}},
        {"start": "a", "steps": {"a": {"kind": "queue", "colour": 1}}},
        {"start": "a", "steps": {"a": {"kind": "play", "say": "hello"}}},
        {"start": "a", "steps": {"a": {"kind": "menu", "keys": {"1": 2}}}},
        {"start": "a", "steps": {" ": {"kind": "hang_up"}}},
        {"start": "a", "end": "b", "steps": {}},
    ],
)
def test_what_is_no_flow_is_refused_with_a_sentence(form):
    with pytest.raises(ValueError, match=r"[Tt]he (flow|step)|A step"):
        read_flow(form)
