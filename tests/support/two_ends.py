"""A communications server and a home as processes of their own, that nobody starts again.

The smallest whole way of an error: senders, the site's intake, mail, the vendor's inbox, and the
acknowledgement back. What happened is judged at its end, in the vendor's database.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from comm_server.dsns import ensure_dsn
from comm_server.schema import migrations
from common.clock import SystemClock
from common.spool import Store
from tests.support.onebox import ROOT, free_ports
from tests.support.waiting import until

# Every report is kept whole, so that each one can be looked for at the vendor.
_KEEP_ALL = 1_000_000
# What Callstead's own programs call themselves.
_OWN = "'comm_server', 'comm', 'updater'"
_SETTINGS = {
    "COMM_HOST": "127.0.0.1",
    "COMM_DISK_BALLAST": 2**20,
    "COMM_BUNDLE_URGENT_AFTER": 0.2,
    "COMM_BUNDLE_URGENT_PER_HOUR": _KEEP_ALL,
    "COMM_BUNDLE_EVERY": 1,
    "COMM_MAIL_ACKNOWLEDGEMENTS_EVERY": 1,
    "COMM_MIRROR_EVERY": 86_400,
    "COMM_INTAKE_ALLOW_PLAIN_HTTP": "true",
    "COMM_INTAKE_KEEP_FIRST": _KEEP_ALL,
    "COMM_INTAKE_KEEP_PER_PROBLEM": _KEEP_ALL,
    "HOME_HOST": "127.0.0.1",
    "HOME_MAIL_HOST": "127.0.0.1",
    "HOME_INBOX_EVERY": 0.3,
}


class TwoEnds:
    """Both ends below one folder; a copy of the folder is another pair with the same ports."""

    def __init__(self, folder: Path, ports: dict[str, int] | None = None, **extra: object) -> None:
        self.folder = folder
        if ports is None:
            numbers = free_ports(3)
            ports = dict(zip(("COMM_PORT", "HOME_PORT", "HOME_MAIL_PORT"), numbers, strict=True))
        self.ports = ports
        self.extra = extra
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def env(self) -> dict[str, str]:
        """Of both programs and of commands beside them."""
        settings = _SETTINGS | self.ports | self.extra
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("CALLSTEAD_")},
            "CALLSTEAD_HOME": str(self.folder),
            **{f"CALLSTEAD_{name}": str(value) for name, value in settings.items()},
        }

    def make(self) -> TwoEnds:
        """The vendor's keys, a site and its kit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command("home", "init")
        self.command("home", "site", "add", "North", "--out", str(self.folder / "kit.json"))
        self.command("comm", "init", "--kit", str(self.folder / "kit.json"))
        return self

    def copy(self, folder: Path) -> TwoEnds:
        """The same, as it lies on the disk now; only one of the two may run."""
        shutil.copytree(self.folder, folder)
        return TwoEnds(folder, self.ports, **self.extra)

    def command(self, *arguments: str) -> str:
        """Run ``callstead ARGUMENTS``; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "common", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def start(self, name: str, *wrap: str) -> int:
        """Start ``comm`` or ``home``, perhaps under another program; its pid."""
        assert not self.running(name)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [*wrap, sys.executable, "-m", "common", name, "serve"],
                cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self.processes[name].pid

    def running(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        process = self.processes.get(name)
        return process is not None and process.poll() is None

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.processes[name].kill()
        self.processes[name].wait(60)

    def stop(self, name: str) -> int:
        """SIGTERM; the exit status."""
        process = self.processes[name]
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        return process.wait(120)

    def close(self) -> None:
        """End what runs."""
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait(60)

    def healthy(self, name: str) -> bool:
        """Whether its health address answers 200."""
        return self.health(name)[0] == 200

    def health(self, name: str) -> tuple[int, dict[str, Any]]:
        """What its health address says; 0 when it does not answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[f"{name.upper()}_PORT"], 10)
        connection.timeout = 10
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()

    def well(self, name: str) -> None:
        """Wait until it answers."""
        until(lambda: self.healthy(name), 120, f"{name} to be healthy", self.told)

    def dsn(self, program: str = "drill") -> tuple[int, str]:
        """A DSN, made beside the server or before its start."""
        store = Store(self.folder / "comm" / "comm.db", migrations())
        try:
            return ensure_dsn(store, program, "drill-pc", SystemClock())
        finally:
            store.close()

    def ask(self, database: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read ``comm`` or ``home``'s database from outside; nothing yet counts as no rows."""
        path = self.folder / database / f"{database}.db"
        if not path.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(path, timeout=60)) as db:
                db.execute("PRAGMA query_only = ON")
                return db.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def at_the_vendor(self) -> list[str]:
        """The ids of the reports that the vendor has, of other programs than Callstead's own.

        What came raw, because a site could not read it, has no id of its own.
        """
        rows = self.ask(
            "home",
            "SELECT r.id FROM reports r LEFT JOIN problems p ON p.id = r.problem "
            f"WHERE r.raw IS NULL AND (p.program IS NULL OR p.program NOT IN ({_OWN}))",
        )
        return [str(row[0]) for row in rows]

    def counted(self) -> int:
        """How many reports the vendor was told of, by the counts of problems."""
        [(total,)] = self.ask(
            "home",
            "SELECT coalesce(sum(s.count), 0) FROM sightings s JOIN problems p ON p.id = s.problem "
            f"WHERE p.program NOT IN ({_OWN})",
        )
        return int(total)

    def delivered(self) -> bool:
        """Whether there are bundles, all acknowledged, and nothing waits to be told."""
        states = self.ask("comm", "SELECT state FROM bundles")
        waiting = self.ask(
            "comm",
            "SELECT (SELECT count(*) FROM raw WHERE state = 'new' "
            "OR (state = 'quarantined' AND bundle IS NULL)) "
            "+ (SELECT count(*) FROM reports WHERE bundle IS NULL)",
        )
        return bool(states) and all(s == ("delivered",) for s in states) and waiting == [(0,)]

    def told(self) -> str:
        """What helps to understand a failed drill."""
        tails = []
        for name in ("comm", "home"):
            path = self.folder / f"{name}.log"
            lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
            tails.append(f"--- {name}\n" + "\n".join(lines[-15:]))
        bundles = self.ask("comm", "SELECT sequence, state, failures, last_error FROM bundles "
                           "WHERE state <> 'delivered'")  # fmt: skip
        return "\n".join([*tails, str(bundles)])


