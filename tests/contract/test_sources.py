"""What every source of a repository must do, run against each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from tuf.api.exceptions import DownloadError, DownloadHTTPError

from common.trust import FolderSource, HttpSource, Source
from common.trust.source import ForbiddenPathError
from tests.support.repository_simulator import RepositorySimulator

Make = Callable[[dict[str, bytes]], Source]
LONG = bytes(range(256)) * 1000


class _Handler(SimpleHTTPRequestHandler):
    """Ranges as a real server has them, which the standard library leaves out."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data, start = path.read_bytes(), 0
        if wanted := self.headers.get("Range"):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            if start >= len(data):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:])

    def log_message(self, *_args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_args: Any) -> None:
        """Quiet when a reader leaves in the middle."""


def lay(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


@pytest.fixture(params=["folder", "http", "simulator"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    def folder(files: dict[str, bytes]) -> Source:
        lay(tmp_path, files)
        return FolderSource(tmp_path)

    def simulator(files: dict[str, bytes]) -> Source:
        vendor = RepositorySimulator()
        vendor.files = files
        return vendor

    if request.param != "http":
        yield {"folder": folder, "simulator": simulator}[request.param]
        return
    server = _Server(("127.0.0.1", 0), partial(_Handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    session = requests.Session()
    session.trust_env = False

    def http(files: dict[str, bytes]) -> Source:
        lay(tmp_path, files)
        return HttpSource(f"http://127.0.0.1:{server.server_port}/", session)

    yield http
    session.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_gives_the_bytes_whole(make: Make) -> None:
    source = make({"metadata/timestamp.json": b"{}", "targets/a/b.zst": LONG})
    assert b"".join(source.open("metadata/timestamp.json")) == b"{}"
    chunks = list(source.open("targets/a/b.zst"))
    assert b"".join(chunks) == LONG
    assert len(chunks) > 1


@pytest.mark.parametrize("offset", [1, 1000, len(LONG) - 1])
def test_gives_the_rest_from_an_offset(make: Make, offset: int) -> None:
    assert b"".join(make({"targets/x": LONG}).open("targets/x", offset)) == LONG[offset:]


@pytest.mark.parametrize("offset", [len(LONG), len(LONG) + 5])
def test_an_offset_at_the_end_gives_nothing(make: Make, offset: int) -> None:
    assert list(make({"targets/x": LONG}).open("targets/x", offset)) == []


def test_gives_an_empty_file(make: Make) -> None:
    assert list(make({"targets/x": b""}).open("targets/x")) == []


def test_what_is_not_there_is_a_404(make: Make) -> None:
    source = make({"targets/x": b""})
    with pytest.raises(DownloadHTTPError) as caught:
        list(source.open("metadata/2.root.json"))
    assert caught.value.status_code == 404


def test_can_be_left_in_the_middle(make: Make) -> None:
    chunks = make({"targets/x": LONG * 10}).open("targets/x")
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # sources of large files give generators


def test_serves_pythons_tuf_by_its_own_interface(make: Make) -> None:
    assert make({"metadata/timestamp.json": b"{}"}).download_bytes("metadata/timestamp.json", 2)


def test_names_itself_for_people(make: Make) -> None:
    assert make({}).name


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../x", "a//x", "./x", "a/", "", "a\\x", "metadata/\0"]
)
def test_no_path_leaves_the_base(make: Make, path: str) -> None:
    source = make({"x": b"outside"})
    with pytest.raises(DownloadError):
        list(source.open(path))
    if not isinstance(source, RepositorySimulator):  # it has no outside
        with pytest.raises(ForbiddenPathError):
            list(source.open(path))
