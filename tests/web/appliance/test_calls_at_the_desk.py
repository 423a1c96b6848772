"""What is done beside the talk of a call, over REST: supervision, and pauses of the recording."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.agent_state import Said
from appliance.domain.roles import Role
from appliance.domain.telephony.provider import Channel
from appliance.services.answer_offer import accept_offer
from appliance.services.keep_moving import change
from appliance.services.presence import say
from appliance.services.telephony.take_call import take_call
from appliance.telephony.signed_in import SignedIn
from appliance.telephony.tree import Tree
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, ready
from tests.web.appliance.test_flows import queue_of


@pytest.fixture
def people(house: House) -> dict[str, Person]:
    """Ada sets things, anna has a call, sue helps."""
    roles = {"ada": Role.ADMINISTRATOR, "anna": Role.AGENT, "sue": Role.SUPERVISOR}
    for name, role in roles.items():
        house.add(name, role)
    return {name: Person(house, name) for name in roles}


def talking(house: House, people: dict[str, Person]) -> int:
    """Anna speaks with a caller: the conversation."""
    queue = queue_of(people["ada"])
    floor = house.appliance.office.floor
    anna = people["anna"].do("GET", "/desk/me")["id"]
    floor.write(lambda work: work.save_agent(
        work.agent(anna).__class__(anna, "Anna", queues=frozenset({queue}))
    ))  # fmt: skip
    change(floor, lambda work: (say(work, anna, Said.SIGN_IN), say(work, anna, Said.READY)))
    call = change(floor, lambda work: take_call(work, Channel("c", True, "1", "2"), queue))
    change(floor, lambda work: accept_offer(work, call.conversation, anna))
    return call.conversation


def lines(house: House, who: str) -> list[str]:
    newest = house.appliance.office.audit.latest(30)
    return [one.what for one in reversed(newest) if one.who == who]


def test_each_rung_is_on_record_and_the_agent_is_told(house, people):
    here = f"/desk/conversations/{talking(house, people)}"
    sue, anna = people["sue"], people["anna"]
    assert sue.do("GET", f"{here}/supervision")["rung"] == ""
    for rung in ("listen", "whisper", "join"):
        told = sue.do("POST", f"{here}/supervision", {"rung": rung})
        assert (told["rung"], told["reached"], told["refused"]) == (rung, "", "")  # no switch yet
    assert anna.do("GET", here)["call"]["supervisors"] == []  # nobody is there before they pick up
    assert sue.do("DELETE", f"{here}/supervision")["rung"] == ""
    assert lines(house, "sue")[-4:] == ["call.listen", "call.whisper", "call.join", "call.leave"]
    assert anna.ask("POST", f"{here}/supervision", {"rung": "listen"}).status_code == 403
    assert anna.ask("GET", f"{here}/supervision").status_code == 403


def test_an_agent_calls_a_number_which_is_on_record_or_is_told_why_not(house, people, monkeypatch):
    ada, anna = people["ada"], people["anna"]
    queue = queue_of(ada)
    me = anna.do("GET", "/desk/me")["id"]
    house.appliance.office.floor.write(
        lambda work: work.save_agent(replace(work.agent(me), queues=frozenset({queue})))
    )

    def refused(kind: str, **body: object) -> None:
        asked = {"number": "010 1234", **body}
        answer = anna.ask("POST", "/desk/phone/calls", asked)
        assert (answer.status_code, answer.json["kind"]) == (422, kind)

    refused("dial-no-trunk")
    rules = replace(house.settings.telephony, outbound="carrier", allowed_prefixes=("0",))
    house.change_settings(telephony=rules)
    refused("dial-not-allowed", number="+1 555")
    refused("dial-offline")
    ready(anna)
    refused("dial-no-switch")
    assert not anna.do("GET", "/desk/phone")["outbound"]
    monkeypatch.setattr(Tree, "about", {"version": "22"})
    signed_in: list[str] = []
    monkeypatch.setattr(SignedIn, "_one", lambda _self, name: name in signed_in)
    assert anna.do("GET", "/desk/phone")["outbound"]
    refused("dial-no-phone")
    assert lines(house, "anna")[-1:] != ["call.out"]
    signed_in.append(f"seat-{me}")
    floor = house.appliance.office.floor
    monkeypatch.setattr(floor, "_drained", lambda: True)
    refused("dial-updating")
    monkeypatch.setattr(floor, "_drained", lambda: False)
    begun = anna.do("POST", "/desk/phone/calls", {"number": "010 1234"})
    assert (begun["channel"], begun["state"], begun["agent"]) == ("outbound", "active", me)
    assert begun["queue"] == queue
    newest = house.appliance.office.audit.latest(1)[0]
    assert (newest.who, newest.what, newest.subject) == ("anna", "call.out", "0101234")
    (card,) = anna.do("GET", "/desk/board")["cards"]
    assert card["dial"] == {"number": "0101234", "tries": 0, "reached": False, "outcome": ""}
    refused("dial-busy")


def test_a_number_outside_is_asked_into_a_call_left_with_the_caller_and_each_is_on_record(
    house, people
):
    conversation = talking(house, people)
    anna, sue = people["anna"], people["sue"]
    here = f"/desk/conversations/{conversation}"
    numbers = f"/desk/phone/calls/{conversation}/numbers"
    refused = anna.ask("POST", numbers, {"number": "010 1234"})
    assert (refused.status_code, refused.json["kind"]) == (422, "dial-no-trunk")
    rules = replace(house.settings.telephony, outbound="carrier", allowed_prefixes=("0",))
    house.change_settings(telephony=rules)
    floor = house.appliance.office.floor
    floor.write(lambda work: work.calls.save(replace(work.calls.of(conversation), spoken=True)))
    assert sue.ask("POST", numbers, {"number": "010 1234"}).status_code == 403
    assert anna.ask("POST", numbers, {"number": "+1"}).json["kind"] == "dial-form"
    assert lines(house, "anna")[-1:] != ["call.ask_out"]
    assert anna.do("POST", numbers, {"number": "010 1234"})["state"] == "active"
    rings = {"number": "0101234", "there": False, "transfer": False}
    assert anna.do("GET", here)["call"]["numbers"] == [rings]
    early = anna.ask("POST", f"{numbers}/hand-over", {"number": "0101234"})
    assert early.json["kind"] == "hand-over-early"
    assert anna.do("POST", f"{numbers}/part", {"number": "0101234"})["state"] == "active"
    assert anna.do("POST", numbers, {"number": "0102", "transfer": True})["state"] == "held"
    assert anna.do("GET", here)["call"]["numbers"][0]["transfer"]
    (ringing,) = (one for one in floor.read(lambda work: list(work.guests.legs())) if one.blind)
    floor.write(lambda work: work.guests.save(replace(ringing, spoken=True)))
    assert anna.do("POST", f"{numbers}/hand-over", {"number": "0102"})["state"] == "wrap_up"
    call = anna.do("GET", here)["call"]
    assert (call["onward"], call["numbers"], call["missed"]) == (True, [], None)
    newest = house.appliance.office.audit.latest(3)
    assert next((one.what, one.subject) for one in newest if one.who == "anna") == (
        "call.hand_over_out", f"0102 conversation {conversation}",
    )  # fmt: skip
    assert "call.transfer_out" in lines(house, "anna")
    assert "call.ask_out" in lines(house, "anna")


def test_what_is_refused_is_not_on_record(house, people):
    conversation = talking(house, people)
    people["anna"].do("POST", f"/desk/conversations/{conversation}/end")
    path = f"/desk/conversations/{conversation}/supervision"
    answer = people["sue"].ask("POST", path, {"rung": "listen"})
    assert (answer.status_code, answer.json["kind"]) == (422, "supervise-not-spoken")
    assert "call.listen" not in lines(house, "sue")


def test_a_pause_for_card_data_says_since_when_and_until_when_and_is_on_record(house, people):
    here = f"/desk/conversations/{talking(house, people)}"
    anna = people["anna"]
    told = anna.do("POST", f"{here}/private", {"on": True})
    assert told == anna.do("GET", here)["call"]["private"]
    assert told["since"] < told["until"]
    assert anna.do("POST", f"{here}/private", {"on": False}) == {"since": None, "until": None}
    assert lines(house, "anna")[-2:] == ["recording.paused", "recording.resumed"]
    assert people["sue"].ask("POST", f"{here}/private", {"on": True}).status_code == 403


def test_an_agent_mutes_the_own_desk_phone_once_it_was_picked_up_and_nobody_elses(house, people):
    conversation = talking(house, people)
    here, anna = f"/desk/conversations/{conversation}", people["anna"]
    me = anna.do("GET", "/desk/me")["id"]
    floor = house.appliance.office.floor
    early = anna.ask("POST", f"{here}/mute", {"on": True})
    assert (early.status_code, early.json["kind"]) == (422, "mute-no-phone")
    floor.write(
        lambda work: work.calls.save(
            replace(work.calls.of(conversation), leg="leg-1", leg_agent=me, spoken=True)
        )
    )
    assert anna.do("POST", f"{here}/mute", {"on": True}) == {"muted": True}
    call = anna.do("GET", here)["call"]
    assert (call["at_phone"], call["muted"]) == ([me], [me])
    other = people["sue"].ask("POST", f"{here}/mute", {"on": False})
    assert (other.status_code, other.json["kind"]) == (422, "mute-no-phone")
    assert anna.do("POST", f"{here}/mute", {"on": False}) == {"muted": False}
    assert anna.do("GET", here)["call"]["muted"] == []
