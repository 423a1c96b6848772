"""Reports that wait on disk: one gzipped Sentry envelope a file, named by its time.

Several processes may share a folder: file names are unique, the one that sends holds `sending`,
and ``dropped.json`` is changed under a lock of its own. A report never expires by age. A folder
that is full refuses what is new and counts it: the first reports explain more than the last.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from common import atomic, file_lock

ENVELOPE, CLIENT_REPORT = ".envelope.gz", ".counts.gz"
_KEPT_REFUSED = 20
_MEASURE_SECONDS = 5.0
_OLD_PART_SECONDS = 3600.0  # younger temp files may belong to another process that writes now


class ReportFolder:
    """The spool of one program.

    Args:
        folder: made when missing.
        most_bytes: reports beyond it are refused and counted.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._measured, self._measured_at = 0, float("-inf")
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(".*.part"):
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_mtime < time.time() - _OLD_PART_SECONDS:
                    part.unlink()

    def put(self, envelope: bytes, ending: str = ENVELOPE) -> bool:
        """Keep a serialised envelope durably; False when the folder is full.

        Raises OSError when the disk does not take it.
        """
        packed = gzip.compress(envelope, mtime=0)
        if ending == ENVELOPE and not self._has_room_for(len(packed)):
            return False
        name = f"{time.time_ns():020d}-{os.urandom(4).hex()}{ending}"
        atomic.write_bytes(self.folder / name, packed, mode=0o600)
        return True

    def waiting(self) -> list[Path]:
        """What is to be sent, oldest first."""
        endings = (ENVELOPE, CLIENT_REPORT)
        return sorted(p for p in self.folder.iterdir() if p.name.endswith(endings))

    def size(self) -> int:
        """Bytes that wait."""
        total = 0
        for path in self.waiting():
            with contextlib.suppress(FileNotFoundError):  # just sent
                total += path.stat().st_size
        return total

    def _has_room_for(self, size: int) -> bool:
        # Measuring a full folder takes a while, and a program in trouble reports often.
        if time.monotonic() > self._measured_at + _MEASURE_SECONDS or (
            self._measured + size > self.most_bytes
        ):
            self._measured, self._measured_at = self.size(), time.monotonic()
        self._measured += size
        return self._measured <= self.most_bytes

    def refuse(self, path: Path) -> None:
        """Put aside what the server will never take; only the newest few are kept."""
        aside = self.folder / "refused"
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
        for old in sorted(aside.iterdir())[:-_KEPT_REFUSED]:
            old.unlink(missing_ok=True)

    def count_lost(self, category: str, reason: str) -> None:
        """Note that a report of ``category`` (``error`` ...) was lost, and why."""
        with self._locked("dropped.lock"):
            counts = self._lost()
            key = f"{category} {reason}"
            counts[key] = counts.get(key, 0) + 1
            atomic.write_json(self.folder / "dropped.json", counts)

    def report_lost(self) -> None:
        """Turn the counts into a client report that waits like any other envelope."""
        if not (self.folder / "dropped.json").exists():
            return
        with self._locked("dropped.lock"):
            events = [
                {"category": key.split(" ")[0], "reason": key.split(" ")[1], "quantity": count}
                for key, count in self._lost().items()
            ]
            report = json.dumps({"timestamp": time.time(), "discarded_events": events})
            self.put(b'{}\n{"type":"client_report"}\n' + report.encode() + b"\n", CLIENT_REPORT)
            (self.folder / "dropped.json").unlink(missing_ok=True)

    @contextlib.contextmanager
    def sending(self) -> Iterator[bool]:
        """True for the one process that may send now; never waits."""
        with (self.folder / "sending.lock").open("ab") as file:
            yield file_lock.take(file.fileno())  # closing the file gives the lock back

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self.folder / name).open("ab") as file:
            file_lock.take(file.fileno(), wait=True)
            yield

    def _lost(self) -> dict[str, int]:
        try:
            return dict(json.loads((self.folder / "dropped.json").read_bytes()))
        except (OSError, ValueError):
            return {}
