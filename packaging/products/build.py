"""Build a room of ours as a program that needs no Python: ``make products``.

``python packaging/products/build.py appliance --out DIR`` makes ``DIR/appliance/`` (start
``appliance appliance run`` in it) and prints the folder, its files and its size; so for ``comm``
and ``updater``. Two builds of the same sources with the same libraries are the same, byte for byte.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The name of each product, which is the name of its command too, and its room.
PRODUCTS = {"appliance": "appliance", "comm": "comm_server", "updater": "updater"}
GROUND = "common"
sys.path.insert(0, str(HERE.parent))

from freeze import freeze  # noqa: E402 - beside this folder, which is no package


def project() -> Any:
    """What pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def lay_out(product: str, root: Path, folder: Path) -> None:
    """Copy the sources below ``root`` that go into ``product`` to ``folder``.

    Modules, and what an installed package has beside them; no caches, no tools of the web's makers.
    """
    kinds = ("*.py", *project()["tool"]["setuptools"]["package-data"]["*"])
    for room in (PRODUCTS[product], GROUND):
        for base, folders, names in os.walk(root / room):
            folders[:] = [name for name in folders if name not in {"__pycache__", "node_modules"}]
            place = folder / Path(base).relative_to(root)
            place.mkdir(parents=True)
            for name in names:
                if any(fnmatch(name, kind) for kind in kinds):
                    shutil.copyfile(Path(base) / name, place / name)
    shutil.copyfile(HERE / "start.py", folder / "start.py")


def record_in(folder: Path, product: str, version: str) -> Path:
    """Write the package's record; answers its folder.

    `importlib.metadata` reads the room's part of the command in it, and the names of all tables of
    the settings, which programs share.
    """
    record = folder / f"callstead-{version}.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: callstead\nVersion: {version}\n"
    )
    groups = project()["project"]["entry-points"]
    shared = "callstead.settings"
    lines: list[str] = []
    for group, entries in sorted(groups.items()):
        lines.append(f"[{group}]")
        lines += [
            f"{name} = {where}"
            for name, where in entries.items()
            if name == product or group == shared
        ]
    (record / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return record


def build(product: str, out: Path, root: Path = ROOT) -> Path:
    """Make ``out/PRODUCT`` from the sources below ``root``; answers that folder.

    Raises:
        subprocess.CalledProcessError: PyInstaller failed; its words are on stderr.
    """
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    version = subprocess.run(
        [sys.executable, "-c", "import common; print(common.__version__)"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    with tempfile.TemporaryDirectory(prefix=".building-", dir=out) as place:
        source, work = Path(place) / "source", Path(place) / "work"
        lay_out(product, root, source)
        work.mkdir()
        record = record_in(Path(place), product, version)
        given = [product, PRODUCTS[product], str(source), str(record)]
        built = freeze(HERE / "product.spec", product, work, *given)
        target = out / product
        shutil.rmtree(target, ignore_errors=True)
        built.rename(target)
    return target


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("products", nargs="+", choices=PRODUCTS, metavar="PRODUCT")
    parser.add_argument("--out", type=Path, required=True, help="folder for the built trees")
    parser.add_argument("--root", type=Path, default=ROOT, help="other sources than this tree's")
    given = parser.parse_args()
    for product in given.products:
        folder = build(product, given.out, given.root.resolve())
        files = [path for path in folder.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        sys.stdout.write(f"{folder} {len(files)} files, {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
