"""The files that make the desk a program: small on the wire, and asked for at once."""

from __future__ import annotations

import gzip

from appliance.api.desk_page import BUILT, manifest, needed
from tests.web.appliance.conftest import ORIGIN

AGENT = ("main.ts", "agent/AgentBar.vue", "agent/AgentPage.vue", "agent/texts/zh-CN.json")


def get(person, name: str, **headers: str):
    return person._client.get(f"/desk/{name}", headers=headers, base_url=ORIGIN)


def test_an_agents_scripts_are_named_in_the_page_at_once(agents):
    scripts, styles = needed(manifest(BUILT), AGENT)
    page = agents[0]._client.get("/?lang=zh-CN", base_url=ORIGIN).text
    for name in (*scripts, *styles):
        assert page.count(f"/desk/{name}") == 1


def test_a_script_comes_gzipped_to_those_who_take_it_and_whole_to_others(agents):
    name = manifest(BUILT)["main.ts"]["file"]
    whole = (BUILT / name).read_bytes()
    for accepts, coding, content in (
        ("gzip, br", "gzip", gzip.decompress), ("br", None, bytes), ("gzip;q=0", None, bytes),
    ):  # fmt: skip
        with get(agents[0], name, **{"Accept-Encoding": accepts}) as answer:
            assert answer.headers.get("Content-Encoding") == coding
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert "Accept-Encoding" in answer.headers["Vary"]
            assert "immutable" in answer.headers["Cache-Control"]
            assert content(answer.data) == whole
    assert get(agents[0], "nothing.js", **{"Accept-Encoding": "gzip"}).status_code == 404
