from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from flask import Flask, abort, redirect, render_template_string
from werkzeug.wrappers import Response

from common.errors import NetworkError, OperatorError, RefusedError, RemoteError
from common.web.pages import install
from common.web.secret import add_signing_key, forget_signing_keys, signing_keys
from common.web.texts import Texts

PAGE = """{% extends "web/base.html" %}{% import "web/macros.html" as ui with context %}
{% block content %}{{ ui.badge("<b>", "good") }}{{ ui.empty() }}
{% call ui.table(["x"], caption="y") %}<tr><td>{{ ui.time("2026-11-21T05:37:35.123Z") }}</td></tr>
{% endcall %}{% endblock %}"""

FAILURES = {
    "operator": OperatorError("The folder is full."),
    "network": NetworkError("Home was not reached."),
    "remote": RemoteError("Home answered nonsense."),
    "rollback": RefusedError("rollback", "This release is older."),
}


@pytest.fixture
def flask() -> Flask:
    made = Flask("test")
    install(made, Texts("common.web"), title="signin.title")

    @made.get("/")
    def front() -> str:
        return render_template_string(PAGE)

    @made.get("/fail/<kind>")
    @made.get("/api/fail/<kind>")
    def fail(kind: str) -> str:
        raise FAILURES[kind]

    @made.get("/bug")
    def bug() -> str:
        raise ZeroDivisionError("secret detail")

    @made.get("/away")
    def away() -> Response:
        abort(redirect("/"))

    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


def test_a_page_has_the_shared_look_and_escapes_what_it_shows(flask: Flask) -> None:
    page = flask.test_client().get("/?lang=en").text
    assert '<span class="badge good">&lt;b&gt;</span>' in page
    assert "There is nothing here yet." in page
    assert re.search(r"<time datetime=\"2026-11-21T05:37:35.123Z\">2026-11-2\d \d\d:", page)
    assert "<script" not in page
    assert " style=" not in page, "the content security policy forbids inline styles"


def test_a_stylesheet_may_be_kept_for_ever_because_its_address_has_its_hash(flask: Flask) -> None:
    client = flask.test_client()
    found = re.search(r'href="(/assets/common.web/[0-9a-f]{16}/base.css)"', client.get("/").text)
    assert found
    with client.get(found[1]) as css:
        assert css.mimetype == "text/css"
        assert "immutable" in css.headers["Cache-Control"]
    with client.get("/assets/common.web/0000/base.css") as old:
        assert old.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/common/x/errors.py",
        "/assets/common.web/x/../pages.py",
        "/assets/common.web/x/%2e%2e/pages.py",
        "/assets/os/x/path.py",
        "/assets/common.web/x/no.css",
    ],
)
def test_no_other_file_is_served(flask: Flask, path: str) -> None:
    assert flask.test_client().get(path).status_code == 404


def test_the_language_switch_keeps_the_question_and_takes_no_commands(flask: Flask) -> None:
    page = flask.test_client().get("/?a=1&_scheme=javascript&lang=en").text
    assert 'href="?a=1&amp;_scheme=javascript&amp;lang=zh-CN"' in page


@pytest.mark.parametrize(
    ("kind", "status"), [("operator", 400), ("network", 503), ("remote", 502), ("rollback", 403)]
)
def test_an_expected_error_is_a_sentence_for_people_and_for_programs(
    flask: Flask, kind: str, status: int
) -> None:
    client, sentence = flask.test_client(), str(FAILURES[kind])
    page = client.get(f"/fail/{kind}")
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert sentence in page.text
    for answer in (
        client.get(f"/api/fail/{kind}"),
        client.get(f"/fail/{kind}", headers={"Accept": "application/json"}),
    ):
        assert answer.status_code == status
        assert answer.get_json() == {"error": kind, "message": sentence}


def test_a_bug_shows_none_of_its_text(flask: Flask) -> None:
    answer = flask.test_client().get("/bug?lang=en")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "on our side" in answer.text


def test_a_page_that_does_not_exist_is_told_in_the_readers_language(flask: Flask) -> None:
    answer = flask.test_client().get("/nowhere")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert flask.test_client().get("/api/nowhere").get_json()["error"] == "not found"


def test_a_redirect_made_by_abort_stays_one(flask: Flask) -> None:
    assert flask.test_client().get("/away").location == "/"


def test_a_method_that_is_not_allowed_names_those_that_are(flask: Flask) -> None:
    answer = flask.test_client().post("/bug")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_the_session_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    (key,) = signing_keys(tmp_path)
    assert signing_keys(tmp_path) == [key]
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "session.key").stat().st_mode) == 0o600
    (tmp_path / "session.key").write_bytes(b"")
    with pytest.raises(OperatorError, match="damaged"):
        signing_keys(tmp_path)


def test_a_new_key_comes_after_the_old_ones_and_few_are_kept(tmp_path: Path) -> None:
    (first,) = signing_keys(tmp_path)
    assert add_signing_key(tmp_path) == 2
    assert signing_keys(tmp_path)[0] == first
    while len(signing_keys(tmp_path)) < 4:
        add_signing_key(tmp_path)
    with pytest.raises(RefusedError, match="Remove the old ones"):
        add_signing_key(tmp_path)
    newest = signing_keys(tmp_path)[-1]
    assert forget_signing_keys(tmp_path) == 3
    assert signing_keys(tmp_path) == [newest]
    assert forget_signing_keys(tmp_path) == 0
