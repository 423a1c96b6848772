"""The vendor's console: how far a release has come, site by site, and why."""

from __future__ import annotations

import pytest

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
