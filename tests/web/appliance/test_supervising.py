"""Supervisors at the interface: the wallboard, helping others, reports, trying routing out."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, datetime

import pytest

from appliance.domain.roles import Role
from appliance.services.telephony.silence import Silence
from appliance.store.leases import SqlLeases
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Person, Visitor, ready


@pytest.fixture
def floor(house: House):
    """An administrator, a queue with a name that a spreadsheet would run, an agent ready."""
    house.signed_in()
    admin = Person(house, "admin")
    queue = admin.do("POST", "/queues", {"name": "=1+1"}, 201)["id"]
    for name, role in (("anna", Role.AGENT), ("sue", Role.SUPERVISOR)):
        house.add(name, role, name.title())
    anna, sue = Person(house, "anna"), Person(house, "sue")
    ids = {name: person.get("/desk/me")["id"] for name, person in (("anna", anna), ("sue", sue))}
    admin.do("PATCH", f"/agents/{ids['anna']}", {"queues": [queue]})
    ready(anna)
    return house, admin, anna, sue, queue, ids


def test_the_wallboard_counts_who_waits_and_says_what_is_wrong(floor):
    house, _admin, anna, sue, queue, ids = floor
    anna.do("POST", "/desk/presence", {"said": "step_away", "reason": "lunch"})
    Visitor(house, queue)
    house.clock.advance(seconds=45)
    wall = sue.get("/floor/wall?zone=Asia/Shanghai")
    (board,) = [one for one in wall["queues"] if one["id"] == queue]
    assert (board["waiting"], board["open"], board["states"]) == (1, True, {"away": 1})
    assert board["alerts"] == ["wait", "nobody"]
    assert wall["together"]["waiting"] == 1
    (seen,) = [one for one in wall["agents"] if one["id"] == ids["anna"]]
    assert (seen["state"], seen["away_reason"]) == ("away", "lunch")


def test_the_wallboard_says_when_the_switch_does_not_answer(floor):
    house, _admin, _anna, sue, _queue, _ids = floor
    office = house.appliance.office
    leases = SqlLeases(office.database)
    silence = Silence(office.floor, lambda s: leases.keep_silence(house.clock.now(), s), 10)
    for silent in (False, True, False):
        silence.tell(silent=silent)
        assert sue.get("/floor/wall")["switch_silent"] is silent


def test_agents_see_neither_wallboard_nor_reports(floor):
    _house, _admin, anna, _sue, _queue, _ids = floor
    for path in (
        "/floor/wall",
        "/floor/conversations",
        "/reports?first=2026-11-21&last=2026-11-21",
    ):
        assert anna.ask("GET", path).status_code == 403


def test_a_supervisor_sets_anothers_state_and_it_is_recorded(floor):
    _house, admin, anna, sue, _queue, ids = floor
    path = f"/floor/agents/{ids['anna']}/state"
    assert sue.do("POST", path, {"state": "away", "reason": "training"})["state"] == "away"
    assert anna.get("/desk/me")["away_reason"] == "training"
    assert sue.do("POST", path, {"state": "available"})["state"] == "available"
    assert anna.ask("POST", path, {"state": "away"}).status_code == 403
    what = [one["what"] for one in admin.get("/audit")["items"]]
    assert what.count("agent.state_set") == 2


def test_a_supervisor_takes_over_and_gives_on(floor):
    house, _admin, anna, sue, queue, ids = floor
    visitor = Visitor(house, queue)
    anna.do("POST", f"/desk/conversations/{visitor.id}/accept")
    (one,) = sue.get("/floor/conversations")["items"]
    assert (one["id"], one["agent"], one["state"]) == (visitor.id, ids["anna"], "active")
    taken = sue.do("POST", f"/desk/conversations/{visitor.id}/take-over")
    assert taken["agent"] == ids["sue"]
    given = sue.do("POST", f"/desk/conversations/{visitor.id}/reassign", {"agent": ids["anna"]})
    assert (given["state"], given["agent"]) == ("queued", None) or given["agent"] == ids["anna"]
    assert (
        anna.ask("POST", f"/desk/conversations/{visitor.id}/reassign", {"queue": queue}).status_code
        == 403
    )


def test_a_waiting_one_keeps_its_place_when_a_supervisor_moves_it(floor):
    house, admin, anna, sue, queue, _ids = floor
    anna.do("POST", "/desk/presence", {"said": "step_away"})
    other = admin.do("POST", "/queues", {"name": "other"}, 201)["id"]
    visitor = Visitor(house, queue)
    (before,) = sue.get("/floor/conversations")["items"]
    house.clock.advance(seconds=60)
    moved = sue.do("POST", f"/desk/conversations/{visitor.id}/reassign", {"queue": other})
    assert (moved["queue"], moved["waiting_since"]) == (other, before["waiting_since"])
    taken = sue.do("POST", f"/desk/conversations/{visitor.id}/take")
    assert taken["state"] == "active"


def test_a_report_has_its_figures_and_says_what_they_mean(floor):
    house, _admin, anna, sue, queue, ids = floor
    _talk(house, anna, queue)
    asked = "/reports?first=2026-11-21&last=2026-11-21&zone=UTC"
    report = sue.get(f"{asked}&by=queue&interval=hour&lang=en")
    (row,) = report["rows"]
    assert (row["key"], row["title"], row["start"]) == (queue, "=1+1", "2026-11-21T09:00:00+00:00")
    assert row["values"]["service_level"] == 1
    assert (row["values"]["asa"], row["values"]["aht"]) == (10, 120)
    assert {one["name"] for one in report["figures"]} == set(row["values"])
    assert all(one["means"] and "report.figure" not in one["means"] for one in report["figures"])
    agents = sue.get(f"{asked}&by=agent&interval=total")
    (anna_sum,) = [one for one in agents["sums"] if one["key"] == ids["anna"]]
    assert anna_sum["values"]["time_busy"] == 120


def test_a_report_names_why_agents_were_away_also_when_the_reason_is_retired(floor):
    house, admin, anna, sue, _queue, ids = floor
    for reason, seconds in (("lunch", 1800), ("", 60)):
        anna.do("POST", "/desk/presence", {"said": "step_away", "reason": reason})
        house.clock.advance(seconds=seconds)
    (lunch,) = [one for one in admin.get("/labels?most=200")["items"] if one["word"] == "lunch"]
    gone = {"retired": True, "names": {"en": "Dinner", "zh-CN": "晚餐"}}
    admin.do("PATCH", f"/labels/{lunch['id']}", gone)
    asked = "/reports?first=2026-11-21&last=2026-11-21&by=reason&interval=total"
    for language, names in (("en", ["Not said", "Dinner"]), ("zh-CN", ["未填写", "晚餐"])):
        rows = sue.get(f"{asked}&lang={language}&agent={ids['anna']}")["rows"]
        assert [(one["key"], one["title"], one["values"]) for one in rows] == [
            ("", names[0], {"time_away": 60}), ("lunch", names[1], {"time_away": 1800}),
        ]  # fmt: skip
    assert sue.get(f"{asked}&agent={ids['sue']}")["rows"] == []


def test_an_export_opens_in_a_spreadsheet_and_runs_nothing(floor):
    house, _admin, anna, sue, queue, _ids = floor
    _talk(house, anna, queue)
    asked = "/api/v1/reports/export?first=2026-11-21&last=2026-11-21&by=queue&lang=zh-CN"
    answer = sue._client.get(asked, base_url=ORIGIN)
    text = answer.data.decode()
    assert text.startswith("\ufeff")
    head, row = csv.reader(io.StringIO(text[1:]))
    assert head[:3] == ["开始", "队列", "进入"]
    assert any(one.endswith("（秒）") for one in head)
    assert len(set(head)) == len(head)
    assert row[:4] == ["2026-11-21", "'=1+1", "1", "1"]
    assert "report-queue-2026-11-21" in answer.headers["Content-Disposition"]
    workbook = sue._client.get(f"{asked}&format=xlsx", base_url=ORIGIN)
    parts = zipfile.ZipFile(io.BytesIO(workbook.data))
    sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "=1+1" in sheet
    assert "<f>" not in sheet
    assert "服务水平" in parts.read("xl/worksheets/sheet2.xml").decode()


def test_two_hours_of_the_same_name_are_told_apart_in_a_file(floor):
    house, _admin, _anna, _sue, queue, _ids = floor
    house.clock.jump(datetime(2027, 10, 31, 0, 30, tzinfo=UTC))  # 02:30 of summer in Berlin
    for _ in range(2):
        _talk(house, Person(house, "anna"), queue)
        house.clock.advance(hours=1)
    sue = Person(house, "sue")
    asked = "first=2027-10-31&last=2027-10-31&zone=Europe/Berlin&interval=hour"
    answer = sue._client.get(f"/api/v1/reports/export?{asked}", base_url=ORIGIN)
    _head, *rows = csv.reader(io.StringIO(answer.data.decode()))
    assert [row[0] for row in rows] == ["2027-10-31 02:00 +02:00", "2027-10-31 02:00 +01:00"]


def test_a_report_over_too_long_is_refused_in_words(floor):
    _house, _admin, _anna, sue, _queue, _ids = floor
    answer = sue.ask("GET", "/reports?first=2020-01-01&last=2026-11-21")
    assert answer.status_code == 422
    assert "1100 days at most" in answer.json["detail"]


@pytest.mark.parametrize(
    "asked", ["by=agent&queue=1", "by=reason&channel=chat", "by=all&agent=1", "by=queue&agent=1"]
)
def test_a_report_that_cannot_be_narrowed_so_is_refused_and_not_of_everything(floor, asked):
    _house, _admin, _anna, sue, _queue, _ids = floor
    for path in ("/reports", "/reports/export"):
        answer = sue.ask("GET", f"{path}?first=2026-11-21&last=2026-11-21&{asked}")
        assert (answer.status_code, answer.json["kind"]) == (422, "report-filter")


def test_staffing_comes_from_the_weeks_before(floor):
    house, _admin, anna, _sue, queue, _ids = floor
    _talk(house, anna, queue)
    house.clock.advance(days=1)
    plan = Person(house, "sue").get(f"/reports/staffing?queue={queue}&weeks=1")
    (hour,) = plan["items"]
    assert (hour["weekday"], hour["hour"], hour["contacts"], hour["agents"]) == (5, 9, 1, 1)
    assert (plan["aht"], hour["at_once"]) == (120, 4)  # a chat weighs a quarter of an agent


def test_who_would_get_this_says_why_and_why_not(floor):
    _house, admin, _anna, sue, queue, ids = floor
    answer = admin.do("POST", "/routing/try?lang=en", {"queue": queue})
    first, *others = answer["items"]
    assert (first["name"], first["place"], first["why"]) == ("Anna", 1, "Nobody else is suitable.")
    (other,) = [one for one in others if one["agent"] == ids["sue"]]
    assert (other["place"], other["why"]) == (None, "Is not in this queue.")
    assert sue.ask("POST", "/routing/try", {"queue": queue}).status_code == 403


def _talk(house: House, agent: Person, queue: int) -> None:
    """A visitor waits ten seconds, and is spoken with for two minutes."""
    visitor = Visitor(house, queue)
    house.clock.advance(seconds=10)
    agent.do("POST", f"/desk/conversations/{visitor.id}/accept")
    house.clock.advance(seconds=120)
    agent.do("POST", f"/desk/conversations/{visitor.id}/end")
    agent.do("POST", f"/desk/conversations/{visitor.id}/close")
