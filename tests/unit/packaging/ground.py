"""A companion as a process, built or from its sources, and a server for its reports."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[3]
BUILD = ROOT / "packaging" / "companion" / "build.py"


def build_script():
    """``build.py`` as a module."""
    spec = importlib.util.spec_from_file_location("companion_build", BUILD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sink:
    """Takes Sentry envelopes."""

    def __init__(self):
        self.events = events = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
                events.append(json.loads(body.split(b"\n")[2]))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_arguments):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://key@127.0.0.1:{self._http.server_address[1]}/3"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class Companion:
    """Starts ``command`` with a port and a data folder of its own."""

    def __init__(self, command, data, dsn):
        self.port = free_port()
        self.command = command
        self.environment = {
            **os.environ,
            "CALLSTEAD_PROGRAM_PORT": str(self.port),
            "CALLSTEAD_PROGRAM_DATA": str(data),
            "CALLSTEAD_CLIENT": "seat-7",
            "CALLSTEAD_PROGRAM_TOKEN": "the token",
            "SENTRY_DSN": dsn,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, env=self.environment, stderr=subprocess.PIPE, text=True
        )

    def wait(self):
        """Its exit status and what it said."""
        _out, told = self.process.communicate(timeout=30)
        return self.process.returncode, told

    def get(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        return self._ask(request)

    def dial(self, text, **headers):
        return self.post("/dial", {"text": text}, **headers)

    def post(self, path, what, **headers):
        headers = {"Content-Type": "application/json", **headers}
        body = json.dumps(what).encode()
        address = f"http://127.0.0.1:{self.port}{path}"
        return self._ask(urllib.request.Request(address, data=body, headers=headers))

    def is_up(self):
        assert self.process.poll() is None, self.process.communicate()[1]
        try:
            return self.get("/healthz")
        except OSError:
            return None

    def calls(self):
        return json.loads(self.get("/calls")[1])["calls"]

    def end(self):
        if self.process:
            if self.process.poll() is None:
                self.process.kill()
            self.process.communicate()

    def _ask(self, request):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


def from_source(version, folder):
    """The command that runs ``version`` from its laid out sources."""
    build_script().lay_out(version, version, folder)
    return [sys.executable, str(folder / "start.py")]
