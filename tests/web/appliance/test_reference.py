"""The page that shows people the REST interface."""

from __future__ import annotations

import html
import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from appliance.domain.refusals import KINDS, WEB_KINDS
from appliance.domain.roles import PERMISSIONS, Role
from tests.web.appliance.conftest import ORIGIN
from tests.web.appliance.test_permissions import key_of


def test_the_page_names_every_address_and_every_link_on_it_leads_somewhere(house):
    browser = house.browser()
    page = browser.get("/api/docs")
    document = browser.get("/api/openapi.json").json
    assert page.status_code == 200
    assert all(path in page.text for path in document["paths"])
    targets = set(re.findall(r'href="#([^"]+)"', page.text))
    assert targets <= set(re.findall(r'id="([^"]+)"', page.text))
    assert "REST 接口" in house.browser("zh-CN").get("/api/docs").text
    # The strict policy of all our pages: nothing on it is a script or a style of its own.
    assert "<script" not in page.text
    assert " style=" not in page.text


def test_the_description_is_one_by_the_specification(house):
    document = house.browser().get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1.")
    wrong = OpenAPIV31SpecValidator(document).iter_errors()
    assert [f"{list(one.absolute_path)}: {one.message}" for one in wrong] == []


def test_every_example_is_taken_as_it_stands(house):
    house.signed_in()
    key = key_of(house, "admin", *PERMISSIONS[Role.ADMINISTRATOR])
    client = house.appliance.flask.test_client()
    shown = 0
    for path, item in house.browser().get("/api/openapi.json").json["paths"].items():
        for method, one in item.items():
            body = one.get("requestBody", {}).get("content", {}).get("application/json", {})
            if not body:
                continue
            house.clock.advance(1)
            shown += 1
            here = re.sub(r"{\w+}", "999", path.replace("{role}", "agent"))
            answer = client.open(
                here, method=method.upper(), json=body["example"], base_url=ORIGIN,
                headers={"Authorization": f"Bearer {key}", "If-Match": "*"},
            )  # fmt: skip
            assert answer.status_code < 500, (path, answer.text)
            problem = answer.json if answer.status_code >= 400 else {}
            wrong = [one for one in problem.get("errors", ()) if one["kind"] not in KINDS]
            assert not wrong, (method, path, body["example"], wrong)
    assert shown > 60


def test_the_page_shows_a_newcomer_how_to_begin_and_what_may_be_refused(house):
    page = html.unescape(house.browser().get("/api/docs").text)
    assert f"{ORIGIN}/api/v1/queues" in page
    for kind, sentence in {**KINDS, **WEB_KINDS}.items():
        assert f"<code>{kind}</code></dt><dd>{sentence}</dd>" in page


def test_browsers_are_told_to_come_by_tls_alone(house):
    answer = house.browser().get("/sign-in")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    house.change_settings(hsts_days=0)
    assert "Strict-Transport-Security" not in house.browser().get("/sign-in").headers
