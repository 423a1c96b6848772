"""A USB stick brings lists and releases straight to a computer that the site cannot reach."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError

from common.errors import NetworkError, RefusedError
from common.trust import FolderSource, Repository, Source
from common.trust.stick import WithStick
from tests.support.program_world import PRODUCT
from updater import stick
from updater.engine import Engine
from updater.paths import DataFolder
from updater.status import as_text, describe, describe_program


class Line(Source):
    """The site's server, until the line is cut."""

    def __init__(self, vendor):
        self.vendor, self.away = vendor, False

    @property
    def name(self):
        return "the site"

    def open(self, path, offset=0):
        if self.away:
            raise DownloadError("no connection")
        return self.vendor.open(path, offset)


@pytest.fixture
def line(world, vendor):
    """The world's engine as `updater.app` wires it, on a line that can be cut."""
    line = Line(vendor)
    source = WithStick(line, world.folder.stick)
    repository = Repository(world.folder.trust, vendor.first_root, source, world.clock)
    world.tools = dataclasses.replace(world.tools, repository=repository)
    world.engine = Engine(PRODUCT, world.tools)
    world.engine.recover()
    return line


def plug_in(vendor, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in vendor.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def bring(world, vendor, folder: Path) -> stick.Brought:
    memory = world.root / "memory-of-the-stick"
    shutil.rmtree(memory, ignore_errors=True)
    if world.folder.trust.exists():
        shutil.copytree(world.folder.trust, memory, symlinks=True)
    source = FolderSource(folder)
    repository = Repository(memory, vendor.first_root, source, world.clock)
    return stick.bring(world.program, dataclasses.replace(world.tools, repository=repository))


def prolong(vendor, world, days):
    for signed in (vendor.root, vendor.targets, vendor.snapshot, vendor.timestamp,
                   *vendor.products.values()):  # fmt: skip
        signed.expires = world.clock.now() + timedelta(days=days)
    vendor.root.version += 1
    vendor.targets.version += 1
    vendor.sign_root()
    vendor.bump(PRODUCT)


def test_a_release_on_a_stick_is_installed_while_nobody_is_reached(world, vendor, line, tmp_path):
    world.settle()
    line.away = world.comm.away = True
    vendor.ship(PRODUCT, "1.1.0")
    brought = bring(world, vendor, plug_in(vendor, tmp_path / "stick"))
    assert (brought.product, brought.version) == (PRODUCT, "1.1.0")
    shutil.rmtree(tmp_path / "stick")  # it may be pulled
    assert world.settle().current.version == "1.1.0"


def test_expired_lists_stop_new_installs_and_a_stick_brings_fresh_ones(
    world, vendor, line, tmp_path
):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    world.clock.advance(days=31)
    program = world.settle()
    assert program.current.version == "1.0.0"  # it runs on
    assert world.running_slot == program.current.digest
    receipt = world.receipts()[-1]
    assert receipt["outcome"] == "refused"  # and the site, and the vendor, hear of it
    assert "has passed its date" in receipt["reason"]
    # The vendor signs again, and the stick is faster than the site.
    old = dict(vendor.files)
    prolong(vendor, world, 30)
    bring(world, vendor, plug_in(vendor, tmp_path / "stick"))
    vendor.files = old
    assert world.settle().current.version == "1.1.0"


def test_without_a_stick_a_release_that_was_not_allowed_waits(world, vendor, line):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    world.comm.away = True
    world.engine.hint()
    with pytest.raises(AssertionError, match="available"):
        world.settle()
    assert world.program.current.version == "1.0.0"


def test_while_the_site_answers_it_decides(world, vendor, line, tmp_path):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    bring(world, vendor, plug_in(vendor, tmp_path / "stick"))
    world.comm.go, world.comm.why = False, "It is halted."
    with pytest.raises(AssertionError, match="It is halted"):
        world.settle()


def test_a_tampered_stick_is_refused_and_the_one_before_is_kept(world, vendor, line, tmp_path):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    bring(world, vendor, plug_in(vendor, tmp_path / "stick"))
    before = sorted(path.name for path in world.folder.stick.rglob("*"))
    vendor.ship(PRODUCT, "1.2.0")
    folder = plug_in(vendor, tmp_path / "stick")
    (pack,) = folder.glob(f"targets/{PRODUCT}/1.2.0/*/*.full.tar.zst")
    pack.write_bytes(pack.read_bytes()[::-1])
    with pytest.raises(RefusedError) as caught:
        bring(world, vendor, folder)
    assert caught.value.kind == "tampered"
    assert sorted(path.name for path in world.folder.stick.rglob("*")) == before


def test_rollback_by_an_old_stick_is_refused_at_once(world, vendor, line, tmp_path):
    world.settle()
    folder = plug_in(vendor, tmp_path / "stick")
    vendor.ship(PRODUCT, "1.1.0")
    world.settle()
    with pytest.raises(RefusedError) as caught:
        bring(world, vendor, folder)
    assert caught.value.kind == "rollback"


def test_a_stick_that_is_not_complete(world, vendor, line, tmp_path):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    folder = plug_in(vendor, tmp_path / "stick")
    (pack,) = folder.glob(f"targets/{PRODUCT}/1.1.0/*/*.full.tar.zst")
    pack.unlink()
    with pytest.raises(NetworkError):
        bring(world, vendor, folder)
    assert not world.folder.stick.exists()


def test_a_newer_site_wins_over_an_older_stick(world, vendor, line, tmp_path):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    bring(world, vendor, plug_in(vendor, tmp_path / "stick"))
    vendor.ship(PRODUCT, "1.2.0")
    assert world.settle().current.version == "1.2.0"


@pytest.mark.parametrize("junk", [b"", b"{}", b" " * 1_000_000])
def test_a_site_that_sends_junk_is_told_of_and_not_covered_up(world, vendor, line, tmp_path, junk):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    bring(world, vendor, plug_in(vendor, tmp_path / "stick"))
    vendor.files["metadata/timestamp.json"] = junk
    assert world.settle().current.version == "1.0.0"
    assert world.receipts()[-1]["outcome"] == "refused"


def test_status_and_text_tell_of_expired_lists(world, vendor, tmp_path):
    (world.folder.root / "trust").mkdir(parents=True, exist_ok=True)
    memory = world.folder.trust / "own-0"
    Repository(memory, vendor.first_root, vendor, world.clock).refresh()
    told = describe_program(DataFolder(world.root), world.program, world.clock)
    assert told["lists"]["expired"] is False
    world.clock.advance(days=31)
    whole = describe(DataFolder(world.root), world.journal, world.identity, world.clock)
    assert whole["programs"][0]["lists"]["expired"] is True
    assert "passed its date on 2026-12-21: what is installed runs on" in as_text(whole)