@contextlib.contextmanager
def two_ends(folder: Path, **extra: object) -> Iterator[TwoEnds]:
    """Made, not started; what runs is ended."""
    made = TwoEnds(folder, **extra).make()
    try:
        yield made
    finally:
        made.close()


def event(kind: int, name: str | None = None) -> dict[str, Any]:
    """A report of its own id; ``kind`` makes its problem."""
    return {
        "event_id": name or uuid.uuid4().hex,
        "level": "error",
        "release": "drill@1.0",
        "fingerprint": [f"drill-{kind}"],
        "exception": {"values": [{"type": f"Drill{kind}Error", "value": "a drill"}]},
        "extra": {"padding": uuid.uuid4().hex * 40},
    }


def post(ends: TwoEnds, dsn: tuple[int, str], one: dict[str, Any], seconds: float = 30) -> bool:
    """Send one event; whether it was answered with 200.

    False: no answer came; it is still the sender's. Raises AssertionError on any other answer:
    an SDK would have thrown the report away.
    """
    payload = json.dumps(one).encode()
    body = b"{}\n" + json.dumps({"type": "event", "length": len(payload)}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", ends.ports["COMM_PORT"], timeout=seconds)
    try:
        connection.request(
            "POST", f"/api/{dsn[0]}/envelope/", body + b"\n" + payload + b"\n",
            {"X-Sentry-Auth": f"Sentry sentry_key={dsn[1]}"},
        )  # fmt: skip
        answer = connection.getresponse()
        said = answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    assert answer.status == 200, f"answered {answer.status}: {said[:200]!r}"
    return True


class Senders:
    """Threads that send until they are told to stop, and keep book.

    Attributes:
        accepted: ids that were answered with 200.
        tried: all ids that were ever on the wire.
    """

    def __init__(self, ends: TwoEnds, dsn: tuple[int, str], number: int, pause: float) -> None:
        self.accepted: set[str] = set()
        self.tried: set[str] = set()
        self.unanswered = 0
        self.faults: list[BaseException] = []
        self._ends, self._dsn, self._pause = ends, dsn, pause
        self._leave = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(n,), name=f"sender-{n}")
            for n in range(number)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No new events; what was not answered is tried until it is, by every second sender."""
        self._leave.set()
        for thread in self._threads:
            thread.join(180)
            assert not thread.is_alive()
        if self.faults:
            raise self.faults[0]

    def _send(self, number: int) -> None:
        count = 0
        try:
            while not self._leave.is_set():
                count += 1
                one = event((number * 7 + count) % 20)
                name = one["event_id"]
                self.tried.add(name)
                while not post(self._ends, self._dsn, one):
                    self.unanswered += 1
                    self._leave.wait(0.05)
                    # One half keeps what was not answered, as a good SDK does; the other drops it.
                    if number % 2 or self._leave.is_set():
                        break
                else:
                    self.accepted.add(name)
                self._leave.wait(self._pause)
        except BaseException as error:  # noqa: BLE001 - told by `stop`
            self.faults.append(error)


def assert_nothing_lost_or_doubled(ends: TwoEnds, accepted: set[str], tried: set[str]) -> None:
    """The verdict, at the vendor: every accepted report is there, once, and counted once."""
    until(ends.delivered, 300, "everything to be delivered", ends.told, every=0.3)
    until(lambda: accepted <= set(ends.at_the_vendor()), 60, "all reports at the vendor", ends.told)
    found = ends.at_the_vendor()
    assert accepted - set(found) == set(), "lost"
    assert len(found) == len(set(found)), "doubled"
    assert set(found) <= tried, "never sent"
    until(lambda: ends.counted() == len(found), 60, "the counts to agree",
          lambda: f"{ends.counted()} counted, {len(found)} found")  # fmt: skip
    assert ends.ask("home", "SELECT file, sentence FROM refused_mails") == []
    assert gaps_of(ends) == []


def gaps_of(ends: TwoEnds) -> list[int]:
    """Numbers of bundles that the vendor misses."""
    have = {row[0] for row in ends.ask("home", "SELECT sequence FROM bundles")}
    return sorted(set(range(1, max(have, default=0) + 1)) - have)
