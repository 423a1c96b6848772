"""Each attack on a reader of the lists is refused, and with its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import RefusedError
from common.trust import Repository
from common.trust.pack import read_pack
from common.wire.release import pack_target
from tests.support.attacks import ATTACKS
from tests.support.repository_simulator import PLATFORM, RepositorySimulator


def read_all(reader: Repository, folder: Path) -> str:
    """All that a client does before it installs."""
    reader.refresh()
    version = reader.channel("phone", "stable")[PLATFORM]
    manifest = reader.manifest("phone", version, PLATFORM)
    reader.download(pack_target("phone", version, PLATFORM), folder / f"{version}.pack")
    read_pack(folder / f"{version}.pack", manifest)
    return version


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(reader: Repository, vendor: RepositorySimulator, tmp_path: Path, name: str) -> None:
    attack, kind = ATTACKS[name]
    assert read_all(reader, tmp_path) == "1.0.0"
    vendor.bump()
    assert read_all(reader, tmp_path) == "1.0.0"
    attack(vendor, "phone")
    with pytest.raises(RefusedError) as caught:
        read_all(reader, tmp_path)
    assert caught.value.kind == kind, str(caught.value)
