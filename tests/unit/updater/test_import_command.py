"""`callstead updater import`, as an administrator types it at a computer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from common.cli import main
from common.clock import SystemClock
from common.wire.release import pack_target, this_platform
from tests.support import repository_simulator
from tests.support.repository_simulator import RepositorySimulator
from tests.support.site_simulator import SiteSimulator
from updater.paths import DataFolder


@pytest.fixture
def vendor(monkeypatch):
    monkeypatch.setattr(repository_simulator, "PLATFORM", this_platform())
    made = RepositorySimulator("companion")
    for signed in (made.root, made.targets, made.snapshot, made.timestamp,
                   *made.products.values()):  # fmt: skip
        signed.expires = SystemClock().now().replace(microsecond=0) + timedelta(days=9)
    made.sign_root()
    made.ship("companion", "1.0.0")
    return made


@pytest.fixture
def stick(tmp_path, vendor):
    for path, data in vendor.files.items():
        (tmp_path / "stick" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "stick" / path).write_bytes(data)
    return tmp_path / "stick"


@pytest.fixture
def joined(tmp_path, monkeypatch, vendor):
    monkeypatch.setenv("CALLSTEAD_HOME", str(tmp_path))
    (tmp_path / "root.json").write_bytes(vendor.first_root)
    with SiteSimulator(tmp_path / "ca", tmp_path).served() as site:
        run("join", site.address, site.code, "--root", str(tmp_path / "root.json"), "--name", "s1")
        run("adopt", "companion", "--port", "9001")
    return DataFolder(tmp_path / "updater")  # from here on the site is away


def run(*arguments, expect=0):
    done = CliRunner().invoke(main, ["updater", *arguments])
    assert done.exit_code == expect, done.output
    return done.output


def test_a_stick_is_verified_and_kept(joined, stick, vendor):
    (told,) = json.loads(run("import", str(stick), "--json"))
    assert (told["product"], told["version"]) == ("companion", "1.0.0")
    assert told["holds_until"].startswith(f"{vendor.timestamp.expires:%Y-%m-%d}")
    target = pack_target("companion", "1.0.0", this_platform())
    folder, _, name = target.rpartition("/")
    kept = joined.program("companion").stick / "targets" / folder
    assert any(path.name.endswith(f".{name}") for path in kept.iterdir())
    assert "companion: 1.0.0; the lists hold until" in run("import", str(stick))


def test_a_strangers_stick_is_refused_with_status_5(joined, stick):
    thief = RepositorySimulator("companion")
    thief.timestamp.version = 9
    thief.ship("companion", "6.6.6")
    for path, data in thief.files.items():
        if path.startswith("metadata/") and "root" not in path:
            (stick / path).write_bytes(data)
    assert "does not carry the signatures it needs" in run("import", str(stick), expect=5)
    assert not joined.program("companion").stick.exists()


def test_an_empty_folder_is_not_reached_with_status_3(joined, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "could not be fetched" in run("import", str(tmp_path / "empty"), expect=3)
