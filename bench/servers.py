"""The two servers, each as real processes of its own on loopback, with fresh data."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

BUGSINK = "bugsink==2.6.1"
_BORN = 0.5  # seconds; between fork and exec a process shows its parent's memory as its own


@dataclass
class Running:
    """One server under test.

    Attributes:
        port: where it takes reports.
        project: the number in the DSN.
        key: the key in the DSN.
        processes: its processes; their children count as its own.
        database: where what it digested is counted, by ``count``.
    """

    port: int
    project: str
    key: str
    processes: list[subprocess.Popen[bytes]]
    database: Path
    count: str
    folder: Path
    peak: dict[str, float] = field(default_factory=lambda: {"rss": 0.0, "pss": 0.0})

    def digested(self) -> int:
        """Reports that were grouped."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=60)
        try:
            return int(connection.execute(self.count).fetchone()[0] or 0)
        finally:
            connection.close()

    def all(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for one in self.processes:
            with contextlib.suppress(psutil.Error):
                parent = psutil.Process(one.pid)
                found += [parent, *parent.children(recursive=True)]
        return found

    def cpu(self) -> float:
        """Seconds of processor time so far, of the processes that still live."""
        total = 0.0
        for one in self.all():
            with contextlib.suppress(psutil.Error):
                times = one.cpu_times()
                total += times.user + times.system
        return total

    def watch(self, stop: threading.Event) -> None:
        """Note the peak of memory, in MB, until told to stop."""
        while not stop.wait(0.25):
            rss = pss = 0
            for one in self.all():
                with contextlib.suppress(psutil.Error):
                    if time.time() - one.create_time() < _BORN:
                        continue
                    memory = one.memory_full_info()
                    rss, pss = rss + memory.rss, pss + memory.pss
            self.peak["rss"] = max(self.peak["rss"], rss / 2**20)
            self.peak["pss"] = max(self.peak["pss"], pss / 2**20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def callstead(folder: Path, preload: Path | None = None, **settings: str) -> Iterator[Running]:
    """`callstead comm serve` as installed here; over plain HTTP, as the peer takes reports."""
    port = free_port()
    environment = {
        **os.environ,
        "CALLSTEAD_HOME": str(folder),
        "CALLSTEAD_COMM_HOST": "127.0.0.1",
        "CALLSTEAD_COMM_PORT": str(port),
        "CALLSTEAD_COMM_INTAKE_ALLOW_PLAIN_HTTP": "true",
        **settings,
    }
    environment.pop("CALLSTEAD_SETTINGS", None)

    def command(*arguments: str) -> dict[str, object]:
        done = subprocess.run(
            [sys.executable, "-m", "common", *arguments, "--json"],
            env=environment, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        found: dict[str, object] = json.loads(done.stdout)
        return found

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command("home", "init")
    command("home", "site", "add", "Bench", "--out", str(folder / "kit.json"))
    command("comm", "init", "--kit", str(folder / "kit.json"))
    dsn = str(command("comm", "dsn", "dialler", "--machine", "seat-17")["dsn"])
    key, _, rest = dsn.partition("://")[2].partition("@")
    with started(
        [[sys.executable, "-m", "common", "comm", "serve"]], environment, folder, preload
    ) as processes:
        wait(f"http://127.0.0.1:{port}/healthz")
        yield Running(
            port, rest.rpartition("/")[2], key, processes, folder / "comm" / "comm.db",
            "SELECT sum(count) FROM problems", folder,
        )  # fmt: skip


@contextlib.contextmanager
def bugsink(venv: Path, folder: Path, preload: Path | None = None) -> Iterator[Running]:
    """Bugsink as its page "Single Server Production" sets it up, without the nginx before it.

    Its quotas are raised, or it would answer 429 after 1,000 events.
    """
    port = free_port()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = [str(venv / "bin" / "bugsink-create-conf"), "--template=singleserver",
           "--host=localhost", f"--base-dir={folder}"]  # fmt: skip
    subprocess.run(run, cwd=folder, check=True, capture_output=True)
    with (folder / "bugsink_conf.py").open("a") as settings:
        settings.write("\nBUGSINK.update({\n")
        for name in ("MAX_EVENTS_PER_PROJECT_PER_5_MINUTES", "MAX_EVENTS_PER_PROJECT_PER_HOUR",
                     "MAX_EVENTS_PER_PROJECT_PER_MONTH", "MAX_EVENTS_PER_5_MINUTES",
                     "MAX_EVENTS_PER_HOUR", "MAX_EVENTS_PER_MONTH"):  # fmt: skip
            settings.write(f"    {name!r}: 10**9,\n")
        settings.write("})\nALLOWED_HOSTS = ['*']\n")
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(folder)}
    manage = str(venv / "bin" / "bugsink-manage")
    for arguments in (["migrate"], ["migrate", "snappea", "--database=snappea"]):
        subprocess.run(
            [manage, *arguments], cwd=folder, env=environment, check=True, capture_output=True
        )
    key = secrets.token_hex(16)
    parts = "-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:]))
    script = (
        "from projects.models import Project\n"
        f"made = Project.objects.create(name='bench', sentry_key='{parts}', "
        "retention_max_event_count=10**6)\nprint('id', made.pk)"
    )
    made = subprocess.run(
        [manage, "shell", "-c", script],
        cwd=folder, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    project = made.stdout.rpartition("id ")[2].strip()
    gunicorn = [str(venv / "bin" / "gunicorn"), f"--bind=127.0.0.1:{port}", "--workers=2",
                "--timeout=6", "--access-logfile", "-", "--max-requests=1000",
                "--max-requests-jitter=100", "bugsink.wsgi"]  # fmt: skip
    with started(
        [gunicorn, [str(venv / "bin" / "bugsink-runsnappea")]], environment, folder, preload
    ) as processes:
        wait(f"http://127.0.0.1:{port}/health/ready")
        yield Running(
            port, project, key, processes, folder / "db.sqlite3",
            "SELECT sum(digested_event_count) FROM issues_issue", folder,
        )  # fmt: skip


@contextlib.contextmanager
def started(
    commands: list[list[str]], environment: dict[str, str], folder: Path, preload: Path | None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    if preload:
        environment = {**environment, "LD_PRELOAD": str(preload)}
    processes: list[subprocess.Popen[bytes]] = []
    with (folder / "log").open("wb") as log:
        try:
            for command in commands:
                one = subprocess.Popen(
                    command, cwd=folder, env=environment, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
                processes.append(one)
            yield processes
        finally:
            for one in processes:
                one.send_signal(signal.SIGTERM)
            for one in processes:
                try:
                    one.wait(40)
                except subprocess.TimeoutExpired:
                    os.killpg(one.pid, signal.SIGKILL)
                    one.wait(10)


def wait(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
