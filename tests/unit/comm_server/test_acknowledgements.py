from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask, Response

from comm_server.mail.acknowledgements import fetch
from comm_server.site import Site
from common.errors import NetworkError, RefusedError, RemoteError
from common.serving.certificates import ensure_self_signed
from common.wire.signing import sign
from tests.support.serving import served
from tests.support.site import TestSite, VendorKeys

DIGEST = "a" * 64


class Vendor:
    """The vendor's web; ``answer`` is what it says next."""

    def __init__(self) -> None:
        self.answer: Callable[[], Any] = lambda: Response(status=404)


@pytest.fixture
def vendor(site: TestSite, tmp_path: Path) -> Iterator[tuple[Vendor, Site]]:
    vendor, flask = Vendor(), Flask("vendor")
    flask.add_url_rule("/acks/<name>", "acks", lambda name: vendor.answer())
    with served(flask, tls=ensure_self_signed(tmp_path / "home-tls")) as server:
        url = f"https://localhost:{server.port}/acks/{site.parts.site.site}.json"
        yield vendor, replace(site.parts.site, acks_url=url)


def ask(site: Site) -> list[tuple[int, str]]:
    with requests.Session() as session:
        return list(fetch(site, session).acknowledged)


def test_what_the_vendor_signed_is_believed(site: TestSite, vendor: tuple[Vendor, Site]):
    web, here = vendor
    web.answer = lambda: site.vendor.acknowledgement(here.site, (1, DIGEST), (2, DIGEST))
    assert ask(here) == [(1, DIGEST), (2, DIGEST)]


def test_404_means_that_nothing_arrived_yet(vendor: tuple[Vendor, Site]):
    _web, here = vendor
    assert ask(here) == []


def test_another_key_is_refused(vendor: tuple[Vendor, Site]):
    web, here = vendor
    web.answer = lambda: VendorKeys().acknowledgement(here.site, (1, DIGEST))
    with pytest.raises(RefusedError, match="signature"):
        ask(here)


def test_a_changed_statement_is_refused(site: TestSite, vendor: tuple[Vendor, Site]):
    web, here = vendor
    signed = site.vendor.acknowledgement(here.site, (1, DIGEST))
    signed["statement"]["acknowledged"].append({"sequence": 2, "sha256": DIGEST})
    web.answer = lambda: signed
    with pytest.raises(RefusedError, match="signature"):
        ask(here)


def test_another_sites_acknowledgement_is_refused(site: TestSite, vendor: tuple[Vendor, Site]):
    web, here = vendor
    web.answer = lambda: site.vendor.acknowledgement("another", (1, DIGEST))
    with pytest.raises(RefusedError, match="another site"):
        ask(here)


@pytest.mark.parametrize("size", [256 * 1024 + 1, 5_000_000])
def test_an_oversized_answer_is_not_read_to_its_end(vendor: tuple[Vendor, Site], size: int):
    web, here = vendor
    web.answer = lambda: Response(b" " * size, mimetype="application/json")
    with pytest.raises(RemoteError, match="more than"):
        ask(here)


@pytest.mark.parametrize("status", [500, 403, 204])
def test_other_statuses_are_the_vendors_fault(vendor: tuple[Vendor, Site], status: int):
    web, here = vendor
    web.answer = lambda: Response(status=status)
    with pytest.raises(RemoteError, match=str(status)):
        ask(here)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b"{}", b"null", b"3"])
def test_what_is_no_signed_statement_is_told_as_such(vendor: tuple[Vendor, Site], body: bytes):
    web, here = vendor
    web.answer = lambda: Response(body)
    with pytest.raises((RemoteError, RefusedError)):
        ask(here)


@pytest.mark.parametrize(
    "entries", [None, 3, [3], [{}], [{"sequence": "x", "sha256": "y"}], [{"sequence": 1}]]
)
def test_signed_nonsense_is_told_as_such(
    site: TestSite, vendor: tuple[Vendor, Site], entries: object
):
    web, here = vendor
    statement = {"format": 1, "site": here.site, "acknowledged": entries}
    web.answer = lambda: sign(statement, site.vendor.ack)
    with pytest.raises(RemoteError, match="form"):
        ask(here)


def test_nobody_there_is_the_network(site: TestSite):
    with pytest.raises(NetworkError, match="not reached"):
        ask(replace(site.parts.site, acks_url="https://127.0.0.1:1/acks/x.json"))


def test_a_server_with_another_certificate_is_not_asked(
    vendor: tuple[Vendor, Site], tmp_path: Path
):
    _web, here = vendor
    other = ensure_self_signed(tmp_path / "other").certificate
    with pytest.raises(NetworkError):
        ask(replace(here, home_ca=other))


def test_a_body_that_breaks_off_is_the_network(vendor: tuple[Vendor, Site]):
    web, here = vendor

    def broken() -> Response:
        return Response(b"not gzip", headers={"Content-Encoding": "gzip"})

    web.answer = broken
    with pytest.raises(NetworkError):
        ask(here)


def test_the_courier_marks_what_was_acknowledged(site: TestSite, vendor: tuple[Vendor, Site]):
    web, here = vendor
    site.bundle()
    sha256 = site.store.value("SELECT sha256 FROM bundles")
    site.parts.courier._site = here
    web.answer = lambda: Response(
        json.dumps(site.vendor.acknowledgement(here.site, (1, sha256))), mimetype="application/json"
    )
    assert site.parts.courier.hear() == [1]
    web.answer = lambda: Response(status=500)
    assert site.parts.courier.hear() == []
