"""The real SDKs of Python: Sentry's of today, its old one, and OpenTelemetry's."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comm_server.digest import digest_some
from tests.flows.reported import problems, reported
from tests.support.serving import served
from tests.support.site import TestSite, site_in

SENDERS = Path(__file__).parent / "senders"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSite]:
    with site_in(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.parametrize("by", ["gzip", "br"])
def test_the_current_sentry_sdk_with_an_attachment(site: TestSite, by: str):
    number, key = site.dsn("companion", "seat-1")
    program = """
import sys, sentry_sdk
sentry_sdk.init(sys.argv[1], default_integrations=False,
                _experiments={"transport_compression_algo": sys.argv[2]})
sentry_sdk.get_isolation_scope().add_attachment(bytes=b"the log", filename="a.log")
try:
    1 / 0
except ZeroDivisionError:
    sentry_sdk.capture_exception()
sentry_sdk.flush(60)
"""
    with served(site.app(), direct=site.door()) as server:
        dsn = f"http://{key}@127.0.0.1:{server.port}/{number}"
        subprocess.run([sys.executable, "-c", program, dsn, by], check=True, timeout=120)
    assert site.store.value("SELECT encoding FROM raw") == by
    assert digest_some(site.store, site.intake) == 1
    event = json.loads(site.store.value("SELECT event FROM reports"))
    assert event["exception"]["values"][0]["type"] == "ZeroDivisionError"
    kept = site.store.row("SELECT state, error, encoding, body FROM raw")
    assert kept is not None
    assert (kept["state"], kept["error"]) == ("quarantined", "kept as sent: 1 attachment")
    assert b"the log" in kept["body"]
    assert b"ZeroDivisionError" not in kept["body"]  # the event goes home scrubbed, and once


@pytest.fixture(scope="session")
def old_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sentry-sdk 1.x, which hides the one of today from whoever has it first."""
    folder = tmp_path_factory.mktemp("old-sdk")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--target", folder, "-r", SENDERS / "sentry-sdk-1.txt"],
        check=True, timeout=240,
    )  # fmt: skip
    return folder


# It stands in a file, for a frame without a source line tells less.
FAILING = """
import sys, sentry_sdk
assert sentry_sdk.VERSION.startswith(sys.argv[2] + "."), sentry_sdk.VERSION
sentry_sdk.init(sys.argv[1], release="dialer@3.1", server_name="pbx-2")

def dial(number):
    return {}[number]

for number in ("4711", "4712"):
    try:
        dial(number)
    except KeyError:
        sentry_sdk.capture_exception()
sentry_sdk.flush(60)
"""


@pytest.mark.parametrize("generation", ["1", "2"])
def test_both_generations_of_the_sentry_sdk_make_the_same_problem(
    site: TestSite, old_sdk: Path, tmp_path: Path, generation: str
):
    number, key = site.dsn("dialer", "pbx-2")
    program = tmp_path / "dialer.py"
    program.write_text(FAILING, encoding="utf-8")
    known = {**os.environ, "PYTHONPATH": str(old_sdk)} if generation == "1" else None
    with served(site.app(), direct=site.door()) as server:
        dsn = f"http://{key}@127.0.0.1:{server.port}/{number}"
        subprocess.run(
            [sys.executable, program, dsn, generation],
            check=True,
            timeout=120,
            env=known,
            cwd=tmp_path,
        )
    events = reported(site, 2)
    raised = [one["exception"]["values"][-1] for one in events]
    assert [(one["type"], one["value"]) for one in raised] == [
        ("KeyError", "'4711'"), ("KeyError", "'4712'")
    ]  # fmt: skip
    frame = raised[0]["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["in_app"]) == ("dial", True)
    assert {one["release"] for one in events} == {"dialer@3.1"}
    assert problems(site) == [("dialer", "KeyError", "__main__:dial", 2)]


LOGGING = """
import sys
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

provider = LoggerProvider()
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
logger = provider.get_logger("dialer.trunk")

def dial(number):
    return {}[number]

logger.emit(severity_number=SeverityNumber.INFO, body="dialling")
for number in ("4711", "4712"):
    try:
        dial(number)
    except KeyError as error:
        logger.emit(
            severity_number=SeverityNumber.ERROR, body="dialling failed",
            attributes={"seat": "7"}, exception=error,
        )
logger.emit(severity_number=SeverityNumber.FATAL, body="no trunk left")
assert provider.force_flush()
provider.shutdown()
"""


def log_by_otlp(where: str, key: str, folder: Path, **more: str) -> None:
    """Run a program with the OpenTelemetry SDK, set up by its environment alone."""
    program = folder / "dialer.py"
    program.write_text(LOGGING, encoding="utf-8")
    told = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": where,
        "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{key}",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "60",  # seconds; a busy machine is no failure here
        "OTEL_SERVICE_NAME": "dialer",
        "OTEL_RESOURCE_ATTRIBUTES": "service.version=3.1,host.name=pbx-2",
    }
    environment = {**os.environ, **told, **more}
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # `requests` would take these instead
        environment.pop(name, None)
    subprocess.run([sys.executable, program], check=True, timeout=120, env=environment)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("below", ["", "/api/{number}"])
def test_the_opentelemetry_sdk(site: TestSite, tmp_path: Path, compression: str, below: str):
    number, key = site.dsn("collector", "hub")
    identity = site.parts.authority.server_identity()
    more = {
        "OTEL_EXPORTER_OTLP_COMPRESSION": compression,
        "OTEL_EXPORTER_OTLP_CERTIFICATE": str(identity.client_ca),
    }
    with served(site.app(), direct=site.door(), tls=identity) as server:
        where = f"https://127.0.0.1:{server.port}{below.format(number=number)}"
        log_by_otlp(where, key, tmp_path, **more)
    events = {one["message"]: one for one in reported(site, 3)}
    assert set(events) == {"dialling failed", "no trunk left"}
    failed = events["dialling failed"]
    raised = failed["exception"]["values"][-1]
    assert (raised["type"], raised["value"]) == ("KeyError", "'4712'")
    frame = raised["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["context_line"]) == ("dial", "return {}[number]")
    assert (failed["release"], failed["server_name"], failed["logger"], failed["extra"]) == (
        "dialer@3.1", "pbx-2", "dialer.trunk", {"seat": "7"}
    )  # fmt: skip
    assert events["no trunk left"]["level"] == "fatal"
    assert problems(site) == [
        ("dialer", "KeyError", "dialer.py:dial", 2), ("dialer", "message", "", 1)
    ]  # fmt: skip
    ignored = site.store.rows("SELECT reason, count FROM tallies WHERE kind = 'ignored'")
    assert ignored == [{"reason": "otlp: info", "count": 1}]


def test_the_opentelemetry_sdk_tries_again_when_it_could_not_be_stored(
    site: TestSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _number, key = site.dsn("collector", "hub")
    submit, failures = site.store.submit, ["once"]

    def fails_once(work: Any) -> Any:
        if failures:
            failures.pop()
            raise sqlite3.OperationalError("database or disk is full")
        return submit(work)

    with served(site.app(), direct=site.door()) as server:
        monkeypatch.setattr(site.store, "submit", fails_once)
        log_by_otlp(f"http://127.0.0.1:{server.port}", key, tmp_path)
    assert len(reported(site, 3)) == 3
    assert failures == []
    assert site.store.value("SELECT sum(copies) FROM reports") == 3
