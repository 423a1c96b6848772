"""The drill of docs/keys.md, played for real: keys change while clients and mirrors are away."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Migrations
from tuf.api.metadata import Metadata, Snapshot, Timestamp

from comm_server.mirror import Accepted, Mirror, Refused
from comm_server.mirror import schema as mirror_schema
from common.errors import OperatorError, RefusedError
from common.spool import Store
from common.trust import FolderSource, Repository
from home.keys import ROOTS, KeyFolder
from home.publish import room, rotation
from home.publish.draft import describe, read_draft
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.support.kills import Killed, killed_at, no_power_cut
from tests.unit.home.publish.conftest import PLATFORM, MakePack, Reader

__all__ = ["no_power_cut"]


def rotate(home: HomeSettings, clock: FakeClock, *names: str) -> None:
    with room.open_publication(home, clock) as (publication, keys):
        publication.commit(rotation.rotate(publication, keys, names))


def offline(home: HomeSettings, name: str) -> Path:
    return home.folder / "keys" / "offline" / f"{name}.pem"


class Mirrored:
    """A site's mirror, which starts from the root that its kit brought."""

    def __init__(self, home: HomeSettings, folder: Path, clock: FakeClock) -> None:
        self.source = FolderSource(home.folder / "publication")
        self.root = (home.folder / "publication" / "metadata" / "1.root.json").read_bytes()
        self.folder, self.clock = folder, clock
        migrations = Migrations("test")
        mirror_schema.add_to(migrations)
        mirror_schema.add_notices_to(migrations)
        mirror_schema.add_terms_to(migrations)
        self.store = Store(folder / "comm.db", migrations)
        self.mirror = Mirror(
            folder / "mirror",
            self.root,
            self.store,
            lambda: {("phone", "dev", PLATFORM)},
            lambda *_release: None,
            clock=clock,
        )

    def offer(self) -> Accepted | Refused:
        return self.mirror.offer(self.source, "pull")

    def follows(self, client: str = "seat") -> str:
        """The version that a client of this site sees, after the mirror took the newest state."""
        answer = self.offer()
        assert isinstance(answer, Accepted), answer
        live = FolderSource(self.mirror.live)
        reader = Repository(self.folder / client, self.root, live, self.clock)
        reader.refresh()
        return reader.channel("phone", "dev")[PLATFORM]


@pytest.fixture
def mirrored(home: HomeSettings, tmp_path: Path, clock: FakeClock) -> Iterator[Mirrored]:
    mirrored = Mirrored(home, tmp_path / "mirrored", clock)
    yield mirrored
    mirrored.store.close()


@pytest.fixture
def released(home: HomeSettings, clock: FakeClock, make_pack: MakePack) -> None:
    with room.open_releases(home, clock) as releases:
        releases.publish(make_pack("1.0.0"), "Ann")


def publish(home: HomeSettings, clock: FakeClock, pack: Path) -> None:
    with room.open_releases(home, clock) as releases:
        releases.publish(pack, "Ann")


@pytest.mark.usefixtures("released")
def test_a_client_and_a_mirror_that_were_away_for_three_rotations_follow(
    home: HomeSettings, clock: FakeClock, reader: Reader, mirrored: Mirrored, make_pack: MakePack
) -> None:
    assert reader.sees("dev") == mirrored.follows() == "1.0.0"
    # Not one key of the first root is left at the end.
    for names in (("timestamp", "snapshot", "root-1"), ("root-2", "targets"), ("root-3", "phone")):
        clock.advance(days=1)
        rotate(home, clock, *names)
    publish(home, clock, make_pack("1.0.1"))
    assert reader.sees("dev") == mirrored.follows() == "1.0.1"
    assert mirrored.follows("a seat that joined only now") == "1.0.1"
    first = Metadata.from_bytes(mirrored.root).signed
    with room.open_publication(home, clock) as (publication, _keys):
        root = publication.root()
    assert root.version == 4
    assert not set(first.keys) & set(root.keys)
    assert (root.roles["root"].threshold, len(root.roles["root"].keyids)) == (2, 3)


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("name", [*ROOTS, "targets", "snapshot", "timestamp", "phone", "root"])
def test_every_role_can_change_its_key(
    home: HomeSettings, clock: FakeClock, reader: Reader, make_pack: MakePack, name: str
) -> None:
    reader.sees("dev")
    before = {path.name: path.read_bytes() for path in (home.folder / "keys").rglob("*.pem")}
    rotate(home, clock, name)
    assert reader.sees("dev") == "1.0.0"
    publish(home, clock, make_pack("1.0.1"))
    room.freshen(home, clock, force=True)
    assert reader.sees("dev") == "1.0.1"
    after = {path.name: path.read_bytes() for path in (home.folder / "keys").rglob("*.pem")}
    changed = {file for file in after if after[file] != before.get(file)}
    expected = {"phone": {"product-phone.pem"}, "root": set()}.get(name, {f"{name}.pem"})
    assert changed == expected
    assert before.keys() == after.keys()


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("lost", ["root-2", "targets", "timestamp", "snapshot", "product-phone"])
def test_a_lost_key_is_replaced_without_it(
    home: HomeSettings, clock: FakeClock, reader: Reader, lost: str, make_pack: MakePack
) -> None:
    reader.sees("dev")
    (path,) = (home.folder / "keys").rglob(f"{lost}.pem")
    path.unlink()
    rotate(home, clock, lost.removeprefix("product-"))
    publish(home, clock, make_pack("1.0.1"))
    assert reader.sees("dev") == "1.0.1"
    assert path.exists()


