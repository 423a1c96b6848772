"""A slot on disk that is no longer as it was signed is found, told, and built again.

The slots are hashed again once a day, at each start, and by ``callstead updater verify``. What was
changed may be in memory already: after the repair the program is started again, drained first.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import sentry_sdk

from common.atomic import fsync_folder
from common.errors import CallsteadError, RefusedError
from common.logs import get_logger
from common.wire.release import pack_target
from updater import build, check, fetch, slots
from updater.journal import Program, Release
from updater.tools import Tools

log = get_logger(__name__)
STEP = "verify"


def findings_of(program: Program, tools: Tools) -> dict[str, list[str]]:
    """What is not as it was signed, by the version of each installed release that has findings."""
    return {
        release.version: found
        for release in _installed(program)
        if (found := slots.verify(tools.folder.slots, release.digest))
    }


def alarm(program: Program, tools: Tools, found: dict[str, list[str]]) -> str:
    """Tell the site and the vendor, once; the sentence that they get."""
    version, findings = next(iter(found.items()))
    sentence = (
        f"The installed {program.product} {version} was changed on this computer's disk: "
        f"{findings[0]} Find out who did it; it is built again from the vendor's pack."
    )
    log.error("slot.tampered", product=program.product, version=version, findings=findings[:20])
    sentry_sdk.capture_message(sentence, level="error")
    check.tell_refusal(program, tools, STEP, RefusedError("tampered", sentence))
    return sentence


def repair(program: Program, tools: Tools, progress: fetch.Progress) -> None:
    """Build every installed release again that is not as it was signed.

    Raises:
        RefusedError: the vendor's repository has no such release any more, or not these bytes.
        NetworkError: it broke off; call again to go on.
        OperatorError: it cannot be written.
    """
    found = findings_of(program, tools)
    if found:
        tools.repository.refresh()
    for release in _installed(program):
        if release.version in found:
            _build_again(release, program, tools, progress)
    tools.journal.accepted(program.product, STEP)


def _build_again(
    release: Release, program: Program, tools: Tools, progress: fetch.Progress
) -> None:
    manifest = tools.repository.manifest(program.product, release.version, tools.platform)
    if manifest.digest != release.digest:
        raise RefusedError("tampered", f"The vendor's {release.version} is another build.")
    name = pack_target(program.product, release.version, tools.platform)
    length, _sha256 = tools.repository.info(name)
    pack = tools.folder.downloads / f"{release.digest}.tar.zst"
    tools.folder.downloads.mkdir(parents=True, exist_ok=True)
    if not pack.exists():
        needed = length + manifest.size
        fetch.check_space(tools.folder.root, needed, tools.settings.disk_reserve)
    tools.repository.download(name, pack, progress)
    # Beside the slots, so that the changed one is there until the right one takes its place.
    aside = tools.folder.root / "repair"
    _swap(build.build(pack, manifest, aside), tools.folder.slots, release.digest)
    slots.remove_tree(aside)
    fetch.forget(tools.folder)
    log.info("slot.repaired", product=program.product, version=release.version)


def _swap(built: Path, folder: Path, digest: str) -> None:
    built.chmod(0o700)  # a folder that is moved elsewhere is written to
    old = folder / digest
    if old.exists():
        leaving = folder / f"{slots.REMOVING}{digest}"
        if leaving.exists():
            slots.remove_tree(leaving)
        old.rename(leaving)
    built.rename(old)
    old.chmod(slots.READ_ONLY_FOLDER)
    (built.parent / f"{digest}.json").replace(folder / f"{digest}.json")
    fsync_folder(folder)
    with contextlib.suppress(CallsteadError):
        slots.sweep(folder)


def _installed(program: Program) -> list[Release]:
    return [release for release in (program.current, program.previous) if release]
