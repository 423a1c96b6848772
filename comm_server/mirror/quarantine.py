"""What was refused, for a person to look at; bounded in number and size."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from common.atomic import fsync_tree
from common.clock import Clock


class Quarantine:
    """One folder for each refusal, named by its time, the oldest removed first.

    Args:
        folder: of all of them.
        most: how many are kept.
        clock: names them.
    """

    def __init__(self, folder: Path, most: int, clock: Clock) -> None:
        self._folder = folder
        self._most = most
        self._clock = clock

    def keep(self, kind: str, sentence: str, evidence: dict[str, bytes]) -> Path:
        """Write the reason and the offered metadata down; answers the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        moment = self._clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
        # A clock that was set back may give the same moment twice.
        names = (moment + "-again" * times for times in itertools.count())
        name = next(name for name in names if not (self._folder / name).exists())
        building, place = self._folder / f".building-{name}", self._folder / name
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        (building / "reason.txt").write_text(f"{kind}\n{sentence}\n", encoding="utf-8")
        for path, data in evidence.items():
            file = building / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        fsync_tree(building)
        building.replace(place)
        self._forget_old()
        return place

    def _forget_old(self) -> None:
        for building in self._folder.glob(".building-*"):
            shutil.rmtree(building, ignore_errors=True)
        kept = sorted(path for path in self._folder.iterdir() if path.is_dir())
        for old in kept[: -self._most]:
            shutil.rmtree(old, ignore_errors=True)
