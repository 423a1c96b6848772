from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from flask import Flask, Response, abort, request
from flask.testing import FlaskClient

from comm_server.mirror.web import mirror_blueprint
from tests.support.repository_simulator import RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site


def guard(view: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Response:
        if request.headers.get("X-Joined") != "yes":
            abort(403)
        return view(*args, **kwargs)

    return guarded


@pytest.fixture
def web(site: Site, vendor: RepositorySimulator) -> FlaskClient:
    site.accepts(vendor)
    (site.folder / "secret.json").write_text("secret")
    app = Flask(__name__)
    app.register_blueprint(
        mirror_blueprint(site.mirror.live, guard, site.mirror.asked.ask), url_prefix="/releases"
    )
    client = app.test_client()
    client.environ_base["HTTP_X_JOINED"] = "yes"
    return client


def test_serves_every_live_file_as_it_is(site: Site, web: FlaskClient) -> None:
    files = site.files()
    assert len(files) > 6
    for path, data in files.items():
        with web.get(f"/releases/{path}") as answer:
            assert (answer.status_code, answer.data) == (200, data)


def test_serves_a_range(site: Site, web: FlaskClient) -> None:
    path, data = next(item for item in site.files().items() if item[0].endswith(".zst"))
    with web.get(f"/releases/{path}", headers={"Range": "bytes=10-"}) as answer:
        assert (answer.status_code, answer.data) == (206, data[10:])
        assert answer.headers["Content-Range"] == f"bytes 10-{len(data) - 1}/{len(data)}"
    with web.get(f"/releases/{path}", headers={"Range": f"bytes={len(data)}-"}) as answer:
        assert answer.status_code == 416


def test_the_timestamp_is_never_kept_by_a_cache(web: FlaskClient) -> None:
    with web.get("/releases/metadata/timestamp.json") as answer:
        assert (
            "no-cache" in answer.headers["Cache-Control"]
            or "max-age=0" in (answer.headers["Cache-Control"])
        )


@pytest.mark.parametrize(
    "path",
    [
        "metadata/../../../secret.json",
        "metadata/..%2f..%2f..%2fsecret.json",
        "targets/../../../secret.json",
        "targets/%2e%2e/%2e%2e/%2e%2e/secret.json",
        "targets//etc/passwd",
        "targets/..\\..\\secret.json",
        "metadata/2.root.json",
        "metadata/",
        "targets/",
        "",
    ],
)
def test_path_traversal_and_what_is_not_there_are_404(web: FlaskClient, path: str) -> None:
    with web.get(f"/releases/{path}", follow_redirects=True) as answer:
        assert answer.status_code == 404
        assert b"secret" not in answer.data


def test_a_stranger_gets_nothing(web: FlaskClient) -> None:
    with web.get("/releases/metadata/timestamp.json", headers={"X-Joined": "no"}) as answer:
        assert answer.status_code == 403


def test_what_is_listed_and_not_here_is_a_503_until_it_was_fetched(
    site: Site, vendor: RepositorySimulator, web: FlaskClient
) -> None:
    path = next(path for path in site.files() if path.endswith(".zst"))
    (site.mirror.live / path).unlink()
    with web.get(f"/releases/{path}") as answer:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert len(site.mirror.asked.waiting()) == 1
    site.accepts(vendor)
    with web.get(f"/releases/{path}") as answer:
        assert answer.status_code == 200
    assert site.mirror.asked.waiting() == []


def test_a_stranger_cannot_make_the_mirror_fetch(site: Site, web: FlaskClient) -> None:
    path = next(path for path in site.files() if path.endswith(".zst"))
    (site.mirror.live / path).unlink()
    with web.get(f"/releases/{path}", headers={"X-Joined": "no"}) as answer:
        assert answer.status_code == 403
    assert site.mirror.asked.waiting() == []
