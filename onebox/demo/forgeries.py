"""Chapter 6: a tampered release and a replayed old one are offered, and refused."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING

from common.clock import SystemClock
from common.locks import exclusive
from onebox.calls import StepError, command, refused_command
from onebox.demo.error_home import program
from onebox.layout import callstead
from onebox.prepare import PRODUCT

if TYPE_CHECKING:
    from onebox.demo.play import Story
    from onebox.demo.update_in import Builds


def keep_a_copy(story: Story) -> Path:
    """What an eavesdropper keeps: the publication as it is now, signatures and all."""
    copy = story.layout.home / "demo" / "replay"
    shutil.rmtree(copy.parent, ignore_errors=True)
    with _nothing_published_meanwhile(story):
        shutil.copytree(story.layout.folder("home") / "publication", copy)
    return copy


def tampered(story: Story, builds: Builds) -> None:
    """A release that the vendor did sign, with one byte of its pack changed on the way."""
    story.at = "6"
    vendor = _copy_of_the_vendor(story)
    pack = story.layout.home / "packs" / f"{PRODUCT}-{story.versions.forged}"
    shutil.rmtree(pack, ignore_errors=True)
    built = builds[story.versions.fixed].result(timeout=1)
    command(
        "home", "pack", str(built), "--product", PRODUCT, "--version", story.versions.forged,
        "--start", PRODUCT, "--health-path", "/healthz", "--out", str(pack),
    )  # fmt: skip
    # A copy of the vendor signs it, so that the honest publication never holds this version.
    env = os.environ | {"CALLSTEAD_HOME_DATA_DIR": str(vendor)}
    _run(env, "home", "publish", str(pack), "--channel", "dev")
    for channel in ("test", "stable"):
        _run(
            env, "home", "promote", PRODUCT, story.versions.forged, "--to", channel, "--by", "demo"
        )
    folder = vendor / "publication" / "targets" / PRODUCT / story.versions.forged
    victim = next(folder.rglob("*full.tar.zst"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o644)
    victim.write_bytes(data)
    _offer(story, "6a", "a tampered release", vendor / "publication")


def replayed(story: Story, copy: Path) -> None:
    """The vendor's own publication from before the fix."""
    _offer(story, "6b", "a replayed old state", copy)
    shutil.rmtree(copy.parent, ignore_errors=True)


def _copy_of_the_vendor(story: Story) -> Path:
    """Keys, publication and approvals of the home at work, whole although it goes on working."""
    home, copy = story.layout.folder("home"), story.layout.home / "demo" / "vendor"
    with _nothing_published_meanwhile(story):
        for name in ("keys", "publication"):
            shutil.copytree(home / name, copy / name)
    with (
        closing(sqlite3.connect(home / "home.db", timeout=30)) as live,
        closing(sqlite3.connect(copy / "home.db")) as kept,
    ):
        live.backup(kept)
    return copy


def _nothing_published_meanwhile(story: Story) -> AbstractContextManager[None]:
    """The vendor's own lock: a folder copied while it changes is neither the old nor the new."""
    return exclusive(
        story.layout.folder("home") / "publish.lock",
        busy="The vendor has been publishing for a minute (process {holder}).",
        wait=60,
        clock=SystemClock(),
    )


def _offer(story: Story, number: str, what: str, folder: Path) -> None:
    answer = refused_command("comm", "import", str(folder))
    running = program()["version"]
    if running != story.versions.fixed:
        raise StepError(f"after {what}, {PRODUCT} {running} runs")
    story.teller.step(number, f"{what} was refused: {answer['sentence']}", kind=answer["kind"])


def _run(env: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        callstead(*arguments), env=env, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        raise StepError(f"the copy of the vendor could not sign: {done.stderr.strip()}")
