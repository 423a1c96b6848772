"""When the site asks what the vendor says."""

from __future__ import annotations

import pytest

from comm_server import courier as module
from comm_server.mail.ack_source import Keep
from tests.support.site import TestSite, crash


class Asked:
    """Takes the update channel's place, and counts."""

    times = 0

    def __init__(self, *_parts: object) -> None:
        pass

    def hear(self, _keep: Keep) -> list[int]:
        Asked.times += 1
        return []


def minutes(site: TestSite, number: int) -> int:
    """Let so many minutes pass as the clockwork does; how often it asked."""
    before = Asked.times
    for _ in range(number * 12):
        site.clock.advance(5)
        site.parts.courier._hear_in_time()
    return Asked.times - before


@pytest.fixture(autouse=True)
def _channel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ChannelSource", Asked)


def test_it_asks_often_while_an_acknowledgement_is_awaited_else_seldom(site: TestSite) -> None:
    assert minutes(site, 60) == 4  # a decision of the vendor's is heard within a quarter
    site.report(crash(1))
    number = site.bundle()
    site.store.execute("UPDATE bundles SET state = 'sent', sent_at = created_at")
    assert minutes(site, 10) == 40
    site.acknowledge(number)
    assert minutes(site, 60) == 4


def test_it_asks_at_once_when_it_starts(site: TestSite) -> None:
    before = Asked.times
    site.parts.courier._hear_in_time()
    assert Asked.times == before + 1
