"""The page that shows people the REST interface."""

from __future__ import annotations

import re

from openapi_spec_validator import OpenAPIV31SpecValidator


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


def test_browsers_are_told_to_come_by_tls_alone(house):
    answer = house.browser().get("/sign-in")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    house.change_settings(hsts_days=0)
    assert "Strict-Transport-Security" not in house.browser().get("/sign-in").headers