@pytest.mark.usefixtures("released")
def test_two_lost_root_keys_are_too_many_and_nothing_changes(
    home: HomeSettings, clock: FakeClock, reader: Reader
) -> None:
    offline(home, "root-1").unlink()
    offline(home, "root-2").unlink()
    with pytest.raises(OperatorError, match="root carries 1 of 2 signatures") as caught:
        rotate(home, clock, "root-2")
    assert "--export" in str(caught.value)
    assert reader.sees("dev") == "1.0.0"


@pytest.mark.usefixtures("released")
def test_stolen_online_keys_and_a_fast_forward_are_healed_at_client_and_mirror(
    home: HomeSettings, clock: FakeClock, reader: Reader, mirrored: Mirrored, make_pack: MakePack
) -> None:
    stolen = home.folder.parent / "stolen"
    shutil.copytree(home.folder / "keys", stolen)
    metadata = home.folder / "publication" / "metadata"
    honest = {path.name: path.read_bytes() for path in metadata.iterdir()}
    fast_forward(metadata, KeyFolder(stolen), 2**31)
    # What the thief can do: keep everyone from hearing of anything newer. Nothing is installed.
    assert reader.sees("dev") == mirrored.follows() == "1.0.0"
    for path in metadata.iterdir():
        path.unlink()
    for name, data in honest.items():
        (metadata / name).write_bytes(data)
    publish(home, clock, make_pack("1.0.1"))
    with pytest.raises(RefusedError, match="older than one already seen"):
        reader.sees("dev")
    rotate(home, clock, "timestamp", "snapshot")
    assert reader.sees("dev") == mirrored.follows() == "1.0.1"
    # And what he still holds opens nothing any more.
    fast_forward(metadata, KeyFolder(stolen), 2**31 + 1)
    with pytest.raises(RefusedError) as caught:
        reader.sees("dev")
    assert caught.value.kind == "signature"
    refused = mirrored.offer()
    assert isinstance(refused, Refused)
    assert refused.kind == "signature"


def fast_forward(metadata: Path, keys: KeyFolder, version: int) -> None:
    """The state as it is under the highest of numbers, signed by what a thief of keys has."""
    timestamp = Metadata[Timestamp].from_file(str(metadata / "timestamp.json"))
    name = f"{timestamp.signed.snapshot_meta.version}.snapshot.json"
    snapshot = Metadata[Snapshot].from_file(str(metadata / name))
    timestamp.signed.version = snapshot.signed.version = version
    timestamp.signed.snapshot_meta.version = version
    timestamp.signed.snapshot_meta.hashes = timestamp.signed.snapshot_meta.length = None
    for role, data, file in (
        ("snapshot", snapshot, f"{version}.snapshot.json"),
        ("timestamp", timestamp, "timestamp.json"),
    ):
        for signer in keys.online_signers(role):
            data.sign(signer)
        (metadata / file).write_bytes(data.to_bytes())


