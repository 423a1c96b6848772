"""Seven days without the communications server, and seven days without the mail relay.

The week of the program is simulated: its clocks and its waits run 60,480 times as fast, so that a
week takes ten seconds; the process, its spool and what it sends are real. The week of the
communications server is a fake clock in this process, with real parts on both sides and a relay
that is pretended. Nothing expires by age.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from comm_server.mail.ack_file import FileSource
from comm_server.parts import Parts, create_parts
from comm_server.raw import INSERT, values
from comm_server.site import install_kit
from common.clock import stamp
from common.errors import NetworkError
from tests.support.clock import FakeClock
from tests.support.damage import digest_all
from tests.support.onebox import ROOT
from tests.support.site import envelope
from tests.support.two_ends import assert_nothing_lost_or_doubled, event, two_ends
from tests.support.vendor import Vendor

DAY = 86_400
_PROGRAM = """
import sys, threading, time
from pathlib import Path

SCALE = float(sys.argv[3])
begin, real = time.time(), (time.time, time.time_ns, time.monotonic)
wait = threading.Condition.wait
time.time = lambda: begin + (real[0]() - begin) * SCALE
time.time_ns = lambda: int(time.time() * 1e9)
time.monotonic = lambda: real[2]() * SCALE
threading.Condition.wait = lambda self, timeout=None: wait(
    self, timeout if timeout is None else timeout / SCALE)

import sentry_sdk
from common import reporting

transport = reporting.set_up(spool=Path(sys.argv[1]), dsn=sys.argv[2], release="drill@1.0")
for number in range(int(sys.argv[4])):
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = [f"week-{number % 20}"]
        print(sentry_sdk.capture_exception(ValueError(f"number {number}")), flush=True)
    threading.Event().wait(7200)
while sys.argv[4] == "0" and transport.reports.waiting():
    threading.Event().wait(0.2)
"""


def run(ends, folder: Path, scale: float, reports: int) -> set[str]:
    """The program: so many reports, one in two hours of its clock; without any it sends its spool.

    Ids of what it captured.
    """
    number, key = ends.dsn("reporter")
    url = f"http://{key}@127.0.0.1:{ends.ports['COMM_PORT']}/{number}"
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder), url, str(scale), str(reports)],
        cwd=ROOT, env=ends.env, capture_output=True, text=True, timeout=280, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_what_a_program_captured_in_a_week_without_the_server_arrives_once(tmp_path):
    with two_ends(tmp_path / "ends") as ends:
        captured = run(ends, tmp_path / "spool", scale=60_480, reports=84)
        waiting = sorted(path.name for path in (tmp_path / "spool").glob("*.envelope.gz"))
        assert len(captured) == len(waiting) == 84
        assert int(waiting[-1][:20]) - int(waiting[0][:20]) > 6.9 * DAY * 10**9
        for name in ("home", "comm"):
            ends.start(name)
        for name in ("home", "comm"):
            ends.well(name)
        run(ends, tmp_path / "spool", scale=1, reports=0)
        assert_nothing_lost_or_doubled(ends, captured, captured)


class Relay:
    """Away until it is told to be there; hands what it takes to the vendor."""

    def __init__(self, vendor: Vendor) -> None:
        self.there = False
        self.tries: dict[str, set[str]] = {}
        self._vendor = vendor

    def send(self, mail: bytes) -> None:
        head = mail[: mail.index(b"\r\n\r\n")].decode("ascii", "replace")
        [name] = [line for line in head.split("\r\n") if line.lower().startswith("message-id:")]
        self.tries.setdefault(name, set()).add(hashlib.sha256(mail).hexdigest())
        if not self.there:
            raise NetworkError("The relay is away.")
        self._vendor.maildir.deliver(mail)


@pytest.fixture
def week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The vendor, its relay, and a site with a clock of ours."""
    vendor = Vendor(tmp_path / "home")
    site = vendor.add_site()
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    monkeypatch.setenv("CALLSTEAD_COMM_INTAKE_KEEP_FIRST", "1000000")
    monkeypatch.setenv("CALLSTEAD_COMM_INTAKE_KEEP_PER_PROBLEM", "1000000")
    install_kit(tmp_path / "comm", vendor.folder / "North.kit.json")
    clock = FakeClock()
    parts = create_parts(clock=clock)
    relay = Relay(vendor)
    monkeypatch.setattr("comm_server.courier.transport_for", lambda *_: relay)
    answer = vendor.folder / "acks" / f"{site.id}.json"

    class FromTheVendor:
        def __init__(self, *_: object) -> None:
            pass

        def hear(self, heard):
            return FileSource(parts.site, answer).hear(heard) if answer.exists() else []

    monkeypatch.setattr("comm_server.courier.ChannelSource", FromTheVendor)
    yield parts, relay, vendor, clock
    parts.close()
    vendor.store.close()


def test_what_a_site_took_in_a_week_without_its_relay_arrives_once(week):
    parts, relay, vendor, clock = week
    sent = set()
    for _hour in range(7 * 24):
        sent |= take(parts, clock, 2)
        for _ in range(4):
            clock.advance(minutes=15)
            parts.courier.run_once()
    assert vendor.count("reports") == 0
    assert min(len(tries) for tries in relay.tries.values()) == 1
    relay.there = True
    for _ in range(40):
        clock.advance(minutes=15)
        parts.courier.run_once()
        vendor.read()
    assert parts.store.value("SELECT count(*) FROM bundles WHERE state <> 'delivered'") == 0
    found = [row["id"] for row in vendor.store.rows("SELECT id FROM reports")]
    assert sorted(found) == sorted(sent)
    assert vendor.store.value("SELECT sum(count) FROM sightings") == len(sent)
    assert {len(bytes_seen) for bytes_seen in relay.tries.values()} == {1}, "the same on every try"
    numbers = [r["sequence"] for r in vendor.store.rows("SELECT sequence FROM bundles ORDER BY id")]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


def take(parts: Parts, clock: FakeClock, number: int) -> set[str]:
    """So many reports, as the intake stores them, and digested."""
    dsn = parts.store.value("SELECT id FROM dsns") or parts.store.write(
        lambda connection: (
            connection.execute(
                "INSERT INTO dsns (key, program, machine, made_at) VALUES ('k', 'drill', 'pc', '')"
            ).lastrowid
        )
    )
    names = set()
    for kind in range(number):
        one = event(kind + clock.now().day)
        names.add(one["event_id"])
        row = values(stamp(clock.now()), "sentry", dsn, "", envelope(one))
        parts.store.write(lambda connection, row=row: connection.execute(INSERT, row))
    digest_all(parts)
    return names
