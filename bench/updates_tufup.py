"""tufup's side of the comparison; runs in the venv that has it, one step in one process."""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path

from tufup.common import Patcher, TargetMeta
from tufup.repo import Repository


def main() -> None:
    step, place, *arguments = sys.argv[1:]
    folder = Path(place)
    os.chdir(folder)  # where it looks for its configuration
    if step == "add":
        tree, version = arguments
        repository = opened()
        repository.add_bundle(tree, version)
        repository.publish_changes([folder / "keys"])
        return
    archive = Path(arguments[0])
    if step == "apply":
        # As its client does: the patch gives the next archive, which is then unpacked.
        patch = Path(arguments[1])
        meta = TargetMeta(patch.name, custom=_custom(opened(), patch.name))
        archive = folder / "patched.tar.gz"
        Patcher.patch_and_verify(Path(arguments[0]), archive, {meta: patch})
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "unpacked", filter="data")


def opened() -> Repository:
    if Path("keys").exists():
        return Repository.from_config()
    repository = Repository("appliance", repo_dir="repository", keys_dir="keys")
    repository.save_config()
    repository.initialize()
    return repository


def _custom(repository: Repository, name: str) -> dict:
    return repository.roles.targets.signed.targets[name].custom


main()
