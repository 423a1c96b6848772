"""What goes into our own products. That they are built the same twice: tests/drills."""

from __future__ import annotations

import configparser
import importlib.util
import tomllib

import pytest

from tests.unit.packaging.ground import ROOT

BUILD = ROOT / "packaging" / "products" / "build.py"


def build_script():
    spec = importlib.util.spec_from_file_location("product_build", BUILD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("product", ["appliance", "comm", "updater"])
def test_the_record_names_the_rooms_entries_and_the_tables_that_all_programs_share(
    tmp_path, product
):
    record = build_script().record_in(tmp_path, product, "1.2.3")
    assert record.name == "callstead-1.2.3.dist-info"
    written = configparser.ConfigParser()
    written.read(record / "entry_points.txt")
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for group, entries in known.items():
        ours = entries if group == "callstead.settings" else {product: entries[product]}
        assert dict(written[group]) == ours
        assert entries[product].startswith(build_script().PRODUCTS[product] + ".")


def test_what_the_makers_of_the_web_need_stays_outside(tmp_path):
    room = tmp_path / "root" / "appliance"
    for name in ("app.py", "web/page.html", "web/page.ts", "web/node_modules/x/x.js"):
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        (room / name).touch()
    (tmp_path / "root" / "common").mkdir()
    build_script().lay_out("appliance", tmp_path / "root", tmp_path / "source")
    copied = [path for path in (tmp_path / "source").rglob("*") if path.is_file()]
    assert {path.name for path in copied} == {"app.py", "page.html", "start.py"}


def test_the_sources_are_those_of_the_room_and_the_ground_alone(tmp_path):
    build_script().lay_out("comm", ROOT, tmp_path / "source")
    assert {path.name for path in (tmp_path / "source").iterdir()} == {
        "comm_server",
        "common",
        "start.py",
    }
    assert not list((tmp_path / "source").rglob("__pycache__"))
