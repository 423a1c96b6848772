from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from appliance.cli import group
from appliance.doctor import checks
from appliance.settings import load_settings
from appliance.store.database import Database, database_url
from appliance.store.migrate import migrate
from common.cli import main
from common.errors import OperatorError
from common.serving.certificates import ensure_self_signed
from tests.support.clock import FakeClock


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    monkeypatch.setenv("CALLSTEAD_APPLIANCE_PORT", "1")  # nothing listens there
    return tmp_path


def run(*words: str):
    return CliRunner().invoke(main, ["appliance", *words])


def test_a_user_is_added_with_a_one_time_password_and_listed():
    added = run("user", "add", "Li.Lei", "--role", "agent", "--display-name", "李雷")
    assert re.search(r"One-time password of Li\.Lei: (\w{4}-){3}\w{4}", added.output)
    (person,) = json.loads(run("user", "list", "--json").output)
    assert (person["name"], person["display_name"], person["role"]) == ("li.lei", "李雷", "agent")
    assert person["must_change_password"]
    assert "password_hash" not in person
    assert "li.lei" in run("user", "list").output


def test_a_reset_prints_another_password():
    first = run("user", "add", "boss", "--role", "supervisor").output.split(": ")[1]
    second = run("user", "reset-password", "boss").output.split(": ")[1]
    assert first != second


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "reset-password", "nobody"), "There is no user 'nobody'"),
        (("user", "add", "a b", "--role", "agent"), "cannot be a sign-in name"),
    ],
)
def test_what_cannot_be_done_gives_one_sentence_and_exit_2(words, sentence):
    result = run(*words)
    assert (result.exit_code, sentence in result.output) == (2, True)


def test_status_of_an_appliance_that_does_not_run_says_how_to_start_it():
    result = run("status", "--json")
    assert result.exit_code == 3
    assert "callstead appliance run" in result.output


def test_a_folder_that_cannot_be_made_gives_one_sentence_and_exit_2(home):
    (home / "appliance").write_text("a file where the folder should be")
    result = run("user", "list")
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "appliance.data_dir" in result.output


