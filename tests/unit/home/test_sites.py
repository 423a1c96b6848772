from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import OperatorError
from home.sites import add_site, list_sites, silent_sites
from tests.support.vendor import Vendor


def test_a_taken_name_is_refused_and_leaves_no_kit(vendor: Vendor, tmp_path: Path) -> None:
    vendor.add_site("North")
    with pytest.raises(OperatorError, match="already"):
        add_site(vendor.store, vendor.kits(), "North", tmp_path / "second.json", vendor.clock)
    assert not (tmp_path / "second.json").exists()


def test_a_kit_that_cannot_be_written_leaves_no_site(vendor: Vendor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="cannot be written"):
        add_site(vendor.store, vendor.kits(), "X", tmp_path / "file" / "kit", vendor.clock)
    assert list_sites(vendor.store) == []


def test_a_kit_never_replaces_a_file(vendor: Vendor, tmp_path: Path) -> None:
    (tmp_path / "kit").write_text("precious")
    with pytest.raises(OperatorError, match="exists already"):
        add_site(vendor.store, vendor.kits(), "X", tmp_path / "kit", vendor.clock)
    assert (tmp_path / "kit").read_text() == "precious"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_names_are_for_people(vendor: Vendor, tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="printable"):
        add_site(vendor.store, vendor.kits(), name, tmp_path / "kit", vendor.clock)


def test_a_site_is_silent_after_its_hours(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail(reason="alive"))
    assert silent_sites(vendor.store, vendor.clock, 26) == []
    vendor.clock.advance(hours=27)
    assert [row["name"] for row in silent_sites(vendor.store, vendor.clock, 26)] == ["North"]
    vendor.receive(site.mail(reason="alive"))
    assert silent_sites(vendor.store, vendor.clock, 26) == []


def test_the_list_counts_what_a_site_has_sent(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail(clients=[site.client()]))
    (row,) = list_sites(vendor.store)
    assert (row["bundles"], row["last_sequence"], row["clients"]) == (1, 1, 1)


def test_a_kit_names_the_console_that_mails_link_to(vendor: Vendor, tmp_path: Path) -> None:
    add_site(vendor.store, vendor.kits(), "North", tmp_path / "a", vendor.clock)
    assert json.loads((tmp_path / "a").read_text())["console"] == "https://home:8070"
    inside = replace(vendor.kits(), console="https://console.office:443")
    add_site(vendor.store, inside, "South", tmp_path / "b", vendor.clock)
    assert json.loads((tmp_path / "b").read_text())["console"] == "https://console.office:443"
