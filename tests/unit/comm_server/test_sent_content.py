from __future__ import annotations

from dataclasses import replace

from comm_server import sent_content
from comm_server.housekeeping import tidy
from comm_server.unfreeze import unfreeze
from tests.support.site import TestSite, crash


def bundles(site: TestSite, number: int) -> None:
    for n in range(1, number + 1):
        site.report(crash(n, kind=f"Error{n}"))
        site.bundle()


def kept(site: TestSite) -> list[int]:
    return [row["sequence"] for row in site.store.rows("SELECT sequence FROM sent_content")]


def tidied(site: TestSite, **settings: float) -> list[int]:
    current = site.parts.settings.current
    console = replace(current.console, **settings)
    tidy(site.store, replace(current, console=console), site.clock)
    return kept(site)


def test_what_went_home_stays_readable_as_it_was_sealed(site: TestSite) -> None:
    site.report(crash(1, extra={"password": "hunter2"}))
    number = site.bundle()
    opened = site.opened(number).bundle
    site.acknowledge(number)
    assert sent_content.read(site.store, number) == opened
    assert next(iter(opened.reports.values()))["extra"] == {"password": "[scrubbed]"}


def test_what_the_vendor_does_not_have_is_never_let_go(site: TestSite) -> None:
    bundles(site, 3)
    site.acknowledge(1)
    assert tidied(site, keep_sent_bytes=0) == [2, 3]
    site.clock.advance(10_000 * 86400)
    assert tidied(site, keep_sent_days=0) == [2, 3]
    assert sent_content.read(site.store, 1) is None


def test_the_oldest_goes_first_and_only_as_much_as_must(site: TestSite) -> None:
    bundles(site, 3)
    site.acknowledge(1, 2, 3)
    sizes = [row["size"] for row in site.store.rows("SELECT size FROM sent_content")]
    assert tidied(site, keep_sent_bytes=sum(sizes)) == [1, 2, 3]
    assert tidied(site, keep_sent_bytes=sum(sizes) - 1) == [2, 3]
    site.clock.advance(91 * 86400)
    assert tidied(site) == []


def test_a_bundle_made_anew_has_its_content_made_anew(site: TestSite) -> None:
    bundles(site, 1)
    assert unfreeze(site.store, 1) == [1]
    assert kept(site) == []
    site.bundle()
    assert kept(site) == [1]
