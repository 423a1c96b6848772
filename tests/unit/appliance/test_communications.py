from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from appliance.domain.running import Trouble
from appliance.ops.communications import health_look
from common.serving.certificates import ensure_self_signed
from common.serving.tls import server_context


def server(status: int, tls_folder=None):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    if tls_folder:
        context = server_context(ensure_self_signed(tls_folder))
        made.socket = context.wrap_socket(made.socket, server_side=True)
    return made


@pytest.fixture
def serving():
    started = []

    def start(made):
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        started.append((made, thread))
        return made.server_port

    yield start
    for made, thread in started:
        made.shutdown()
        thread.join()
        made.server_close()


def look(address: str, ca_file: str = "", timeout: float = 5) -> Trouble | None:
    return health_look(address, ca_file, timeout)()


@pytest.mark.parametrize(
    ("status", "found"), [(200, None), (503, Trouble.UNWELL), (308, Trouble.UNWELL)]
)
def test_what_it_answers_tells_whether_it_is_well(serving, status, found):
    port = serving(server(status))
    assert look(f"http://127.0.0.1:{port}") is found


def test_the_sites_own_certificate_is_believed_and_no_other(serving, tmp_path):
    port = serving(server(200, tmp_path / "site"))
    ensure_self_signed(tmp_path / "other")
    address = f"https://127.0.0.1:{port}"
    assert look(address, str(tmp_path / "site" / "server.pem")) is None
    assert look(address, str(tmp_path / "other" / "server.pem")) is Trouble.STRANGER
    assert look(address) is Trouble.STRANGER


def test_nobody_there_silence_and_a_name_without_address_are_told_apart(monkeypatch):
    def no_address(*_arguments):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert look(f"http://127.0.0.1:{port}", timeout=0.2) is Trouble.SILENT
    assert look(f"http://127.0.0.1:{port}") is Trouble.REFUSED
    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    assert look("http://comm.site:8090") is Trouble.UNKNOWN


def test_a_ca_file_that_went_away_is_trouble_and_no_crash(tmp_path):
    assert look("https://127.0.0.1:1", str(tmp_path / "gone.pem")) is Trouble.AWAY
