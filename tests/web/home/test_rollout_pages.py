"""The vendor's console: how far a release has come, site by site, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.wire.release import Manifest
from common.wire.rollout import Terms
from home.pack import pack
from home.publish import room
from tests.support.events import EVIL
from tests.unit.home.test_rollouts import rollout
from tests.web.home.conftest import WebHome

PAGE = "/releases/of/companion/1.0.2"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ("halted", "1.0.2 did not hold on seat-1", "installed <strong>2</strong>")),
     ("zh-CN", ("已停止", "未能稳定运行", "已安装 <strong>2</strong>"))],
)  # fmt: skip
def test_a_releases_progress_is_drawn_by_site(
    web_home: WebHome, language: str, said: tuple[str, ...]
) -> None:
    site = web_home.add_site("West")
    web_home.receive(site.mail(rollouts=[rollout()]))
    member = web_home.member()
    for path in (PAGE, f"/sites/{site.id}"):
        page = member.get(path, language)
        for words in said:
            assert words in page, path
        assert '<svg viewBox="0 0 640 14"' in page
        assert "2 / 10" in page
        assert "rollout." not in page


def test_two_sites_are_drawn_together_and_one_by_one(web_home: WebHome) -> None:
    for name in ("West", "East"):
        site = web_home.add_site(name)
        web_home.receive(site.mail(rollouts=[rollout()]))
    page = web_home.member().get(PAGE)
    assert page.count("<svg") == 3
    assert "installed <strong>4</strong>" in page


def test_a_clients_ring_state_and_reason_are_shown(web_home: WebHome) -> None:
    site = web_home.add_site()
    program = {"product": "companion", "release": "1.0.1", "ring": "canary", "state": "waiting",
               "reason": "A call is going on."}  # fmt: skip
    web_home.receive(site.mail(clients=[site.client(programs=[program])]))
    page = web_home.member().get(f"/sites/{site.id}")
    for words in ("companion 1.0.1", "Ring canary", "waiting", "A call is going on."):
        assert words in page


def test_hostile_words_of_a_site_stay_text(web_home: WebHome) -> None:
    site = web_home.add_site()
    told = rollout(state=EVIL, sentence=EVIL, channel=EVIL, rings=[{"ring": EVIL, "installed": 1}])
    web_home.receive(site.mail(rollouts=[told]))
    member = web_home.member()
    for path in (PAGE, f"/sites/{site.id}", "/releases"):
        assert EVIL not in member.get(path)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ("Halted by Bea: it loses calls", "rings canary 5%, all approve; 60 quiet minutes",
             "Delta failed", "2× The delta is cut off.")),
     ("zh-CN", ("由 Bea 暂停：it loses calls", "批次之间平稳 60 分钟", "差分失败"))],
)  # fmt: skip
def test_what_the_vendor_said_and_asked_and_which_deltas_failed_are_shown(
    web_home: WebHome, tmp_path: Path, language: str, said: tuple[str, ...]
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "run").write_text("x")
    draft = Manifest("companion", "1.0.2", "linux-x86_64", ("run",), ())
    pack(tree, draft, tmp_path / "pack", level=1, clock=web_home.clock)
    terms = Terms(("canary 5%", "all approve"), quiet=3600)
    with room.open_releases(web_home.parts.settings.current, web_home.clock) as releases:
        releases.publish(tmp_path / "pack", "Ann")
        releases.promote("companion", "1.0.2", "test", "Ann", terms=terms)
        releases.halt("companion", "1.0.2", "it loses calls", "Bea")
    site = web_home.add_site()
    way = {"by": "full", "bytes": 900, "delta_refused": "The delta is cut off."}
    told = [site.receipt(id=n, version="1.0.2", way=way) for n in "12"]
    web_home.receive(site.mail({"receipts": told}, clients=[site.client()]))
    member = web_home.member()
    page = member.get(PAGE, language)
    for words in said:
        assert words in page
    assert said[0] in member.get("/releases", language)
    assert "halt: Bea" not in page, "that is no approval"
