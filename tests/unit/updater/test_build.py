"""A pack becomes a slot whole or not at all, whatever is in it."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import tarfile

import pytest
import zstandard

from common.errors import OperatorError, RefusedError
from common.wire.release import File, Manifest, read_manifest
from tests.support.repository_simulator import manifest_of, pack_of
from updater import slots
from updater.build import build

FILES = {"run": b"#!/bin/sh\n", "lib/deep/data.bin": b"x" * 70_000, "empty": b""}


@pytest.fixture
def ground(tmp_path):
    """A folder for slots, and the way to write a pack beside it."""

    class Ground:
        slots = tmp_path / "slots"
        pack = tmp_path / "pack"

        def build(self, data: bytes, manifest: Manifest):
            self.pack.write_bytes(data)
            return build(self.pack, manifest, self.slots)

        def refuses(self, data: bytes, manifest: Manifest, kind: str = "pack") -> str:
            with pytest.raises(RefusedError) as refused:
                self.build(data, manifest)
            assert refused.value.kind == kind
            left = list(self.slots.iterdir()) if self.slots.exists() else []
            assert left == [], "something was left behind"
            assert {p.name for p in tmp_path.iterdir()} <= {"slots", "pack"}
            return str(refused.value)

    return Ground()


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for info, data in members:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return zstandard.compress(plain.getvalue())


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o755
    return info


def test_a_slot_holds_exactly_the_manifests_files_and_nobody_can_write(ground):
    manifest = manifest_of("companion", "1.0.0", FILES)
    slot = ground.build(pack_of(FILES), manifest)
    assert slot.name == manifest.digest
    for name, data in FILES.items():
        assert (slot / name).read_bytes() == data
        assert (slot / name).stat().st_mode & 0o777 == 0o555
    for folder in (slot, slot / "lib", slot / "lib" / "deep"):
        assert folder.stat().st_mode & 0o777 == 0o555
    assert slots.verify(ground.slots, manifest.digest) == []
    assert slots.manifest_of(ground.slots, manifest.digest) == manifest
    assert not list(ground.slots.glob(".*"))


def test_building_a_slot_that_is_there_and_sound_needs_no_pack(ground):
    manifest = manifest_of("companion", "1.0.0", FILES)
    slot = ground.build(pack_of(FILES), manifest)
    inode = slot.stat().st_ino
    ground.pack.unlink()
    assert build(ground.pack, manifest, ground.slots).stat().st_ino == inode


def test_a_slot_that_is_not_sound_is_built_again(ground):
    manifest = manifest_of("companion", "1.0.0", FILES)
    slot = ground.build(pack_of(FILES), manifest)
    (slot / "run").chmod(0o755)
    (slot / "run").write_bytes(b"evil")
    ground.build(pack_of(FILES), manifest)
    assert (slot / "run").read_bytes() == FILES["run"]


def test_what_a_killed_run_left_half_built_is_replaced(ground):
    manifest = manifest_of("companion", "1.0.0", FILES)
    half = ground.slots / f".building-{manifest.digest}" / "lib"
    half.mkdir(parents=True)
    (half / "junk").write_text("junk")
    half.chmod(0o555)
    slot = ground.build(pack_of(FILES), manifest)
    assert slots.compare(slot, manifest) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "lib/../../evil", "not/named"])
def test_a_path_that_leaves_the_slot_or_is_not_named_is_refused(ground, name):
    manifest = manifest_of("companion", "1.0.0", {"run": b"ok"})
    pack = tar_of((member("run"), b"ok"), (member(name), b"evil"))
    assert "does not name" in ground.refuses(pack, manifest)


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../b", "a\\b", "./a", ""])
def test_a_manifest_with_a_path_that_leaves_the_slot_cannot_even_be_read(path):
    import json

    value = json.loads(manifest_of("companion", "1.0.0", {"run": b"ok"}).to_bytes())
    value["files"][0]["path"] = value["start"][0] = path
    with pytest.raises(RefusedError):
        read_manifest(value)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_links_folders_and_devices_in_a_pack_are_refused(ground, kind):
    manifest = manifest_of("companion", "1.0.0", {"run": b""})
    ground.refuses(tar_of((member("run", kind, "/etc/passwd"), b"")), manifest)


def test_a_link_beside_the_named_files_is_refused_before_it_is_made(ground):
    manifest = manifest_of("companion", "1.0.0", {"run": b"ok", "lib/x": b"x"})
    pack = tar_of((member("lib", tarfile.SYMTYPE, "/tmp"), b""), (member("run"), b"ok"))
    ground.refuses(pack, manifest)


def test_a_file_twice_or_missing_or_changed_is_refused(ground):
    manifest = manifest_of("companion", "1.0.0", {"run": b"ok"})
    ground.refuses(tar_of((member("run"), b"ok"), (member("run"), b"ok")), manifest)
    ground.refuses(tar_of(), manifest)
    ground.refuses(tar_of((member("run"), b"no")), manifest)
    ground.refuses(b"this is no pack", manifest)


def test_a_small_pack_that_expands_without_end_is_stopped(ground):
    manifest = manifest_of("companion", "1.0.0", {"run": b"ok"})
    bomb = zstandard.compress(b"\0" * 200_000_000)
    assert len(bomb) < 50_000
    ground.refuses(bomb, manifest)
    bomb = tar_of((member("run"), b"\0" * 50_000_000))
    ground.refuses(bomb, manifest)


def test_a_manifest_that_wants_a_file_to_be_a_folder_too_is_refused(ground):
    data = b"ok"
    sha = hashlib.sha256(data).hexdigest()
    manifest = dataclasses.replace(
        manifest_of("companion", "1.0.0", {"run": data}),
        files=(File("run", 0o755, 2, sha), File("run/sub", 0o755, 2, sha)),
    )
    ground.refuses(tar_of((member("run"), data), (member("run/sub"), data)), manifest, "manifest")


def test_a_full_disk_is_told_and_leaves_nothing(ground, monkeypatch):
    manifest = manifest_of("companion", "1.0.0", FILES)
    ground.pack.write_bytes(pack_of(FILES))

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("updater.build.shutil.copyfileobj", full)
    with pytest.raises(OperatorError, match="No space left on device"):
        build(ground.pack, manifest, ground.slots)
    assert list(ground.slots.iterdir()) == []


def test_a_setuid_bit_never_reaches_the_disk(ground):
    info = member("run")
    info.mode = 0o4755
    manifest = manifest_of("companion", "1.0.0", {"run": b"ok"})
    slot = ground.build(tar_of((info, b"ok")), manifest)
    assert (slot / "run").stat().st_mode & 0o7777 == 0o555


@pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX")
class TestVerify:
    """What `callstead updater verify` finds."""

    @pytest.fixture
    def slot(self, ground):
        self.manifest = manifest_of("companion", "1.0.0", FILES)
        made = ground.build(pack_of(FILES), self.manifest)
        for folder in (made, made / "lib", made / "lib" / "deep"):
            folder.chmod(0o755)
        (made / "run").chmod(0o755)
        return made

    def findings(self, slot):
        return slots.verify(slot.parent, slot.name)

    def test_changed_bytes_of_the_same_length(self, slot):
        (slot / "run").write_bytes(b"#!/bin/rm\n")
        (slot / "run").chmod(0o555)
        assert self.findings(slot) == ["run was changed."]

    def test_another_length_another_mode_an_added_and_a_missing_file(self, slot):
        (slot / "lib/deep/data.bin").chmod(0o777)
        (slot / "run").write_bytes(b"longer than before")
        (slot / "more").write_text("")
        (slot / "empty").unlink()
        assert sorted(self.findings(slot)) == [
            "empty is missing.",
            "lib/deep/data.bin has the mode 777.",
            "more was added.",
            "run has 18 bytes instead of 10.",
        ]

    def test_a_link_in_the_place_of_a_file_or_beside_it(self, slot, tmp_path):
        (slot / "run").rename(tmp_path / "elsewhere")
        (slot / "run").symlink_to(tmp_path / "elsewhere")
        (slot / "door").symlink_to("/")
        assert self.findings(slot) == ["door was added.", "run is no longer a plain file."] or (
            self.findings(slot) == ["run is no longer a plain file.", "door was added."]
        )

    def test_a_changed_manifest_or_a_missing_slot(self, slot):
        path = slot.with_name(f"{slot.name}.json")
        path.write_bytes(path.read_bytes().replace(b'"1.0.0"', b'"9.0.0"'))
        assert "was changed" in self.findings(slot)[0]
        slots.remove(slot.parent, slot.name)
        assert self.findings(slot) == [f"The slot {slot.name[:12]} is gone."]


def test_only_current_and_previous_are_kept(ground):
    digests = []
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        manifest = manifest_of("companion", version, {"run": version.encode()})
        ground.build(pack_of({"run": version.encode()}), manifest)
        digests.append(manifest.digest)
    assert slots.remove_all_but(ground.slots, digests[1:]) == digests[:1]
    assert {s.digest for s in slots.all_slots(ground.slots)} == set(digests[1:])
    assert {p.stem for p in ground.slots.glob("*.json")} == set(digests[1:])
