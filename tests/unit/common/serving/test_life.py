"""Start, reload and stop of a served program."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from flask import Flask, Response, request, send_file
from sqlite_utils import Migrations

from common.errors import OperatorError
from common.feed import FeedApp, FeedReader
from common.feed.schema import add_to
from common.serving import TlsIdentity
from common.serving.certificates import SiteAuthority
from common.serving.headers import secure_headers
from common.serving.health import health_blueprint
from common.spool import Store
from tests.support.clock import FakeClock
from tests.support.serving import served

PROGRAM = """
import sys
from pathlib import Path
from flask import Flask
from common.serving import serve
folder = Path(sys.argv[1])
def note(word):
    with (folder / "notes").open("a") as file: file.write(word + "\\n")
def reload():
    note("reload")
    if (folder / "broken").exists(): raise ValueError("broken")
app = Flask("x")
@app.get("/healthz")
def healthz(): return "well"
serve(name="x", host="127.0.0.1", port=int(sys.argv[2]), port_setting="x.port", flask=app,
      on_start=lambda: note("start"), on_stop=lambda: note("stop"), on_reload=reload)
note("end")
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def until(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.02)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_signals_reload_and_stop_a_program_in_order(tmp_path: Path, end: signal.Signals) -> None:
    port = free_port()
    arguments = [sys.executable, "-c", PROGRAM, str(tmp_path), str(port)]
    notify = tmp_path / "notify"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
        requests.Session() as session,
    ):
        session.trust_env = False
        systemd.bind(str(notify))
        systemd.settimeout(20)
        environment = {**os.environ, "NOTIFY_SOCKET": str(notify), "WATCHDOG_USEC": "3000000"}
        with subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL) as program:
            try:
                assert systemd.recv(100) == b"READY=1"
                assert session.get(f"http://127.0.0.1:{port}/healthz", timeout=10).ok
                assert systemd.recv(100) == b"WATCHDOG=1"
                (tmp_path / "broken").touch()
                program.send_signal(signal.SIGHUP)
                notes = tmp_path / "notes"
                until(lambda: notes.read_text().split() == ["start", "reload"])
                assert session.get(f"http://127.0.0.1:{port}/healthz", timeout=10).ok
                program.send_signal(end)
                assert program.wait(20) == 0
            finally:
                program.kill()
        assert notes.read_text().split() == ["start", "reload", "stop", "end"]
        said = [systemd.recv(100)]
        while b"STOPPING=1" not in said:
            said.append(systemd.recv(100))