@pytest.mark.usefixtures("released")
def test_root_keys_are_added_and_removed_and_the_threshold_stays(
    home: HomeSettings, clock: FakeClock, reader: Reader
) -> None:
    with room.open_publication(home, clock) as (publication, keys):
        root = publication.root()
        with pytest.raises(OperatorError, match="3 root keys are the fewest"):
            rotation.remove_root_key(root, "root-1")
        rotation.add_root_key(root, "root-4", keys.make_next("offline/root-4"))
        publication.commit({"root": root})
        rotation.remove_root_key(root, "root-1")
        publication.commit({"root": root})
        for wrong in ("root-4", "root", "targets", "root-0"):
            with pytest.raises(OperatorError, match="cannot name a further root key"):
                rotation.add_root_key(root, wrong, keys.make_next("offline/other"))
        with pytest.raises(OperatorError, match="no root key root-1"):
            rotation.remove_root_key(root, "root-1")
    assert reader.sees("dev") == "1.0.0"
    assert offline(home, "root-4").exists()
    with room.open_publication(home, clock) as (publication, _keys):
        root = publication.root()
    assert (root.roles["root"].threshold, len(root.roles["root"].keyids)) == (2, 3)


@pytest.mark.usefixtures("released")
def test_two_people_sign_on_two_machines_and_no_private_key_travels(
    home: HomeSettings, clock: FakeClock, reader: Reader, tmp_path: Path
) -> None:
    reader.sees("dev")
    ann, bea = KeyFolder(tmp_path / "ann"), KeyFolder(tmp_path / "bea")
    for name, person in (("root-1", ann), ("root-3", bea)):
        (person.folder / "offline").mkdir(parents=True)
        offline(home, name).replace(person.folder / "offline" / f"{name}.pem")
    offline(home, "root-2").unlink()  # lost with its laptop; Bea makes the new one
    rotation.write_public(bea.make_next("offline/root-2"), tmp_path / "root-2.pub")
    file = tmp_path / "to-be-signed.json"
    with room.open_publication(home, clock) as (publication, keys):
        given = rotation.read_public(tmp_path / "root-2.pub")
        publication.export(rotation.rotate(publication, keys, ["root-2"], given), file)
        for person in (ann, bea):
            carried = read_draft(file)
            with pytest.raises(OperatorError, match="root carries"):
                publication.finish(carried)
            assert any("root-2" in line and "no longer" in line for line in describe(carried))
            digest = carried.digest
            assert carried.sign(person) == ["root"]
            assert carried.digest == digest
            carried.write(file)
        publication.finish(read_draft(file))
    assert reader.sees("dev") == "1.0.0"
    assert sorted(path.name for path in (home.folder / "keys" / "offline").iterdir()) == [
        "product-phone.pem",
        "targets.pem",
    ]
    # The new key signs from now on, where it is.
    with room.open_publication(home, clock) as (publication, keys):
        draft = publication.draft(rotation.rotate(publication, keys, ["root"]))
        assert draft.sign(bea) == ["root"]
        publication.finish(draft)
    assert reader.sees("dev") == "1.0.0"


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("name", ["targets", "product-phone"])
def test_any_offline_key_can_be_made_where_it_shall_stay(
    home: HomeSettings, clock: FakeClock, reader: Reader, tmp_path: Path, name: str
) -> None:
    reader.sees("dev")
    ann = KeyFolder(tmp_path / "ann")
    rotation.write_public(ann.make_next(f"offline/{name}"), tmp_path / "new.pub")
    role = name.removeprefix("product-")
    with room.open_publication(home, clock) as (publication, keys):
        given = rotation.read_public(tmp_path / "new.pub")
        draft = publication.draft(rotation.rotate(publication, keys, [role], given))
        draft.sign(keys)
        with pytest.raises(OperatorError, match=f"{role} carries 0 of 1"):
            publication.finish(draft)
        draft.sign(ann)
        publication.finish(draft)
        with pytest.raises(OperatorError, match="is made here"):
            rotation.rotate(publication, keys, ["timestamp"], given)
    assert reader.sees("dev") == "1.0.0"


@pytest.mark.usefixtures("released")
def test_a_file_of_an_older_state_is_not_published(
    home: HomeSettings, clock: FakeClock, tmp_path: Path
) -> None:
    file = tmp_path / "to-be-signed.json"
    with room.open_publication(home, clock) as (publication, keys):
        publication.export(rotation.rotate(publication, keys, ["root-1"]), file)
        publication.commit(rotation.rotate(publication, keys, ["root-2"]))
        with pytest.raises(OperatorError, match="Export it again"):
            publication.finish(read_draft(file))


