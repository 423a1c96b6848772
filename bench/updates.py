"""Releases of the appliance's own tree: by deltas, by tufup, by plain tar.gz, in one run.

``make bench-updates`` builds the appliance three times by PyInstaller: 1.0.0; 1.1.0 with seven
modules changed; 1.2.0 with one native library (cryptography) in its next version too. Each way
then makes its release of them and brings a client there, each step in a process of its own, whose
time and peak memory the kernel tells. tufup is installed into a venv of its own for this.
Exit status 1: a target was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

from common.clock import SystemClock
from common.trust import FolderSource, Repository, Source
from common.wire.release import delta_target, this_platform

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PRODUCT = "appliance"
LIBRARY = "cryptography"
STEADY = {"SOURCE_DATE_EPOCH": "1767225600"}
LIMITS = {"1.1.0": 10_000, "1.2.0": 2_000_000}
CREATE = (10.0, 400)
APPLY = (1.0, 100)


@dataclass(frozen=True)
class Run:
    """One process: seconds by the wall and of the processor, peak memory in MB, what it printed."""

    seconds: float
    processor: float
    megabytes: float
    out: str = ""


@dataclass(frozen=True)
class Row:
    """One way to one version: its name, bytes on the wire, making it, applying it."""

    way: str
    version: str
    wire: int
    create: Run
    apply: Run


def run(command: list[str | Path], **environment: str) -> Run:
    """Run it; its peak memory is what ``/usr/bin/time -v`` calls the maximum resident set."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    out, errors = process.stdout.read(), process.stderr.read()
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}:\n{out}{errors}")
    processor = used.ru_utime + used.ru_stime
    return Run(time.monotonic() - began, processor, used.ru_maxrss / 1024, out)


def build_trees(work: Path) -> dict[str, Path]:
    """The three trees; what is there already is kept."""
    before, sources, changed = work / "library", work / "sources", work / "changed"
    if not before.exists():
        older = f"{LIBRARY}<{installed(LIBRARY).split('.')[0]}"
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:"]
        run([*pip, "--target", before, older])
    if not sources.exists():  # somebody may work on the others meanwhile
        for room in ("appliance", "common"):
            tools = shutil.ignore_patterns("node_modules", "__pycache__")
            shutil.copytree(ROOT / room, sources / room, ignore=tools)
    shutil.rmtree(changed, ignore_errors=True)
    shutil.copytree(sources, changed)
    changes = tomllib.loads((HERE / "updates_changes.toml").read_text())
    for name, more in changes.items():
        with (changed / name).open("a") as module:
            module.write(more)
    trees = {}
    plan = {"1.0.0": (sources, before), "1.1.0": (changed, before), "1.2.0": (changed, None)}
    for version, (root, library) in plan.items():
        out = work / version
        if not (out / PRODUCT).exists():
            print(f"building {version}", flush=True)
            build = [sys.executable, ROOT / "packaging" / "products" / "build.py", PRODUCT]
            path = {"PYTHONPATH": str(library)} if library else {}
            run([*build, "--root", root, "--out", out], **path)
        trees[version] = out / PRODUCT
    return trees


class Counted(Source):
    """A publication on this disk, and how many bytes of it were read."""

    def __init__(self, folder: Path) -> None:
        self._source = FolderSource(folder)
        self.bytes = 0

    @property
    def name(self) -> str:
        return self._source.name

    def open(self, path: str, offset: int = 0):
        for chunk in self._source.open(path, offset):
            self.bytes += len(chunk)
            yield chunk


def by_deltas(trees: dict[str, Path], work: Path) -> tuple[list[Row], list[str]]:
    """Ours: with the commands that a vendor types, and the updater's own code."""
    home = {"CALLSTEAD_HOME": str(work / "callstead"), **STEADY}
    callstead: list[str | Path] = [sys.executable, "-m", "common"]
    run([*callstead, "home", "init"], **home)
    publication = work / "callstead" / "home" / "publication"
    root = (publication / "metadata" / "1.root.json").read_bytes()
    rows, notes, packed = [], [], {}
    for version, tree in trees.items():
        out = work / "packs" / version
        pack = [*callstead, "home", "pack", tree, "--product", PRODUCT, "--version", version]
        packed[version] = run([*pack, "--start", PRODUCT, "--out", out, "--json"], **home)
        again = [*pack, "--start", PRODUCT, "--out", work / "again" / version, "--json"]
        run(again, **home)
        same = all(
            (work / "again" / version / path.name).read_bytes() == path.read_bytes()
            for path in out.iterdir()
        )
        notes.append(f"{version} packed twice: {'the same bytes' if same else 'DIFFERENT BYTES'}")
        clients = {
            base: Repository(work / "clients" / f"{base}-{version}", root, Counted(publication))
            for base in packed
        }
        for base, client in clients.items():
            if base != version:
                client.refresh()
                client.channel(PRODUCT, "dev")
        run([*callstead, "home", "publish", out, "--by", "bench"], **home)
        for base in [base for base in packed if base != version]:
            source = Counted(publication)
            client = Repository(work / "clients" / f"{base}-{version}", root, source, SystemClock())
            client.channel(PRODUCT, "dev")
            lists = source.bytes
            digest = client.info(f"{PRODUCT}/{base}/{this_platform()}/manifest.json")[1]
            target = delta_target(PRODUCT, version, this_platform(), digest)
            place = work / "fetched" / f"{base}-{version}"
            client.download(target, place)
            apply = run(
                [sys.executable, HERE / "updates_apply.py", work / "slots" / f"{base}-{version}",
                 work / "packs" / base, out / "manifest.json", place]
            )  # fmt: skip
            told = json.loads(apply.out)
            rows.append(
                Row(
                    f"callstead, from {base}",
                    version,
                    place.stat().st_size,
                    packed[version],
                    Run(told["seconds"], told["processor"], told["megabytes"]),
                )
            )
            notes.append(f"{base} to {version}: the signed lists and the pointer add {lists} bytes")
    return rows, notes