def test_every_command_has_help_with_its_exit_statuses():
    for words in (["run"], ["status"], ["user", "list"], ["user", "add"]):
        help_text = CliRunner().invoke(group, [*words, "--help"]).output
        assert "Exit statuses" in help_text


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("CALLSTEAD_APPLIANCE_DSN", "comm.site/1", "appliance.dsn"),
        ("CALLSTEAD_APPLIANCE_CA_FILE", "/nowhere/ca.pem", "appliance.ca_file"),
        ("CALLSTEAD_APPLIANCE_METRICS_NETWORKS", "all", "appliance.metrics.networks"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_key(monkeypatch, variable, value, key):
    monkeypatch.setenv(variable, value)
    with pytest.raises(OperatorError, match=re.escape(key)):
        load_settings()


@pytest.mark.parametrize(
    ("dsn", "url", "address"),
    [
        ("https://key@comm.site:8090/1", "", "https://comm.site:8090"),
        ("http://key@[::1]:8090/1", "", "http://[::1]:8090"),
        ("https://key@comm.site:8090/1", "https://10.0.0.2:8090/", "https://10.0.0.2:8090"),
        ("", "", ""),
    ],
)
def test_the_communications_servers_address_comes_from_the_dsn(monkeypatch, dsn, url, address):
    monkeypatch.setenv("CALLSTEAD_APPLIANCE_DSN", dsn)
    monkeypatch.setenv("CALLSTEAD_APPLIANCE_COMM_URL", url)
    assert load_settings().communications == address


def examined() -> dict[str, tuple[bool, str]]:
    results = (check.run() for check in checks())
    return {result.name: (result.ok, result.found + result.advice) for result in results}


def test_the_doctor_finds_a_fresh_machine_sound_but_for_the_program_that_does_not_run():
    found = examined()
    assert [name for name, (ok, _) in found.items() if not ok] == ["appliance: port 1"]
    assert "first start" in found["appliance: database"][1]


def test_the_doctor_makes_no_database(home):
    examined()
    assert not (home / "appliance").exists()


def test_the_doctor_tells_a_current_an_old_and_a_future_database(home):
    from sqlalchemy import text

    folder = home / "appliance"
    folder.mkdir()
    database = Database(database_url("", folder))
    assert "at the next start" in examined()["appliance: database"][1]
    migrate(database, folder)
    assert "is current" in examined()["appliance: database"][1]
    with database.write() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    database.close()
    ok, words = examined()["appliance: database"]
    assert (ok, "newer version" in words) == (False, True)


def test_the_doctor_tells_which_processes_are_there_and_what_nobody_carries(home, monkeypatch):
    from dataclasses import replace

    from appliance.domain.nodes import Node
    from appliance.store.nodes import SqlNodes
    from common.clock import SystemClock

    monkeypatch.setenv("CALLSTEAD_APPLIANCE_NODES_NAME", "north")
    folder = home / "appliance"
    folder.mkdir()
    database = Database(database_url("", folder))
    migrate(database, folder)
    now = SystemClock().now()
    public = Node("1", "north", 2, "visitor", "1.0", "k", now, now)
    SqlNodes(database).say(public)
    found = examined()
    assert "appliance: port 2" in found
    assert "appliance: port 1" not in found
    ok, words = found["appliance: processes"]
    assert (ok, "north, port 2: visitor; nobody carries desk, worker" in words) == (False, True)
    SqlNodes(database).say(replace(public, id="2", machine="south", roles="desk, worker"))
    assert examined()["appliance: processes"][0]
    SqlNodes(database).say(replace(public, id="3", version="1.1"))
    assert "several versions" in examined()["appliance: processes"][1]
    database.close()


@pytest.mark.parametrize(("days", "ok"), [(-900, False), (-820, False), (-500, True)])
def test_the_doctor_says_when_the_certificate_ends(home, days, ok):
    clock = FakeClock(datetime.now(UTC) + timedelta(days=days))
    ensure_self_signed(home / "appliance" / "tls", clock=clock)
    found, words = examined()["appliance: certificate"]
    assert (found, "no phone in one" in words) == (ok, not ok)


def test_the_doctor_says_when_redis_is_away(monkeypatch):
    monkeypatch.setenv("CALLSTEAD_APPLIANCE_NODES_REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    ok, words = examined()["appliance: Redis"]
    assert not ok
    assert "appliance.nodes.redis_url" in words
    assert "secret" not in words


def test_the_doctor_says_when_the_communications_server_is_away(monkeypatch):
    monkeypatch.setenv("CALLSTEAD_APPLIANCE_DSN", "http://key@127.0.0.1:1/1")
    ok, words = examined()["appliance: communications server"]
    assert not ok
    assert "refuses the connection" in words


def test_the_doctor_reports_broken_settings_instead_of_failing(monkeypatch):
    monkeypatch.setenv("CALLSTEAD_APPLIANCE_PORT", "eighty")
    ((ok, words),) = examined().values()
    assert not ok
    assert "CALLSTEAD_APPLIANCE_PORT" in words


def test_the_record_is_listed_verified_and_compared_with_a_hash_kept_elsewhere():
    for name in ("anna", "bo"):
        run("user", "add", name, "--role", "agent")
    listed = json.loads(run("audit", "list", "--json").output)
    assert [(line["number"], line["subject"]) for line in listed] == [(2, "bo"), (1, "anna")]
    found = json.loads(run("audit", "verify", "--json").output)
    assert found == {"lines": 2, "hash": listed[0]["hash"]}
    kept = ("--number", "1", "--hash", listed[1]["hash"])
    assert run("audit", "verify", *kept).exit_code == 0
    cut = run("audit", "verify", "--number", "3", "--hash", "0" * 64)
    assert (cut.exit_code, "cut off or replaced" in cut.output) == (5, True)


def test_a_record_that_was_changed_in_the_file_is_found(home):
    run("user", "add", "anna", "--role", "agent")
    with contextlib.closing(sqlite3.connect(home / "appliance" / "appliance.db")) as file, file:
        file.execute("drop trigger audit_no_update")
        file.execute("update audit set who = 'nobody'")
    found = run("audit", "verify")
    assert (found.exit_code, "does not hold from line 1" in found.output) == (5, True)