@pytest.mark.usefixtures("released")
def test_a_strangers_signature_counts_for_nothing(
    home: HomeSettings, clock: FakeClock, tmp_path: Path
) -> None:
    stranger = KeyFolder(tmp_path / "stranger")
    stranger.create()
    offline(home, "root-1").unlink()
    with room.open_publication(home, clock) as (publication, _keys):
        draft = publication.draft({"root": publication.root()})
        assert draft.sign(stranger) == []
        draft.coming["root"].sign(stranger.offline_signers({"root-2"})[0], append=True)
        with pytest.raises(OperatorError, match="carries 0 of 2"):
            publication.finish(draft)


@pytest.mark.usefixtures("released")
def test_a_carrier_who_changes_the_state_before_achieves_nothing(
    home: HomeSettings, clock: FakeClock, reader: Reader, tmp_path: Path
) -> None:
    thief = KeyFolder(tmp_path / "thief")
    thief.create()
    file = tmp_path / "to-be-signed.json"
    with room.open_publication(home, clock) as (publication, _keys):
        root = publication.root()
        for name in ROOTS:
            rotation.replace_root_key(root, name, thief.public(f"offline/{name}"))
        forged = publication.draft({"root": root})
        before = copy.deepcopy(forged.coming["root"])
        before.signed.version -= 1
        forged.now["root"] = before  # as if it had been so for long
        forged.sign(thief)
        forged.write(file)
        assert read_draft(file).lacking() == []
        assert "trusted from now on" not in "".join(describe(read_draft(file)))
        # Who is asked to sign still reads all the keys, and the home compares with its own state.
        assert thief.public("offline/root-1").keyid[:16] in "".join(describe(read_draft(file)))
        with pytest.raises(OperatorError, match="carries 0 of 2"):
            publication.finish(read_draft(file))
    assert reader.sees("dev") == "1.0.0"


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("name", ["../evil", "timestamp", "snapshot", "evil", "Root"])
def test_a_file_for_roles_that_nobody_signs_offline(
    home: HomeSettings, clock: FakeClock, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "to-be-signed.json"
    with room.open_publication(home, clock) as (publication, keys):
        draft = publication.draft({"phone": publication.role("phone")})
        draft.coming[name] = draft.coming.pop("phone")
        draft.write(file)

        def go_all_the_way() -> None:
            read = read_draft(file)
            assert read.sign(keys) == []
            publication.finish(read)

        with pytest.raises(OperatorError, match=r"nothing to be signed|Nobody may sign evil"):
            go_all_the_way()


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b'{"format": 2}', b'{"format":1,"now":{}}'])
def test_a_file_that_holds_nothing_to_sign(tmp_path: Path, junk: bytes) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(junk)
    with pytest.raises(OperatorError, match="nothing to be signed"):
        read_draft(file)


def test_a_role_that_is_not_there_is_named(home: HomeSettings, clock: FakeClock) -> None:
    for name in ("phone", "root-9", "../x"):
        with pytest.raises(OperatorError, match=r"There is no (root )?key"):
            rotate(home, clock, name)


@pytest.mark.usefixtures("no_power_cut", "released")
def test_a_rotation_killed_at_every_touch_of_the_disk(
    home: HomeSettings, settings: HomeSettings, clock: FakeClock, tmp_path: Path
) -> None:
    names = ("timestamp", "targets", "phone")

    def copy(name: str) -> HomeSettings:
        shutil.copytree(home.folder, tmp_path / name)
        return replace(settings, data_dir=str(tmp_path / name))

    whole = copy("whole")
    with killed_at(10**9) as count:
        rotate(whole, clock, *names)
    for step in range(1, count[0] + 1):
        there = copy(f"home{step}")
        reader = Reader(there, tmp_path / f"site{step}", clock)
        assert reader.sees("dev") == "1.0.0"
        with killed_at(step), pytest.raises(Killed):
            rotate(there, clock, *names)
        # At no moment does a reader meet lists that their keys do not open, and the running home
        # goes on by itself.
        assert reader.sees("dev") == "1.0.0"
        room.freshen(there, clock, force=True)
        assert reader.sees("dev") == "1.0.0"
        rotate(there, clock, *names)
        assert reader.sees("dev") == "1.0.0"
        assert not list((there.folder / "keys").rglob("*.next-*"))
