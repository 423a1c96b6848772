from __future__ import annotations

import json
import signal

import pytest

from tests.unit.packaging.ground import Companion, Sink, from_source, until

WITH_EXTENSION = "010-6552 9988 转 8001"


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def companion(tmp_path, sink):
    """Start a version from its sources; all on one data folder, as after an update."""
    started = []

    def start(version, *, wait=True, **environment):
        command = from_source(version, tmp_path / version)
        made = Companion(command, tmp_path / "data", sink.dsn)
        made.environment |= environment
        started.append(made)
        made.start()
        if wait:
            until(made.is_up)
        return made

    yield start
    for made in started:
        made.end()


def test_it_dials_what_was_copied_and_keeps_the_list_over_a_restart(companion):
    first = companion("1.0.0")
    assert first.dial("电话：(010) 6552-9988") == (202, '{"id": 1, "state": "dialling"}')
    first.dial("hello")
    until(lambda: all(call["state"] != "dialling" for call in first.calls()))
    first.process.send_signal(signal.SIGTERM)
    assert first.wait()[0] == 0
    failed, dialled = companion("1.0.0").calls()
    assert (dialled["state"], dialled["number"]) == ("dialled", "+861065529988")
    assert (failed["state"], failed["text"]) == ("failed", "hello")


def test_an_extension_crashes_1_0_0_once_and_the_report_explains_it(companion, sink):
    first = companion("1.0.0")
    assert first.dial(WITH_EXTENSION)[0] == 202
    status, told = first.wait()
    assert status == 1
    assert "ValueError" in told
    (event,) = sink.events
    assert event["release"] == "companion@1.0.0"
    assert event["server_name"] == "seat-7"
    second = companion("1.0.0")  # it comes up: no crash loop
    (call,) = second.calls()
    assert (call["state"], call["reason"]) == ("failed", "interrupted")


def test_1_0_1_dials_the_extension(companion, sink):
    fixed = companion("1.0.1")
    health = json.loads(fixed.get("/healthz")[1])
    assert (health["status"], health["version"]) == ("ok", "1.0.1")
    fixed.dial(WITH_EXTENSION)
    until(lambda: fixed.calls()[0]["state"] == "dialled")
    (call,) = fixed.calls()
    assert (call["number"], call["extension"]) == ("+861065529988", "8001")
    assert sink.events == []


def test_1_0_2_cannot_start_nor_report(companion, sink):
    status, told = companion("1.0.2", wait=False).wait()
    assert status == 1
    assert "No module named 'pynput'" in told
    assert sink.events == []


@pytest.mark.parametrize(
    ("accepted", "query", "title"),
    [
        ("zh-CN,zh;q=0.9", "", "本坐席的通话"),
        ("de", "", "Calls of this seat"),
        ("zh-CN", "?lang=en", "Calls of this seat"),
        ("en", "?lang=../../x", "Calls of this seat"),
    ],
)
def test_the_page_speaks_the_readers_language(companion, accepted, query, title):
    made = companion("1.0.0")
    status, text = made.get(f"/{query}", **{"Accept-Language": accepted})
    assert status == 200
    assert f"<h1>{title}</h1>" in text


def test_a_copied_text_cannot_become_part_of_the_page(companion):
    made = companion("1.0.0")
    made.dial("<script>alert(1)</script>")
    text = made.get("/")[1]
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_foreign_web_page_cannot_dial_nor_read(companion):
    made = companion("1.0.0")
    assert made.dial("110", **{"Content-Type": "text/plain"})[0] == 415
    assert made.dial("110", Host="evil.example")[0] == 403
    assert made.get("/calls", Host="evil.example")[0] == 403
    assert made.calls() == []


def test_a_request_that_is_not_understood_is_refused(companion):
    made = companion("1.0.0")
    assert made.get("/nothing")[0] == 404
    assert made.dial("9" * 5000)[0] == 400
    assert made.dial(None)[0] == 400
    assert made.calls() == []


def test_a_port_in_use_is_told_in_a_sentence(companion, tmp_path):
    first = companion("1.0.0")
    second = Companion(first.command, tmp_path / "other", "http://key@127.0.0.1:9/3")
    second.environment["CALLSTEAD_PROGRAM_PORT"] = str(first.port)
    second.start()
    status, told = second.wait()
    assert status == 2
    assert told.startswith("The companion cannot listen on 127.0.0.1:")


UPDATER = {"Authorization": "Bearer the token"}


def test_a_drained_seat_begins_no_call_until_the_drain_is_called_off(companion):
    seat = companion("1.0.1")
    assert json.loads(seat.get("/may-restart")[1]) == {"may_restart": True, "reason": ""}
    assert seat.post("/drain", {"drain": True, "seconds": 60})[0] == 403
    assert seat.dial("110")[0] == 202
    assert seat.post("/drain", {"drain": True, "seconds": 60}, **UPDATER)[0] == 200
    assert seat.dial("110")[0] == 503
    assert seat.get("/", Accept="text/html")[0] == 200
    assert seat.post("/drain", {"drain": False}, **UPDATER)[0] == 200
    assert seat.dial("110")[0] == 202
    assert seat.post("/drain", {"drain": "yes"}, **UPDATER)[0] == 400


def test_behind_closed_doors_it_is_well_and_takes_nothing_until_the_commit(companion, tmp_path):
    pointer = tmp_path / "current.json"
    pointer.write_text('{"generation": 3, "trial": true}')
    seat = companion("1.0.1", wait=False, CALLSTEAD_CLOSED_DOORS=f"3:{pointer}")
    until(seat.is_up)
    assert seat.get("/healthz")[0] == 200
    assert seat.dial("110")[0] == 503
    status, page = seat.get("/", Accept="text/html")
    assert status == 503
    assert "One moment" in page
    assert "请稍候" in page
    assert seat.get("/calls")[0] == 503
    pointer.write_text('{"generation": 3, "trial": false}')
    assert seat.calls() == []
    assert seat.dial("110")[0] == 202