def test_an_open_long_poll_ends_at_once_when_the_program_stops(tmp_path: Path) -> None:
    steps = Migrations("test")
    add_to(steps)
    store = Store(tmp_path / "t.db", steps)
    asked = threading.Event()
    answers: list[requests.Response] = []

    def may_read(*_: object) -> bool:
        asked.set()
        return True

    def ask(address: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            answers.append(session.get(address, timeout=60))

    with served(feed=FeedApp("/feed", FeedReader(store), may_read)) as server:
        address = f"http://127.0.0.1:{server.port}/feed?topic=t&after=0&wait=60"
        reader = threading.Thread(target=ask, args=[address])
        reader.start()
        assert asked.wait(10)
        began = time.monotonic()
    took = time.monotonic() - began
    reader.join(10)
    store.close()
    assert took < 5
    assert answers[0].json() == {"topic": "t", "events": [], "cursor": 0}


def test_a_running_request_finishes_while_the_program_stops() -> None:
    flask, entered, go_on = Flask("test"), threading.Event(), threading.Event()
    answers: list[str] = []

    @flask.get("/slow")
    def slow() -> str:
        entered.set()
        assert go_on.wait(20)
        return "finished"

    def ask(address: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            answers.append(session.get(address, timeout=60).text)

    with served(flask) as server:
        address = f"http://127.0.0.1:{server.port}"
        client = threading.Thread(target=ask, args=[f"{address}/slow"])
        client.start()
        assert entered.wait(10)
        server.stop()

        def refused() -> bool:
            try:
                socket.create_connection(("127.0.0.1", server.port), 5).close()
            except ConnectionRefusedError:
                return True
            return False

        until(refused)
        go_on.set()
    client.join(10)
    assert answers == ["finished"]


def test_a_start_that_fails_gives_the_port_back_and_is_stopped() -> None:
    from common.serving import make_server

    order: list[str] = []

    def fail() -> None:
        order.append("start")
        raise OperatorError("The folder is not writable.")

    server = make_server(
        name="t",
        host="127.0.0.1",
        port=0,
        port_setting="t.port",
        flask=Flask("t"),
        on_start=fail,
        on_stop=lambda: order.append("stop"),
    )
    with pytest.raises(OperatorError):
        server.run()
    assert order == ["start", "stop"]
    socket.create_server(("127.0.0.1", server.port)).close()


def test_a_body_cut_off_half_way_is_not_taken_for_whole(
    flask: Flask,
) -> None:
    bodies: list[bytes] = []

    @flask.post("/keep")
    def keep() -> str:
        bodies.append(request.get_data())
        return "kept"

    heads = (b"Content-Length: 100\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
    with served(flask) as server:
        for head in heads:
            with socket.create_connection(("127.0.0.1", server.port), 10) as cut:
                cut.sendall(b"POST /keep HTTP/1.1\r\nHost: x\r\n" + head)
    assert bodies == []


def test_a_chunked_body_arrives(flask: Flask) -> None:
    with served(flask) as server, requests.Session() as session:
        session.trust_env = False
        parts = iter([b"one ", b"two"])
        answer = session.post(f"http://127.0.0.1:{server.port}/echo", data=parts, timeout=10)
        assert answer.content == b"one two"


def test_a_file_is_sent_whole_and_in_ranges(flask: Flask, tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    (tmp_path / "pack").write_bytes(content)

    @flask.get("/pack")
    def pack() -> Response:
        return send_file(tmp_path / "pack", conditional=True)

    with served(flask) as server, requests.Session() as session:
        session.trust_env = False
        address = f"http://127.0.0.1:{server.port}/pack"
        assert session.get(address, timeout=10).content == content
        part = session.get(address, headers={"Range": "bytes=999000-"}, timeout=10)
        assert part.status_code == 206
        assert part.content == content[999_000:]


def test_a_reload_takes_a_renewed_certificate_and_keeps_the_old_if_it_is_broken(
    flask: Flask, tls: TlsIdentity, session: requests.Session, authority: SiteAuthority
) -> None:
    import asyncio

    with served(flask, tls=tls) as server:
        address = f"https://127.0.0.1:{server.port}/who"
        assert session.get(address, timeout=10).ok
        good = tls.certificate.read_bytes()
        tls.certificate.write_bytes(b"broken")
        assert asyncio.run(server.reload()) is False
        session.close()
        assert session.get(address, timeout=10).ok
        tls.certificate.write_bytes(good)
        assert asyncio.run(server.reload()) is True
        session.close()
        assert session.get(address, timeout=10).ok


def test_the_health_page_says_how_the_program_is() -> None:
    clock = FakeClock()
    state: dict[str, bool | str] = {"database": True, "mail": "The relay was not reached."}
    flask = Flask("test")
    flask.register_blueprint(health_blueprint("comm", lambda: state, clock=clock))
    clock.advance(5)
    answer = flask.test_client().get("/healthz")
    assert answer.status_code == 503
    found = answer.get_json()
    assert (found["status"], found["program"], found["uptime_s"]) == ("failing", "comm", 5.0)
    assert found["checks"] == {"database": "ok", "mail": "The relay was not reached."}
    state["mail"] = True
    assert flask.test_client().get("/healthz").status_code == 200


def test_the_health_page_answers_even_if_a_check_raises() -> None:
    flask = Flask("test")
    flask.register_blueprint(health_blueprint("comm", lambda: {"x": bool(1 / 0)}))
    assert flask.test_client().get("/healthz").status_code == 503


def test_every_answer_carries_the_security_headers(flask: Flask) -> None:
    secure_headers(flask)
    headers = flask.test_client().get("/healthz").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
