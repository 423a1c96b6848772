"""The door for reports: who may write, what is too much, and no yes before the commit."""

from __future__ import annotations

import gzip
import http.client
import json
import sqlite3
import zlib
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
import requests
import zstandard

from tests.support.serving import served
from tests.support.site import TestSite, crash, envelope

BODY = envelope(crash(1))


class Client:
    """Speaks HTTP to the door, really served."""

    def __init__(self, port: int, session: requests.Session) -> None:
        self.port, self._base, self._session = port, f"http://127.0.0.1:{port}", session

    def post(self, path: str, **arguments: Any) -> requests.Response:
        return self._session.post(self._base + path, timeout=60, **arguments)

    def options(self, path: str) -> requests.Response:
        return self._session.options(self._base + path, timeout=60)


@pytest.fixture
def client(site: TestSite) -> Iterator[Client]:
    with served(site.app(), direct=site.door()) as server, requests.Session() as session:
        yield Client(server.port, session)


def auth(key: str) -> dict[str, str]:
    return {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={key}"}


def raw(site: TestSite) -> list[dict[str, Any]]:
    return site.store.rows("SELECT * FROM raw ORDER BY id")


def test_a_report_is_stored_as_it_came(site: TestSite, client: Client):
    number, key = site.dsn()
    answer = client.post(f"/api/{number}/envelope/", data=BODY, headers=auth(key))
    assert answer.status_code == 200
    (row,) = raw(site)
    assert (row["body"], row["kind"], row["dsn"], row["state"]) == (BODY, "sentry", number, "new")


@pytest.mark.parametrize("where", ["header", "authorization", "query"])
def test_the_key_may_come_in_each_way_that_sdks_use(site: TestSite, client: Client, where: str):
    number, key = site.dsn()
    headers, query = {}, ""
    if where == "query":
        query = f"?sentry_key={key}"
    else:
        name = {"header": "X-Sentry-Auth", "authorization": "Authorization"}[where]
        headers[name] = f"Sentry sentry_key={key}, sentry_version=7"
    assert (
        client.post(f"/api/{number}/store/{query}", data=BODY, headers=headers).status_code == 200
    )


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("1", "0" * 32),
        ("1", ""),
        ("7", None),
        (str(2**63), None),
        (str(10**40), None),
        ("1", "ключ"),
        ("1", "%F0%9F%98%80"),
    ],
)
def test_an_unknown_dsn_is_403_and_nothing_is_stored(
    site: TestSite, client: Client, number: str, key: str | None
):
    _own, right = site.dsn()
    path = f"/api/{number}/envelope/?sentry_key={right if key is None else key}"
    answer = client.post(path, data=BODY)
    assert answer.status_code == 403
    assert "Unknown DSN" in answer.json()["detail"]
    assert raw(site) == []


def test_one_programs_key_does_not_write_for_another(site: TestSite, client: Client):
    one, _ = site.dsn("companion", "a")
    _, other_key = site.dsn("companion", "b")
    answer = client.post(f"/api/{one}/envelope/", data=BODY, headers=auth(other_key))
    assert answer.status_code == 403


def test_browsers_may_ask_first(site: TestSite, client: Client):
    number, _ = site.dsn()
    answer = client.options(f"/api/{number}/envelope/")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Sentry-Auth" in answer.headers["Access-Control-Allow-Headers"]
    assert raw(site) == []


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.compress),
        ("br", brotli.compress),
    ],
)
def test_a_compressed_report_is_kept_compressed_and_understood(
    site: TestSite, client: Client, encoding: str, pack: Any
):
    number, key = site.dsn()
    headers = {**auth(key), "Content-Encoding": encoding}
    answer = client.post(f"/api/{number}/envelope/", data=pack(BODY), headers=headers)
    assert answer.status_code == 200
    assert raw(site)[0]["body"] == pack(BODY)
    site.report()
    assert site.store.value("SELECT event_id FROM reports") == f"{1:032x}"


