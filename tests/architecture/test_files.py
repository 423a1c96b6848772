"""What the tracked files may hold, and how large they may grow."""

from __future__ import annotations

import statistics
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.house import ROOMS, ROOT, sources, texts, tracked

MOST_LINES = 500
MANY_LINES = 400

# Written in halves, or this file would be its own finding.
REGISTRIES = [
    "py" + "pi.org", "pythonhosted" + ".org", "npm" + "js.org", "npm" + "js.com", "deb." + "debian",
    "ubuntu" + ".com", "crates" + ".io", "proxy.golang" + ".org", "docker" + ".io", "ghcr" + ".io",
]  # fmt: skip
MACHINE_PATHS = [
    "/wo" + "rk/",
    "/opt/" + "wheels",
    "/opt/" + "py" + "pi",
    "/root" + "/.",
    str(ROOT),
]


def _lines(path: Path) -> int:
    return len((ROOT / path).read_text("utf-8").splitlines())


def test_files_stay_small() -> None:
    python = [path for path in tracked() if path.suffix == ".py"]
    sizes = {path: _lines(path) for path in {*python, *sources()}}
    too_large = {str(path): n for path, n in sizes.items() if n > MOST_LINES}
    assert not too_large, f"more than {MOST_LINES} lines: {too_large}"
    large = {str(path): n for path, n in sizes.items() if n > MANY_LINES}
    # pytest -rP shows it.
    print(f"more than {MANY_LINES} lines: {large or 'none'}")  # noqa: T201 - a list for people
    assert statistics.median(sizes[path] for path in sources()) <= 130


@pytest.mark.parametrize(("what", "words"), [("registry", REGISTRIES), ("path", MACHINE_PATHS)])
def test_no_registry_and_no_path_of_a_machine_stands_in_a_file(what: str, words: list[str]) -> None:
    for name, text in texts():
        found = [word for word in words if word in text]
        assert not found, f"{name} names a {what} of one machine: {found}"


def test_locks_pin_everything_with_hashes() -> None:
    for name in ("build.txt", "run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text("utf-8")
        assert "://" not in text
        for block in text.replace("\\\n", " ").splitlines():
            if block and not block.lstrip().startswith("#"):
                assert "==" in block, block
                assert "--hash=sha256:" in block, block


def _keys(table: dict[str, Any], prefix: str = "") -> set[str]:
    keys: set[str] = set()
    for name, value in table.items():
        keys |= _keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return keys


@pytest.mark.parametrize("room", [r for r in ROOMS if (ROOT / r / "texts").is_dir()])
def test_both_languages_have_the_same_texts(room: str) -> None:
    catalogues = {
        path.stem: _keys(tomllib.loads(path.read_text("utf-8")))
        for path in (ROOT / room / "texts").glob("*.toml")
    }
    assert set(catalogues) == {"en", "zh-CN"}
    assert catalogues["en"] == catalogues["zh-CN"]
    assert catalogues["en"]
