from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from common.trust import Repository
from common.trust.expiry import Expiry, of_memory, of_published
from tests.support.clock import FakeClock
from tests.support.repository_simulator import RepositorySimulator


def lay(vendor: RepositorySimulator, folder: Path) -> Path:
    for path, data in vendor.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder / "metadata"


def test_before_the_first_look_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert of_memory(tmp_path) is None
    assert of_published(tmp_path) is None


@pytest.mark.parametrize(
    ("role", "what"),
    [
        ("root", "The vendor's list of trusted keys"),
        ("timestamp", "The vendor's dated statement of what is newest"),
        ("snapshot", "The vendor's list of releases"),
        ("targets", "The vendor's list of products"),
        ("phone", "The vendor's list of releases of phone"),
    ],
)
def test_the_list_that_passes_its_date_first_is_named(
    reader: Repository,
    vendor: RepositorySimulator,
    tmp_path: Path,
    clock: FakeClock,
    role: str,
    what: str,
) -> None:
    soon = clock.now() + timedelta(days=1)
    signed = vendor.products.get(role) or getattr(vendor, role)
    signed.expires = soon
    if role == "root":
        vendor.root.version += 1
        vendor.sign_root()
    elif role not in {"snapshot", "timestamp"}:
        signed.version += 1
    vendor.bump()
    reader.refresh()
    reader.channel("phone", "stable")
    published = of_published(lay(vendor, tmp_path / "site"))
    assert published == Expiry(role, soon)
    assert published.what == what
    kept = of_memory(tmp_path / "trusted")
    assert kept is not None
    assert kept.at == soon


def test_damaged_files_are_passed_over(vendor: RepositorySimulator, tmp_path: Path) -> None:
    metadata = lay(vendor, tmp_path)
    (metadata / "1.snapshot.json").write_bytes(b"{}")
    (metadata / "2.snapshot.json").write_bytes(b"\xff")
    found = of_published(metadata)
    assert found is not None
    (metadata / "timestamp.json").write_bytes(b"{")
    assert of_published(metadata) is None