def test_an_unknown_encoding_is_415(site: TestSite, client: Client):
    number, key = site.dsn()
    headers = {**auth(key), "Content-Encoding": "lzma"}
    answer = client.post(f"/api/{number}/envelope/", data=BODY, headers=headers)
    assert answer.status_code == 415
    assert raw(site) == []


def test_a_bomb_is_refused_before_it_is_stored(site: TestSite, client: Client):
    number, key = site.dsn()
    headers = {**auth(key), "Content-Encoding": "gzip"}
    bomb = gzip.compress(b"\0" * (site.intake.most_expanded + 1))
    answer = client.post(f"/api/{number}/envelope/", data=bomb, headers=headers)
    assert answer.status_code == 413
    assert "expands beyond" in answer.json()["detail"]
    assert raw(site) == []


def test_too_large_is_413_and_nothing_is_stored(site: TestSite, client: Client):
    number, key = site.dsn()
    body = b"x" * (site.intake.most_compressed + 1)
    answer = client.post(f"/api/{number}/envelope/", data=body, headers=auth(key))
    assert answer.status_code == 413
    assert raw(site) == []


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database or disk is full"),
        TimeoutError(),
        sqlite3.ProgrammingError("closed"),
    ],
)
def test_a_store_that_fails_gives_no_answer_at_all(
    site: TestSite, client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    number, key = site.dsn()

    def fails(*_arguments: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(site.store, "submit", fails)
    with pytest.raises(requests.ConnectionError):
        client.post(f"/api/{number}/envelope/", data=BODY, headers=auth(key))


def test_the_yes_comes_after_the_commit(site: TestSite, client: Client):
    """What was answered is there for another connection, which sees committed rows alone."""
    number, key = site.dsn()
    client.post(f"/api/{number}/envelope/", data=BODY, headers=auth(key))
    other = sqlite3.connect(site.store.path)
    try:
        assert other.execute("SELECT count(*) FROM raw").fetchone() == (1,)
    finally:
        other.close()


def test_the_answer_names_the_event(site: TestSite, client: Client):
    number, key = site.dsn()
    body = json.dumps({"event_id": "a" * 32}).encode() + b"\n" + BODY.partition(b"\n")[2]
    answer = client.post(f"/api/{number}/envelope/", data=body, headers=auth(key))
    assert answer.json() == {"id": "a" * 32}


@pytest.fixture
def door(client: Client) -> Iterator[http.client.HTTPConnection]:
    """A bare connection to it."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=20)
    yield connection
    connection.close()


def chunks(size: int) -> Iterator[bytes]:
    while size > 0:
        yield b"x" * min(size, 65_536)
        size -= 65_536


def test_a_chunked_body_is_taken_whole(site: TestSite, door: http.client.HTTPConnection):
    """SDKs in Rust and Go send without a length."""
    number, key = site.dsn()
    parts = iter([BODY[:10], BODY[10:200], BODY[200:]])
    door.request(
        "POST", f"/api/{number}/envelope/", body=parts, headers=auth(key), encode_chunked=True
    )
    assert door.getresponse().status == 200
    assert raw(site)[0]["body"] == BODY


def test_a_chunked_body_has_the_same_limit(site: TestSite, door: http.client.HTTPConnection):
    number, key = site.dsn()
    status = None
    try:
        door.request(
            "POST",
            f"/api/{number}/envelope/",
            body=chunks(site.intake.most_compressed + 100_000),
            headers={**auth(key), "Transfer-Encoding": "chunked"},
            encode_chunked=True,
        )
        status = door.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server may hang up before all is sent
    assert status in {413, None}
    assert raw(site) == []


def test_a_body_that_breaks_off_is_not_stored(site: TestSite, door: http.client.HTTPConnection):
    number, key = site.dsn()
    door.putrequest("POST", f"/api/{number}/envelope/")
    for name, value in auth(key).items():
        door.putheader(name, value)
    door.putheader("Content-Length", str(len(BODY)))
    door.endheaders()
    assert door.sock is not None
    door.sock.sendall(BODY[:50])
    door.close()
    other = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    try:
        other.request("GET", "/healthz")
        assert other.getresponse().status == 200
    finally:
        other.close()
    assert raw(site) == []
