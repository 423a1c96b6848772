from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import OperatorError
from home.keys import KeyFolder, read_passphrase
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock


def test_keys_are_readable_by_their_owner_alone(home: HomeSettings) -> None:
    keys = home.folder / "keys"
    names = sorted(str(path.relative_to(keys)) for path in keys.rglob("*.pem"))
    assert names == [
        "offline/root-1.pem", "offline/root-2.pem", "offline/root-3.pem", "offline/targets.pem",
        "online/ack.pem", "online/bundle.pem", "online/snapshot.pem", "online/timestamp.pem",
    ]  # fmt: skip
    for path in keys.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_making_keys_again_keeps_them(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    assert len(keys.create()) == 8
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.pem")}
    assert keys.create() == []
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.pem")}


def test_a_passphrase_protects_offline_keys_alone(tmp_path: Path) -> None:
    KeyFolder(tmp_path, b"correct horse").create()
    assert b"ENCRYPTED" in (tmp_path / "offline" / "root-1.pem").read_bytes()
    assert b"ENCRYPTED" not in (tmp_path / "online" / "timestamp.pem").read_bytes()
    assert KeyFolder(tmp_path, b"correct horse").public("offline/root-1")
    locked = KeyFolder(tmp_path)
    for opened in (locked.online_signers("timestamp"), locked.ack(), locked.bundle()):
        assert opened
    with pytest.raises(OperatorError, match="CALLSTEAD_HOME_PASSPHRASE_FILE"):
        locked.offline_signers({"root-1"})
    with pytest.raises(OperatorError, match="the passphrase is another one"):
        KeyFolder(tmp_path, b"wrong").public("offline/root-1")


def test_a_home_with_a_passphrase_signs(
    settings: HomeSettings, clock: FakeClock, tmp_path: Path
) -> None:
    file = tmp_path / "passphrase"
    file.write_text("correct horse\n")
    settings = replace(settings, passphrase_file=str(file))
    room.initialise(settings, clock)
    with room.open_releases(settings, clock) as releases:
        assert releases.add_product("phone")
    file.unlink()
    assert room.freshen(replace(settings, passphrase_file=""), clock, force=True)


@pytest.mark.parametrize("content", [None, b"", b"\n"])
def test_a_missing_or_empty_passphrase_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "p").write_bytes(content)
    with pytest.raises(OperatorError, match=str(tmp_path / "p")):
        read_passphrase(str(tmp_path / "p"))


def test_a_key_that_is_away_is_named(home: HomeSettings, clock: FakeClock) -> None:
    (home.folder / "keys" / "offline" / "targets.pem").unlink()
    releases = room.open_releases(home, clock)
    with releases as opened, pytest.raises(OperatorError, match=r"targets\.pem"):
        opened.add_product("phone")


def test_a_damaged_key_is_named(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    keys.create()
    (tmp_path / "online" / "ack.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\n!")
    with pytest.raises(OperatorError, match=r"ack\.pem cannot be opened"):
        keys.ack()
