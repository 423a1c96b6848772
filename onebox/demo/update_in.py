"""Chapters 4 and 5: a fix comes in; a bad release is undone and never tried again."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onebox import prepare
from onebox.calls import StepError, command, wait_for
from onebox.demo.error_home import INPUT, dial, home_api, program
from onebox.demo.versions import BROKEN_SOURCE, FAULTY_SOURCE, FIXED_SOURCE
from onebox.layout import CLIENT_NAME
from onebox.prepare import PRODUCT

if TYPE_CHECKING:
    from onebox.demo.play import Story

Builds = dict[str, "Future[Path]"]


def build_ahead(story: Story) -> Builds:
    """Let PyInstaller work on the fix and the bad release while the story goes on."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="build")
    builds: Builds = {}
    for version, source in (
        (story.versions.fixed, FIXED_SOURCE),
        (story.versions.broken, BROKEN_SOURCE),
    ):
        builds[version] = pool.submit(prepare.build, version, source, story.layout.home / "build")
    pool.shutdown(wait=False)
    return builds


def bring_back_the_fault(story: Story) -> None:
    """On a site where the story was told before: the faulty program again, under a new number."""
    if not story.versions.retold:
        return
    story.teller.note("the story was told here before; publishing the fault under a new number")
    version = story.versions.faulty
    prepare.publish(prepare.pack_version(story.layout, version, FAULTY_SOURCE), version)
    _wait_committed(story, version)


def fix(story: Story, builds: Builds) -> None:
    """4: packed, signed, published, mirrored, verified again, switched, committed."""
    story.at = "4"
    version = story.versions.fixed
    pack = _publish(story, version, builds, "4a")
    mirrored = wait_for(f"{version} at the site's mirror", lambda: _mirrored(version), 60)
    story.teller.step(
        "4b", f"the mirror pulled {version}, verified it with TUF and announced it",
        at=mirrored["at"],
    )  # fmt: skip
    status = _wait_committed(story, version)
    states = _states(version)
    story.teller.step(
        "4c", f"{CLIENT_NAME} verified it from its own root, switched and committed",
        slot=status["digest"][:12], states=">".join(states), pack_bytes=_size(pack),
    )  # fmt: skip
    # 202: durable; the main thread dials next.
    wait_for(f"{version} to take {INPUT!r}", lambda: dial(INPUT).status_code == 202, 20)
    call = wait_for("the dialled number", _dialled, 20)
    story.teller.step(
        "4d", f"{PRODUCT} {version} handles {INPUT!r}",
        number=call["number"], extension=call["extension"],
    )  # fmt: skip


def bad_release(story: Story, builds: Builds) -> None:
    """5: the broken release is tried, undone, reported, and never tried again."""
    story.at = "5"
    version = story.versions.broken
    _publish(story, version, builds, "5a")
    receipt = wait_for(
        f"the rollback of {version}",
        lambda: next(
            (r for r in command("updater", "history") if _is(r, version, "rolled_back")), None
        ),
        90,
    )
    now = wait_for("the version before, back at work", program, 30)
    if now["version"] != story.versions.fixed:
        raise StepError(f"{now['version']} runs after the rollback of {version}")
    story.teller.step(
        "5b", f"{version} did not start; {CLIENT_NAME} went back to {now['version']} by itself",
        reason=receipt["note"],
    )  # fmt: skip
    command("updater", "check")
    bad = [b for b in command("updater", "status")["bad_releases"] if b["version"] == version]
    if not bad:
        raise StepError(f"{version} is not on the client's list of releases never to try again")
    tries = [
        r
        for r in command("updater", "history")
        if _is(r, version, "switching") and r["event"] == "free"
    ]
    if len(tries) != 1:
        raise StepError(f"{version} was tried {len(tries)} times")
    story.teller.step("5c", f"{version} will not be tried again", digest=bad[0]["digest"][:12])
    known = wait_for(
        "the receipt at the vendor",
        lambda: next(
            (
                r
                for r in home_api(story, "/api/receipts")
                if r["version"] == version and r["outcome"] == "rolled_back"
            ),
            None,
        ),
        60,
    )
    story.teller.step("5d", "the vendor sees why", reason=known["reason"])


def _publish(story: Story, version: str, builds: Builds, number: str) -> Path:
    story.teller.note(f"waiting for PyInstaller to finish {PRODUCT} {version}")
    builds[version].result(timeout=240)
    source = FIXED_SOURCE if version == story.versions.fixed else BROKEN_SOURCE
    pack = prepare.pack_version(story.layout, version, source)
    prepare.publish(pack, version)
    story.teller.step(
        number, f"the vendor packed, signed and published {PRODUCT} {version}",
        pack_bytes=_size(pack), approved="dev>test>stable",
    )  # fmt: skip
    return pack


def _size(pack: Path) -> int:
    return sum(f.stat().st_size for f in pack.glob("*.tar.zst"))


def _mirrored(version: str) -> dict[str, Any] | None:
    rows = command("comm", "status")["mirrored"]
    return next((r for r in rows if r["product"] == PRODUCT and r["version"] == version), None)


def _wait_committed(story: Story, version: str) -> dict[str, Any]:
    def committed() -> dict[str, Any] | None:
        # The file that the updater writes each second: cheaper to ask than the command line.
        told = json.loads((story.layout.folder("updater") / "status.json").read_bytes())
        row = next(p for p in told["programs"] if p["product"] == PRODUCT)
        here = row["current"] or {}
        return dict(here) if (here.get("version"), row["state"]) == (version, "idle") else None

    found = wait_for(f"{version} committed on {CLIENT_NAME}", committed, 90)
    if wait_for("its health", program, 30)["version"] != version:
        raise StepError(f"the running program is not {version}")
    return found


def _states(version: str) -> list[str]:
    rows = command("updater", "history")
    return [r["state"] for r in rows if r["version"] == version and r["event"] != "act"]


def _is(row: dict[str, Any], version: str, state: str) -> bool:
    return (row["product"], row["version"], row["state"]) == (PRODUCT, version, state)


def _dialled() -> dict[str, Any] | None:
    calls = program("/calls")
    rows = calls["calls"] if isinstance(calls, dict) else calls
    return next((c for c in rows if c["text"] == INPUT and c.get("extension")), None)
