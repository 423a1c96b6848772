"""A fault in the desk's minified code is read at the vendor where it stands in the sources."""

from __future__ import annotations

import json
import re
import zipfile
from typing import Any

from home.maps import keep, maps_folder
from tests.architecture.house import ROOT
from tests.support.chromium import ANY_CERTIFICATE, chromium
from tests.support.look import sign_in
from tests.support.showroom import open_to_visitors
from tests.support.vendor import CRASH
from tests.web.home.conftest import web_home  # noqa: F401 - a fixture

MAPS = ROOT / "build" / "appliance.maps"  # beside what was built into appliance/static/built
BOARD = ROOT / "appliance" / "web" / "desk" / "agent" / "board.ts"


def fault_in_a_browser(folder) -> dict[str, Any]:
    """What the desk tells when the server answers nonsense."""
    with (
        open_to_visitors(folder, days=0) as (_room, address),
        chromium(ANY_CERTIFICATE) as browser,
    ):
        page = sign_in(browser, address, "anna", "en").new_page()
        page.route("**/api/v1/desk/board", lambda route: route.fulfill(json={}))
        with page.expect_request("**/api/v1/faults") as told:
            page.goto(address)
        data = told.value.post_data_buffer
    assert data is not None
    return json.loads(data.split(b"\n")[2])


def test_a_fault_of_the_minified_desk_is_shown_with_its_place_in_the_sources(web_home, tmp_path):  # noqa: F811
    event = fault_in_a_browser(tmp_path / "room")
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert re.search(r"/desk/board-[\w-]+\.js$", frames[-1]["filename"])
    site = web_home.add_site()
    entry = {
        "id": "e1", "fingerprint": "f1", "program": "appliance", "machine": "desk",
        "received_at": "2026-11-21T08:30:00.000Z",
    }  # fmt: skip
    problem = {**CRASH, "program": "appliance"}
    web_home.receive(site.mail({"reports": {"e1": event}}, problems=[problem], reports=[entry]))
    member = web_home.member()
    assert "agent/board.ts" not in member.get("/problems/1")  # nobody knows the map yet

    product, version = event["release"].split("@")
    keep(maps_folder(web_home.folder), MAPS, product, version)
    page = member.get("/problems/1")
    here = page[page.index('id="fault"') :]
    assert "agent/board.ts" in here[: here.index("</summary>")]
    row = re.search(r'class="row here"><span class="no">(\d+)</span>(.*)', here)
    assert row is not None
    assert BOARD.read_text().splitlines()[int(row[1]) - 1].strip() == row[2].strip()
    assert "board.cards" in row[2]


def test_what_a_site_gets_has_no_map_in_it():
    built = ROOT / "appliance" / "static" / "built"
    assert not list(built.rglob("*.map"))
    assert not [one for one in built.rglob("*.js") if b"sourceMappingURL" in one.read_bytes()]


def test_a_map_that_is_none_leaves_the_report_as_it_is(web_home):  # noqa: F811
    maps = maps_folder(web_home.folder)
    maps.mkdir()
    with zipfile.ZipFile(maps / "companion-1.0.0.zip", "w") as archive:
        archive.writestr("x.js.map", b'{"version": 3, "mappings": "*", "sources": []}')
    frame = {"filename": "https://desk/x.js", "lineno": 1, "colno": 1}
    event = {
        "release": "companion@1.0.0",
        "exception": {"values": [{"type": "Bad", "stacktrace": {"frames": [frame]}}]},
    }
    entry = {
        "id": "e1", "fingerprint": "f1", "program": "companion", "machine": "seat",
        "received_at": "2026-11-21T08:30:00.000Z",
    }  # fmt: skip
    mail = web_home.add_site().mail({"reports": {"e1": event}}, problems=[CRASH], reports=[entry])
    web_home.receive(mail)
    assert "https://desk/x.js" in web_home.member().get("/problems/1")
