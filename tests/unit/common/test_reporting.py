"""Reports against a scripted server, with the real sentry-sdk."""

from __future__ import annotations

import gzip
import json
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sentry_sdk

import common
from common.backoff import Backoff
from common.reporting import ReportFolder, set_up
from common.serving.certificates import SiteAuthority

ROOT = Path(common.__file__).parent.parent
QUICK = {"backoff": Backoff(first=0.02, most=0.05), "look_seconds": 0.05, "timeout": 5.0}


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return found


class Server:
    """Answers 200, or what ``script`` says: a list of answers, or a function of an envelope.

    An answer is a status, or "hang up": the envelope was taken, the answer got lost.
    """

    def __init__(self, port=0, identity=None):
        self.script = []
        self.seen = []
        self.stored = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Encoding"] == "gzip"
                lines = [json.loads(x) for x in gzip.decompress(body).split(b"\n") if x]
                server.seen.append((self.path, dict(self.headers), lines))
                status = server.answer(lines)
                if status in {200, "hang up"}:
                    server.stored.append(lines)
                if status == "hang up":
                    self.close_connection = True
                    return
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        if identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.http.handle_error = lambda *_: None  # a client that does not trust us hangs up
        self.port = self.http.server_address[1]
        self.dsn = f"http{'s' if identity else ''}://key@127.0.0.1:{self.port}/7"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def answer(self, lines):
        if callable(self.script):
            return self.script(lines)
        return self.script.pop(0) if self.script else 200

    def messages(self):
        return [lines[2].get("message") for lines in self.stored if "message" in lines[2]]

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def report(tmp_path):
    """`set_up` with quick pauses on one spool; everything is closed afterwards."""
    made = []

    def start(dsn, **more):
        sending = {**QUICK, **more.pop("sending", {})}
        options = {"auto_enabling_integrations": False, "default_integrations": False}
        transport = set_up(
            spool=tmp_path / "spool", dsn=dsn, release="p@1", sending=sending, **options, **more
        )
        made.append(transport)
        return transport

    yield start
    for transport in made:
        transport.kill()
    sentry_sdk.get_client().close(timeout=0)
    sentry_sdk.get_global_scope().set_client(None)


def waiting(tmp_path):
    return sorted((tmp_path / "spool").glob("*.gz"))