def by_tufup(trees: dict[str, Path], work: Path) -> list[Row]:
    """tufup, with the archive of the version before still at the client, and without."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", work / "venv"])
        run([python, "-m", "pip", "install", "-q", "tufup"])
    script, place = HERE / "updates_tufup.py", work / "tufup"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    made = {v: run([python, script, "add", place, tree, v]) for v, tree in trees.items()}
    targets, rows, before = place / "repository" / "targets", [], ""
    for version in trees:
        archive = targets / f"{PRODUCT}-{version}.tar.gz"
        if before:
            patch = targets / f"{PRODUCT}-{version}.patch"
            old = targets / f"{PRODUCT}-{before}.tar.gz"
            apply = run([python, script, "apply", place, old, patch])
            size = patch.stat().st_size
            rows.append(Row(f"tufup, from {before}", version, size, made[version], apply))
            apply = run([python, script, "unpack", place, archive])
            size = archive.stat().st_size
            rows.append(Row("tufup, no archive kept", version, size, made[version], apply))
        before = version
    return rows


def by_tar(trees: dict[str, Path], work: Path) -> list[Row]:
    """What everybody can do without any tool."""
    rows = []
    for version in LIMITS:
        archive, place = work / f"{version}.tar.gz", work / "untarred"
        tree = trees[version]
        create = run(["tar", "-C", tree, "-I", "gzip -9", "-cf", archive, "."])
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        apply = run(["tar", "-C", place, "-xzf", archive])
        rows.append(Row("tar.gz", version, archive.stat().st_size, create, apply))
    return rows


def missed(rows: list[Row], notes: list[str]) -> list[str]:
    """Which of our targets were not met, by the processor's time: others may be at work here."""
    found = [note for note in notes if "DIFFERENT" in note]
    for row in rows:
        if not row.way.startswith("callstead"):
            continue
        checks = {
            f"{row.wire} bytes on the wire": row.wire <= LIMITS[row.version],
            f"{row.create.processor:.1f} s to create": row.create.processor < CREATE[0],
            f"{row.create.megabytes:.0f} MB to create": row.create.megabytes < CREATE[1],
            f"{row.apply.processor:.2f} s to apply": row.apply.processor < APPLY[0],
            f"{row.apply.megabytes:.0f} MB to apply": row.apply.megabytes < APPLY[1],
        }
        found += [f"{row.way} to {row.version}: {what}" for what, met in checks.items() if not met]
    return found


def table(rows: list[Row]) -> str:
    """For docs/benchmarks.md."""
    lines = [
        "| way | to | on the wire | create: processor (wall), memory | apply |",
        "|---|---|---|---|---|",
    ]
    for row in sorted(rows, key=lambda row: (row.version, row.way)):
        create, apply = (
            f"{one.processor:.2f} s ({one.seconds:.1f} s), {one.megabytes:.0f} MB"
            for one in (row.create, row.apply)
        )
        lines.append(f"| {row.way} | {row.version} | {row.wire:,} B | {create} | {apply} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench-updates")
    parser.add_argument("--keep-trees", action="store_true", help="take trees built before")
    given = parser.parse_args()
    work = given.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    for left in work.iterdir():
        if left.name == "venv" or (
            given.keep_trees and left.name in {*LIMITS, "1.0.0", "library", "sources"}
        ):
            continue
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    trees = build_trees(work)
    for version, tree in trees.items():
        files = [path for path in tree.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        print(f"{version}: {len(files)} files, {size / 1e6:.1f} MB")
    ours, notes = by_deltas(trees, work)
    rows = [*ours, *by_tufup(trees, work), *by_tar(trees, work)]
    print("\n".join(notes))
    print(table(rows))
    if found := missed(ours, notes):
        raise SystemExit("Missed: " + "; ".join(found))


if __name__ == "__main__":
    main()
