"""An update waits, and somebody at the desk puts it off: with an end, and on record."""

from __future__ import annotations

from appliance.domain.roles import Role
from appliance.services.in_use import in_use
from appliance.services.waiting_update import WaitingUpdate
from appliance.settings.accounts import SessionSettings
from appliance.store.postponements import SqlPostponements
from common.care import Drain
from tests.web.appliance.conftest import House
from tests.web.appliance.people import Person, problem_of, ready

HOUR = 3600
WAITS = {"drain": True, "seconds": 100 * HOUR, "release": "2.0"}


def agent_of(house: House) -> Person:
    house.add("anna", Role.AGENT, "Anna")
    return Person(house, "anna")


def test_in_an_hour_is_an_end_that_the_gate_keeps_to(build, drain):
    house = build(drain=drain, session=SessionSettings(idle_minutes=1440))
    office = house.appliance.office
    anna = agent_of(house)
    ready(anna)
    nothing = {"waits": False, "until": None, "minutes": 0}
    assert anna.get("/desk/update") == nothing
    problem_of(anna.ask("POST", "/desk/update/postpone"), 409, "conflict")

    drain.told(WAITS)
    assert anna.get("/desk/update") == {"waits": True, "until": None, "minutes": 60}
    assert anna.get("/desk/board")["updating"] is True
    assert in_use(office.floor, office.update) == ""
    until = anna.do("POST", "/desk/update/postpone")["until"]
    assert "put off at the desk until" in in_use(office.floor, office.update)
    assert anna.get("/desk/board")["updating"] is False  # the seat goes on working
    assert office.audit.latest(1)[0].what == "update.postponed"

    again = Drain()
    again.told(WAITS)
    restarted = WaitingUpdate(again, SqlPostponements(office.database), house.clock)
    assert restarted.until is not None
    assert restarted.until.isoformat() == until

    house.clock.advance(HOUR)
    assert in_use(office.floor, office.update) == ""
    assert anna.get("/desk/board")["updating"] is True
    for _hour in range(3):
        anna.do("POST", "/desk/update/postpone")
        house.clock.advance(HOUR)
    refused = problem_of(anna.ask("POST", "/desk/update/postpone"), 409, "conflict")
    assert "240 minutes at most" in refused
    assert in_use(office.floor, office.update) == ""


def test_a_critical_release_is_put_off_by_nobody(build, drain):
    house = build(drain=drain, session=SessionSettings(idle_minutes=1440))
    anna = agent_of(house)
    drain.told(WAITS)
    anna.do("POST", "/desk/update/postpone")
    drain.told({**WAITS, "critical": True})
    assert in_use(house.appliance.office.floor, house.appliance.office.update) == ""
    assert anna.get("/desk/update")["minutes"] == 0
    problem_of(anna.ask("POST", "/desk/update/postpone"), 409, "conflict")
