"""What the updater asks of a program on this computer, and what it makes of the answers."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from common.wire.release import Data, Health
from tests.support.repository_simulator import manifest_of
from updater import gate
from updater.health import CommandHealth, DatabaseHealth, HttpHealth, ProcessHealth, checks_of
from updater.running import Running


class Program:
    """A program on a free port; `answers` says what each path gives."""

    def __init__(self):
        self.answers = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = outer.answers.get(self.path, (404, b""))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/healthz")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def program():
    made = Program()
    yield made
    made.close()


def me(pid=None):
    return Running(pid or os.getpid(), 1, "slot", "2026-11-21T09:00:00.000Z")


def test_two_hundred_from_the_right_process_is_healthy(program):
    program.answers["/healthz"] = (200, b"ok")
    assert HttpHealth(program.port, "/healthz", 2).problem(me()) == ""


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_any_other_status_is_a_problem(program, status):
    program.answers["/healthz"] = (status, b"")
    problem = HttpHealth(program.port, "/healthz", 2).problem(me())
    assert problem.endswith(f"answered with the status {status} instead of 200.")


def test_an_answer_from_another_process_does_not_count(program):
    program.answers["/healthz"] = (200, b"ok")
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        problem = HttpHealth(program.port, "/healthz", 2).problem(me(other.pid))
        assert "answered by another process" in problem
    finally:
        other.communicate(b"\n")


def test_nobody_and_a_mute_one_are_problems():
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        port = mute.getsockname()[1]
        assert "did not answer (ReadTimeout)" in HttpHealth(port, "/", 0.2).problem(me())
    assert "did not answer (ConnectionError)" in HttpHealth(port, "/", 0.2).problem(me())


def asked_of(health, **rules):
    manifest = dataclasses.replace(
        manifest_of("companion", "1.0.0", {"run": b""}), health=health, **rules
    )
    return checks_of(manifest, Path("folder"), 1, timeout=1, check_seconds=1)


def test_a_release_names_its_databases_and_its_own_check():
    checks = asked_of(Health("", check=("run",)), data=Data(databases=("calls.db",)))
    assert [type(c) for c in checks] == [ProcessHealth, DatabaseHealth, CommandHealth]


def test_without_a_health_address_the_living_process_is_all():
    assert [type(c) for c in asked_of(Health(""))] == [ProcessHealth]
    assert [type(c) for c in asked_of(Health("/h"))] == [ProcessHealth, HttpHealth]
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert ProcessHealth().problem(me()) == ""
    assert ProcessHealth().problem(me(ended.pid)) == "The program ended."


@pytest.mark.parametrize(
    ("answer", "free"),
    [
        ((200, b'{"may_restart": false}'), False),
        ((200, b'{"may_restart": true}'), True),
        ((404, b""), True),
        ((404, b'{"may_restart": false}'), True),
        ((500, b'{"may_restart": false}'), True),
        ((200, b"not json"), True),
        ((200, b'["may_restart"]'), True),
        ((200, b'{"may_restart": "no"}'), True),
    ],
)
def test_only_a_clear_no_holds_an_update_back(program, answer, free):
    program.answers["/may-restart"] = answer
    assert gate.ask(program.port, "", 2)[0] is free


def test_the_programs_reason_is_passed_on_and_cut(program):
    program.answers["/may-restart"] = (200, b'{"may_restart": false, "reason": "a call"}')
    assert gate.ask(program.port, "", 2) == (False, "The program is in use: a call.")
    long = b'{"may_restart": false, "reason": "%s"}' % (b"x" * 5000)
    program.answers["/may-restart"] = (200, long)
    assert len(gate.ask(program.port, "", 2)[1]) < 300


def test_a_program_that_is_not_there_or_never_ends_its_answer_cannot_block_its_repair(program):
    assert gate.ask(1, "", 0.2) == (True, "")
    program.answers["/may-restart"] = (200, b" " * 1_000_000)
    assert gate.ask(program.port, "", 2) == (True, "")
