from __future__ import annotations

import gzip
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sentry_sdk

from appliance.ops.reporting import reporting_facts, start_reporting
from common import __version__
from tests.web.appliance.conftest import GOOD


class Sink:
    """A communications server that only takes envelopes."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.raw = b""
        self.arrived = threading.Event()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                sink.raw += body
                for line in body.splitlines():
                    item = json.loads(line)
                    if "exception" in item:
                        sink.events.append(item)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                sink.arrived.set()

            def log_message(self, *_arguments) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.dsn = f"http://key@127.0.0.1:{self._server.server_port}/1"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def sink():
    made = Sink()
    yield made
    made.close()


@pytest.fixture
def reported(build, sink):
    """An appliance that reports to the sink and has a page that breaks."""
    house = build(dsn=sink.dsn)

    @house.appliance.flask.get("/break")
    def break_it():
        old = new = GOOD  # as the view that changes a password holds them
        raise RuntimeError(f"broken on purpose {len(old + new)}")

    @house.appliance.flask.get("/api/v1/break")
    def break_api():
        raise RuntimeError("broken on purpose")

    transport = start_reporting(house.settings)
    house.transport = transport
    yield house
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)


def wait_for(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_fault_is_reported_and_shown_calmly_with_the_reports_number(reported, sink):
    answer = reported.browser().get("/break?token=querysecret")
    assert answer.status_code == 500
    wait_for(lambda: sink.events)
    (event,) = sink.events
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["release"] == f"appliance@{__version__}"
    assert event["event_id"] in answer.text
    assert "Something is broken on our side" in answer.text
    assert "RuntimeError" not in answer.text
    assert "on purpose" not in answer.text
    wait_for(lambda: not reported.transport.reports.waiting())
    assert len(sink.events) == 1


def test_no_password_stands_in_a_report(reported, sink):
    reported.browser().get("/break")
    wait_for(lambda: sink.events)
    frame = sink.events[0]["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["vars"] == {"old": "[Filtered]", "new": "[Filtered]"}
    assert GOOD.encode() not in sink.raw


def test_a_form_that_fails_is_not_in_the_report(reported, sink, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("the disk is on fire")

    browser = reported.browser()
    monkeypatch.setattr(reported.appliance.office.users, "by_name", broken)
    answer = browser.sign_in("admin", GOOD)
    assert answer.status_code == 500
    wait_for(lambda: sink.events)
    assert GOOD.encode() not in sink.raw


def test_the_page_of_a_fault_speaks_chinese_too(reported):
    assert "我们这边出了故障" in reported.browser("zh-CN").get("/break").text


def test_a_program_gets_the_number_as_json(reported):
    answer = reported.browser().get("/api/v1/break")
    assert (answer.status_code, answer.json["type"]) == (500, "fault")
    assert len(answer.json["number"]) == 32


def test_without_a_communications_server_reports_wait_and_are_counted(build):
    house = build()
    transport = start_reporting(house.settings)
    try:
        ask = reporting_facts(transport)
        assert (ask().on, ask().waiting) == (False, 0)
        sentry_sdk.capture_exception(RuntimeError("x"))
        assert (ask().on, ask().waiting) == (False, 1)
    finally:
        sentry_sdk.get_client().close(timeout=0)
        sentry_sdk.get_global_scope().set_client(None)


def test_without_reporting_a_fault_still_has_a_number(house):
    @house.appliance.flask.get("/break")
    def break_it():
        raise RuntimeError("broken on purpose")

    answer = house.browser().get("/break")
    assert answer.status_code == 500
    assert "name this number" in answer.text
