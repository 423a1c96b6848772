"""Build one version of the softphone companion with PyInstaller.

``python packaging/companion/build.py 1.0.1 --out DIR`` makes ``DIR/companion-1.0.1/`` (start
``companion`` in it) and prints the folder and its size. Version 1.0.0 is ``src/``; a later one is
``src/`` with ``versions/*`` laid over it, up to and including its own. ``--sources 1.0.0`` builds
those sources under another number, for telling the demo's story again. What was built from the
same sources with the same libraries is kept. Two builds are the same, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from importlib.metadata import version as installed
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FIRST = "1.0.0"
# What of the project goes into the program, beside the companion's own modules.
SHARED = (
    "common/__init__.py",
    "common/atomic.py",
    "common/backoff.py",
    "common/care.py",
    "common/reporting",
)
LIBRARIES = ("pyinstaller", "pyinstaller-hooks-contrib", "sentry-sdk", "urllib3", "certifi")
sys.path.insert(0, str(HERE.parent))

from freeze import freeze  # noqa: E402 - lies beside this folder, which is no package


def versions() -> list[str]:
    """All versions that can be built, oldest first."""
    later = [path.name for path in (HERE / "versions").iterdir()]
    return [FIRST, *sorted(later, key=lambda name: [int(part) for part in name.split(".")])]


def lay_out(version: str, sources: str, folder: Path) -> None:
    """Copy the ``sources`` of one version to ``folder``, numbered ``version``."""
    known = versions()
    layers = [HERE / "src", *(HERE / "versions" / v for v in known[1 : known.index(sources) + 1])]
    ignore = shutil.ignore_patterns("__pycache__")
    for layer in layers:
        shutil.copytree(layer, folder, dirs_exist_ok=True, ignore=ignore)
    if version != sources:
        number = folder / "companion" / "version.py"
        number.write_text(f'"""The version of the companion."""\n\nVERSION = "{version}"\n')


def fingerprint(source: Path) -> str:
    """sha256 over everything that decides what is built from ``source``."""
    digest = hashlib.sha256()
    shared = [path for name in SHARED for path in _files(ROOT / name)]
    own = [HERE / "companion.spec", HERE / "build.py", HERE.parent / "freeze.py"]
    for path in [*_files(source), *shared, *own]:
        base = source if path.is_relative_to(source) else ROOT
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(base)} {content}\n".encode())
    for name in LIBRARIES:
        digest.update(f"{name} {installed(name)}\n".encode())
    digest.update(f"{sys.version} {sys.platform}\n".encode())
    return digest.hexdigest()


def build(version: str, out: Path, sources: str | None = None) -> Path:
    """Make ``out/companion-VERSION``, from its own or other ``sources``; answers that folder.

    Raises:
        subprocess.CalledProcessError: PyInstaller failed; its words are on stderr.
    """
    out = out.resolve()
    target, record = out / f"companion-{version}", out / f"companion-{version}.json"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=out) as work:
        source = Path(work) / "source"
        lay_out(version, sources or version, source)
        made_from = {"fingerprint": fingerprint(source)}
        if target.is_dir() and _read(record) == made_from:
            return target
        record.unlink(missing_ok=True)
        spec = HERE / "companion.spec"
        built = freeze(spec, "companion", Path(work), str(source), str(ROOT))
        shutil.rmtree(target, ignore_errors=True)
        built.rename(target)
        record.write_text(json.dumps(made_from) + "\n")
    return target


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != ".pyc")


def _read(record: Path) -> object:
    try:
        return json.loads(record.read_bytes())
    except (OSError, ValueError):
        return None


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="the number that it gets")
    parser.add_argument(
        "--sources", choices=versions(), help="the sources that it is made of, if not its own"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the built tree")
    given = parser.parse_args()
    if given.sources is None and given.version not in versions():
        parser.error(f"there are no sources of {given.version}; name some with --sources")
    folder = build(given.version, given.out, given.sources)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    sys.stdout.write(f"{folder} {size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
