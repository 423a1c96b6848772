from __future__ import annotations

import pytest

from appliance.domain.roles import Role
from appliance.domain.running import (
    Reporting,
    Switch,
    SwitchState,
    Trouble,
    telephony_part,
    trunks_part,
)  # fmt: skip
from appliance.domain.telephony.trunks import Registration
from common.clock import stamp
from common.web.texts import Texts, missing_keys
from tests.support.clock import START
from tests.web.appliance.conftest import GOOD, TOKEN


def as_person(house, name: str, role: Role, display_name: str = ""):
    house.add(name, role, display_name)
    browser = house.browser()
    assert browser.sign_in(name, GOOD).status_code == 303
    return browser


def parts_of(browser, language: str = "en"):
    answer = browser.get(f"/api/v1/status?lang={language}")
    assert answer.status_code == 200
    return {part["part"]: part for part in answer.json["parts"]}


def test_it_is_told_in_english_and_chinese(house):
    browser = house.signed_in()
    english, chinese = parts_of(browser), parts_of(browser, "zh-CN")
    assert english["telephony"]["advice"].startswith("For calls run")
    assert chinese["telephony"]["name"] == "电话"


def test_no_text_is_missing_in_either_language():
    assert missing_keys("appliance") == []


def test_every_text_that_the_parts_name_exists(house):
    house.reporting = Reporting(on=True, waiting=7)
    for part in parts_of(house.signed_in()).values():
        said = f"{part['name']} {part['found']} {part['advice']}"
        assert "running." not in said
        assert "{" not in said


def test_every_way_in_which_a_switch_and_its_trunks_are_found_has_words():
    parts = [telephony_part(Switch("22", state)) for state in SwitchState]
    parts += [part for state in Registration for part in trunks_part({"city": state})]
    texts = Texts("appliance")
    for part in parts:
        for name in filter(None, (part.finding, part.advice)):
            assert texts.knows(f"running.{part.key}.{name}")
    assert {part.status for part in parts} == {"works", "attention", "failed"}


def test_each_part_is_there_with_a_status(house):
    found = {name: part["status"] for name, part in parts_of(house.signed_in()).items()}
    expected = {
        "appliance": "works", "database": "works", "communications": "off",
        "backup": "attention", "telephony": "off",
    }  # fmt: skip
    assert found.items() >= expected.items()


def test_a_communications_server_that_is_away_is_said_with_its_reason_and_since_when(build):
    house = build(dsn="https://key@comm.site:8090/1")
    house.reporting = Reporting(on=True, waiting=3)

    house.appliance.watch._look = lambda: Trouble.REFUSED
    house.appliance.watch.look()
    parts = parts_of(house.signed_in())
    assert parts["communications"]["status"] == "failed"
    assert "https://comm.site:8090 refuses the connection" in parts["communications"]["found"]
    assert stamp(START) in parts["communications"]["found"]  # the browser knows its own time
    assert parts["reporting"]["status"] == "attention"


def test_a_name_is_text_on_the_desks_page_and_never_markup(house):
    evil = "\"'><img src=x onerror=alert(1)></div><script>alert(1)</script>"
    page = as_person(house, "eve", Role.SUPERVISOR, evil).get("/").text
    assert "<img src=x" not in page
    assert "<script>alert" not in page


def test_a_name_typed_at_the_door_comes_back_as_text(house):
    page = house.browser().sign_in('"><script>alert(1)</script>', "x").text
    assert "<script>alert" not in page


def test_the_key_of_the_dsn_is_nowhere_on_the_page(build):
    house = build(dsn="https://secretkey@comm.site:8090/1")
    browser = house.signed_in()
    assert "secretkey" not in browser.get("/").text
    assert "secretkey" not in browser.get("/api/v1/status").text


def test_an_agent_sees_that_phones_are_off_but_no_folder_or_version(house):
    browser = as_person(house, "li", Role.AGENT)
    assert parts_of(browser)["telephony"]["status"] == "off"
    text = browser.get("/api/v1/status").text
    assert house.settings.data_dir not in text
    assert "threads" not in text


def test_a_supervisor_sees_the_particulars(house):
    parts = parts_of(as_person(house, "boss", Role.SUPERVISOR))
    assert house.settings.data_dir in parts["disk"]["found"]


def test_the_json_says_the_same_to_a_signed_in_session(house):
    answer = house.signed_in().get("/api/v1/status")
    parts = {part["part"]: part for part in answer.json["parts"]}
    assert parts["database"]["status"] == "works"
    assert parts["database"]["facts"]["kind"] == "sqlite"
    assert parts["disk"]["facts"]["total_bytes"] > 0
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_agents_json_has_no_particulars(house):
    answer = as_person(house, "li", Role.AGENT).get("/api/v1/status")
    assert all(part["facts"] == {} and part["found"] == "" for part in answer.json["parts"])


@pytest.mark.parametrize(
    ("header", "status"),
    [(f"Bearer {TOKEN}", 200), ("Bearer wrong", 401), ("Bearer ", 401), (f"Basic {TOKEN}", 401)],
)
def test_the_local_token_lets_the_command_line_in_and_nothing_else_does(house, header, status):
    answer = house.browser().get("/api/v1/status", headers={"Authorization": header})
    assert answer.status_code == status


def test_low_disk_asks_for_attention(house):
    house.change_settings(least_disk_mib=10**9)
    assert parts_of(house.signed_in())["disk"]["status"] == "attention"


def test_healthz_needs_no_sign_in_and_says_when_the_database_is_gone(house, tmp_path):
    answer = house.browser().get("/healthz")
    assert (answer.status_code, answer.json["checks"]) == (200, {"database": "ok"})
    house.appliance.office.database.close()
    for file in tmp_path.glob("appliance.db*"):
        file.unlink()
    (tmp_path / "appliance.db").write_bytes(b"x" * 4096)
    answer = house.browser().get("/healthz")
    assert (answer.status_code, answer.json["status"]) == (503, "failing")
