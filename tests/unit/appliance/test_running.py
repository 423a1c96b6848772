from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.domain.roles import PERMISSIONS, SEE_STATUS, Role, may
from appliance.domain.running import (
    Communications,
    Machine,
    Reporting,
    Status,
    Storage,
    Switch,
    SwitchState,
    Trouble,
    describe,
)
from appliance.services.describe_running import DescribeRunning
from appliance.services.watch_communications import CommunicationsWatch
from tests.support.clock import START, FakeClock

MACHINE = Machine("1.0", START, START + timedelta(hours=2), 1000, 9, 5000, 9000, "/data")
STORAGE = Storage("sqlite", 4096, "0001")
AWAY = Communications("https://comm:8090", reachable=False, since=START, trouble=Trouble.SILENT)
QUIET = Reporting(True, 0)
WELL = Communications("https://comm:8090", reachable=True, since=START)


def parts(machine=MACHINE, storage=STORAGE, communications=WELL, reporting=QUIET, switch=None):
    switch = switch or Switch()
    found = describe(machine, storage, communications, reporting, switch, least_disk=1000)
    return {part.key: part for part in found}


def test_a_sound_appliance_says_what_works_and_what_is_not_there_yet():
    assert {key: str(part.status) for key, part in parts().items()} == {
        "appliance": "works",
        "database": "works",
        "disk": "works",
        "communications": "works",
        "reporting": "works",
        "backup": "attention",
        "telephony": "off",
    }


@pytest.mark.parametrize(
    ("change", "key", "status"),
    [
        ({"storage": replace(STORAGE, trouble="disk I/O error")}, "database", Status.FAILED),
        ({"machine": replace(MACHINE, disk_free=999)}, "disk", Status.ATTENTION),
        ({"communications": AWAY}, "communications", Status.FAILED),
        ({"communications": Communications()}, "communications", Status.OFF),
        ({"communications": Communications("https://c")}, "communications", Status.ATTENTION),
        ({"switch": Switch("22.10", SwitchState.WORKS)}, "telephony", Status.WORKS),
        ({"switch": Switch("22.10", SwitchState.UNWATCHED)}, "telephony", Status.ATTENTION),
        ({"switch": Switch("22.10", SwitchState.ALONE)}, "telephony", Status.FAILED),
        ({"switch": Switch("22.10")}, "telephony", Status.FAILED),
        ({"reporting": Reporting(False, 0)}, "reporting", Status.OFF),
        ({"reporting": Reporting(True, 3)}, "reporting", Status.WORKS),
        (
            {"reporting": Reporting(True, 3), "communications": AWAY},
            "reporting",
            Status.ATTENTION,
        ),
    ],
)
def test_a_part_that_is_not_as_it_should_be_says_so(change, key, status):
    assert parts(**change)[key].status is status


def test_whatever_is_wrong_comes_with_advice():
    worst = parts(
        replace(MACHINE, disk_free=1), replace(STORAGE, trouble="x"), AWAY, Reporting(True, 3)
    )
    assert all(part.advice for part in worst.values() if part.status is not Status.WORKS)


def test_an_agent_sees_which_parts_work_but_not_the_machines_particulars():
    ask = DescribeRunning(
        lambda: MACHINE, lambda: STORAGE, lambda: WELL, lambda: QUIET, Switch, lambda: 1000
    )
    assert all(part.facts for part in ask(Role.SUPERVISOR)[:5])
    assert all(not part.facts and not part.finding for part in ask(Role.AGENT))
    assert [p.status for p in ask(Role.AGENT)] == [p.status for p in ask(Role.SUPERVISOR)]


def test_every_role_has_permissions_and_an_agent_the_fewest():
    assert PERMISSIONS.keys() == set(Role)
    assert all(may(role, SEE_STATUS) for role in Role)
    assert PERMISSIONS[Role.AGENT] < PERMISSIONS[Role.SUPERVISOR] < PERMISSIONS[Role.ADMINISTRATOR]
    assert not may(Role.AGENT, "made.up")


def test_the_watch_keeps_since_when_it_is_as_it_is():
    clock = FakeClock()
    answers = [Trouble.REFUSED, Trouble.SILENT, None]

    def look() -> Trouble | None:
        return answers.pop(0)

    watch = CommunicationsWatch("https://comm:8090", look, clock)
    assert watch.found.reachable is None
    watch.look()
    clock.advance(60)
    watch.look()
    assert (watch.found.reachable, watch.found.since) == (False, START)
    assert watch.found.trouble is Trouble.SILENT
    clock.advance(60)
    watch.look()
    assert (watch.found.reachable, watch.found.since) == (True, clock.now())
    assert watch.found.trouble is None


def test_without_an_address_nothing_is_looked_at():
    def look() -> None:
        raise AssertionError

    watch = CommunicationsWatch("", look, FakeClock())
    watch.look()
    assert watch.found == Communications()
