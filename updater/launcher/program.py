"""The program that a launcher keeps running."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from updater.launcher.files import read_json, stamp, write_json
from updater.launcher.rules import Pointer, describe_end
from updater.platform import here


class Program:
    """A running program: started here, or found running and adopted."""

    def __init__(self, record: dict[str, Any], child: subprocess.Popen[bytes] | None) -> None:
        self.generation: int = record["generation"]
        self.slot: str = record["slot"]
        self.pid: int = record["pid"]
        self._started: int = record["started"]
        self._since = datetime.fromisoformat(record["since"])
        self._child = child
        self._ended: str | None = None

    @classmethod
    def start(cls, folder: Path, pointer: Pointer, env: dict[str, str]) -> Program:
        """Start the pointer's slot. Raises OSError, ValueError or SubprocessError."""
        slot = folder / "slots" / str(pointer.slot)
        manifest = read_json(slot.with_name(f"{pointer.slot}.json"))
        if not manifest or not manifest.get("start"):
            raise ValueError(f"the slot {pointer.slot} has no manifest that says how to start it")
        if "product" in manifest and "version" in manifest:
            # From the slot, not from launch.json: whoever is brought back says who it is.
            env = env | {"CALLSTEAD_RELEASE": f"{manifest['product']}@{manifest['version']}"}
        if pointer.trial and pointer.closed:
            # As long as that file says that this generation is on trial, nobody is let in.
            doors = f"{pointer.generation}:{folder / 'current.json'}"
            env = env | {"CALLSTEAD_CLOSED_DOORS": doors}
        data = env.get("CALLSTEAD_PROGRAM_DATA", "")
        running = folder / "running.json"

        def announce(pid: int) -> None:
            record: dict[str, Any] = {"generation": pointer.generation, "slot": pointer.slot}
            record |= {"pid": pid, "started": here.kernel_start(pid)}
            record |= {"boot": here.boot_id(), "since": stamp()}
            write_json(running, record, durable=False)  # after a power cut nothing runs anyway

        with (folder / "log" / "program.log").open("ab") as log:
            child = here.start(
                [str(slot / manifest["start"][0]), *manifest["start"][1:]],
                cwd=Path(data) if data and Path(data).is_dir() else slot,
                env=env,
                log=log,
                announce=announce,
            )
        record = read_json(running)
        if record is None:
            raise OSError(f"{running} vanished")
        return cls(record, child)

    @classmethod
    def find(cls, folder: Path) -> Program | None:
        """The program that an earlier launcher left running."""
        record = read_json(folder / "running.json")
        if not record or record.get("boot") != here.boot_id():
            return None
        return cls(record, None) if here.kernel_start(record["pid"]) == record["started"] else None

    def ended(self) -> str | None:
        """None while it runs, then how it ended. Takes the helpers it left behind with it."""
        if self._ended is None:
            if self._child:
                runs = self._child.poll() is None
            else:
                runs = here.kernel_start(self.pid) == self._started
            if not runs:
                here.end_now(self.pid)
                status = self._child.returncode if self._child else None
                self._ended = describe_end(status, self.seconds())
        return self._ended

    def seconds(self) -> float:
        """How long ago it was started."""
        return max(0.0, (datetime.now(UTC) - self._since).total_seconds())

    def stop(self, seconds: float) -> str:
        """Ask it to end, after ``seconds`` end it; answers how it ended."""
        here.ask_to_end(self.pid)
        deadline = time.monotonic() + seconds
        while (how := self.ended()) is None:
            if time.monotonic() >= deadline:
                here.end_now(self.pid)
            time.sleep(0.02)
        return how