def test_a_report_arrives_with_release_key_and_stack(server, report, tmp_path):
    report(server.dsn, ca_file=tmp_path / "unused over http")
    number = 41
    try:
        number / 0
    except ZeroDivisionError:
        sentry_sdk.capture_exception()
    sentry_sdk.flush()
    assert waiting(tmp_path) == []
    path, headers, (_envelope, item, event) = server.seen[0]
    assert path == "/api/7/envelope/"
    assert "sentry_key=key" in headers["X-Sentry-Auth"]
    assert item["type"] == "event"
    assert event["release"] == "p@1"
    frame = event["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["vars"]["number"] == "41"
    assert frame["context_line"].strip() == "number / 0"


def test_a_report_is_on_disk_before_capture_returns(report, tmp_path):
    report("http://key@127.0.0.1:9/7", sending={"look_seconds": 60})
    sentry_sdk.capture_message("kept")
    (path,) = waiting(tmp_path)
    assert b'"kept"' in gzip.decompress(path.read_bytes())
    assert path.stat().st_mode & 0o077 == 0


def test_a_server_that_is_away_for_long_loses_nothing_and_keeps_the_order(report, tmp_path):
    away = Server()
    away.close()
    transport = report(away.dsn)
    for number in range(5):
        sentry_sdk.capture_message(f"m{number}")
    until(lambda: transport._sender._failures > 8)  # long: many more tries than an SDK makes
    assert len(waiting(tmp_path)) == 5
    back = Server(away.port)
    try:
        until(lambda: not waiting(tmp_path))
        assert back.messages() == ["m0", "m1", "m2", "m3", "m4"]
    finally:
        back.close()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_an_answer_that_may_change_keeps_the_report(server, report, tmp_path, status):
    server.script = [status, status]
    report(server.dsn)
    sentry_sdk.capture_message("again")
    until(lambda: not waiting(tmp_path))
    assert server.messages() == ["again"]
    assert len(server.seen) == 3


@pytest.mark.parametrize("status", [400, 413])
def test_what_will_never_be_taken_is_put_aside_and_counted(server, report, tmp_path, status):
    server.script = [status]
    report(server.dsn)
    sentry_sdk.capture_message("bad")
    sentry_sdk.capture_message("good")
    until(lambda: len(server.stored) == 2)
    assert server.messages() == ["good"]
    assert len(list((tmp_path / "spool" / "refused").iterdir())) == 1
    (told,) = [x[2] for x in server.stored if "discarded_events" in x[2]]
    (count,) = told["discarded_events"]
    assert count == {"category": "error", "reason": "send_error", "quantity": 1}
    until(lambda: not waiting(tmp_path))


def test_only_the_newest_refused_reports_are_kept(tmp_path):
    reports = ReportFolder(tmp_path, most_bytes=10_000)
    for _ in range(25):
        reports.put(b"x")
    paths = reports.waiting()
    for path in paths:
        reports.refuse(path)
    assert sorted(p.name for p in (tmp_path / "refused").iterdir()) == [p.name for p in paths[5:]]


def test_a_report_the_server_fails_on_does_not_hold_up_the_others(server, report, tmp_path):
    server.script = lambda lines: 500 if lines[2].get("message") == "poison" else 200
    report(server.dsn)
    sentry_sdk.capture_message("poison")
    sentry_sdk.capture_message("good")
    until(lambda: server.messages() == ["good"])
    until(lambda: len(waiting(tmp_path)) == 1)


def test_an_answer_that_got_lost_sends_the_same_event_id_again(server, report, tmp_path):
    server.script = ["hang up"]
    report(server.dsn)
    event_id = sentry_sdk.capture_message("twice")
    until(lambda: not waiting(tmp_path))
    assert [lines[2]["event_id"] for lines in server.stored] == [event_id, event_id]


def test_a_full_spool_refuses_the_new_and_tells_how_many(server, report, tmp_path):
    server.script = lambda _lines: 503
    report(server.dsn, most_bytes=100_000)
    for number in range(30):
        sentry_sdk.capture_message(f"m{number}")
    kept = len(waiting(tmp_path))
    assert 0 < kept < 30
    lost = json.loads((tmp_path / "spool" / "dropped.json").read_text())
    assert lost == {"error queue_overflow": 30 - kept}
    server.script = []
    until(lambda: len(server.stored) == kept + 1)
    assert server.messages()[:3] == ["m0", "m1", "m2"]
    assert server.stored[-1][2]["discarded_events"] == [
        {"category": "error", "reason": "queue_overflow", "quantity": 30 - kept}
    ]
    assert not (tmp_path / "spool" / "dropped.json").exists()


def test_a_full_disk_still_sends_from_memory(server, report, tmp_path, monkeypatch):
    transport = report(server.dsn)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(transport.reports, "put", full)
    sentry_sdk.capture_message("disk full")
    until(lambda: server.messages() == ["disk full"])


def test_over_tls_only_the_sites_own_authority_is_believed(report, tmp_path, monkeypatch):
    site, other = SiteAuthority(tmp_path / "site"), SiteAuthority(tmp_path / "other")
    (tmp_path / "ca.pem").write_bytes(other.ca_pem)
    monkeypatch.setenv("CALLSTEAD_CA_FILE", str(tmp_path / "ca.pem"))
    server = Server(identity=site.server_identity(["127.0.0.1"]))
    try:
        transport = report(server.dsn)
        sentry_sdk.capture_message("for the site alone")
        until(lambda: transport._sender._failures > 2)
        assert server.seen == []
        (tmp_path / "ca.pem").write_bytes(site.ca_pem)  # seen without a new start
        until(lambda: server.messages() == ["for the site alone"])
    finally:
        server.close()


def test_without_a_dsn_reports_wait_for_a_start_that_has_one(server, report, tmp_path, monkeypatch):
    monkeypatch.delenv("SENTRY_DSN", raising=False)
    report(None)
    sentry_sdk.capture_message("early")
    assert len(waiting(tmp_path)) == 1
    report(server.dsn)
    until(lambda: server.messages() == ["early"])


def test_two_senders_on_one_folder_send_each_report_once(server, report, tmp_path):
    reports = ReportFolder(tmp_path / "spool", most_bytes=10**6)
    for number in range(30):
        text = json.dumps({"message": f"m{number}"})
        reports.put(b'{}\n{"type":"event"}\n' + text.encode())
    report(server.dsn)
    report(server.dsn)
    until(lambda: not waiting(tmp_path))
    assert server.messages() == [f"m{number}" for number in range(30)]


def test_flush_does_not_wait_for_a_server_that_is_away(report):
    transport = report("http://key@127.0.0.1:9/7")
    sentry_sdk.capture_message("x")
    until(lambda: transport._sender._failures)
    before = time.monotonic()
    transport.flush(30.0)
    assert time.monotonic() - before < 10


def test_leftovers_of_a_killed_write_are_swept_but_not_one_being_written(tmp_path):
    import os

    old, young = tmp_path / ".a.envelope.gz.x.part", tmp_path / ".b.envelope.gz.y.part"
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert ReportFolder(tmp_path, 1000).waiting() == []
    assert (old.exists(), young.exists()) == (False, True)


CRASHES = """
import os, signal, sys
from pathlib import Path
from common.reporting import set_up

set_up(spool=Path(sys.argv[1]), dsn=sys.argv[2], release="p@1")

def dial(number):
    if sys.argv[3] == "killed":
        before = sys.excepthook
        def then_die(*exception):
            before(*exception)
            os.kill(os.getpid(), signal.SIGKILL)
        sys.excepthook = then_die
    raise ValueError("cannot dial " + number)

if sys.argv[3] != "nothing":
    dial("010 8001")
"""


def run(tmp_path, dsn, what):
    arguments = [sys.executable, "-c", CRASHES, str(tmp_path / "spool"), dsn, what]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("how", "status"), [("raised", 1), ("killed", -9)])
