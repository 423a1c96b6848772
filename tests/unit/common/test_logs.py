from __future__ import annotations

import json
import logging

import pytest

from common import logs


@pytest.fixture(autouse=True)
def _restore():
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before[0], before[1]


def test_a_line_is_json_with_program_event_and_facts(capsys):
    logs.set_up("comm")
    logs.get_logger("x").info("bundle.sent", sequence=4, site="电话")
    line = json.loads(capsys.readouterr().err)
    assert (line["program"], line["event"], line["sequence"]) == ("comm", "bundle.sent", 4)
    assert line["site"] == "电话"


def test_secrets_never_reach_a_line(capsys):
    logs.set_up("comm")
    logs.get_logger("y").info("x", password="hunter2", api_token="t0k", dsn="https://k@h/1")
    err = capsys.readouterr().err
    for secret in ("hunter2", "t0k", "k@h"):
        assert secret not in err


def test_the_standard_librarys_logging_takes_the_same_way(capsys):
    logs.set_up("comm")
    logging.getLogger("lib").warning("odd %s", "thing")
    assert json.loads(capsys.readouterr().err)["event"] == "odd thing"