def test_a_crash_while_the_server_is_away_is_sent_by_the_next_start(tmp_path, how, status):
    away = Server()
    away.close()
    done = run(tmp_path, away.dsn, how)
    assert done.returncode == status
    assert "ValueError: cannot dial 010 8001" in done.stderr
    assert len(waiting(tmp_path)) == 1
    back = Server(away.port)
    try:
        assert run(tmp_path, back.dsn, "nothing").returncode == 0
        (event,) = [lines[2] for lines in back.stored]
    finally:
        back.close()
    assert waiting(tmp_path) == []
    (exception,) = event["exception"]["values"]
    assert exception["value"] == "cannot dial 010 8001"
    assert exception["mechanism"]["handled"] is False
    assert exception["stacktrace"]["frames"][-1]["vars"]["number"] == "'010 8001'"


def test_it_imports_little(tmp_path):
    code = "import common.reporting, sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    foreign = set(done.stdout.split()) - sys.stdlib_module_names
    # urllib3 takes brotli, and sentry_sdk greenlet and anyio, where they are installed.
    little = {"common", "sentry_sdk", "urllib3", "certifi", "brotli", "_brotli", "greenlet"}
    little |= {"anyio", "__main__"}
    assert foreign <= little | _site_hooks()


def _site_hooks():
    """What an interpreter of this environment imports anyway."""
    code = "import sys; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
