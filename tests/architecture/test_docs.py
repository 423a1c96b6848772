"""What the documents say exists: commands, settings, files, and the pages made from the code."""

from __future__ import annotations

import functools
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.cli import main
from common.settings import Key
from tests.architecture.house import ROOT
from tests.architecture.test_commands import all_keys, walk

DOCUMENTS = sorted(
    path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
)
_CODE = re.compile(r"`([^`\n]+)`|^(?:\$ |    )?((?:callstead|make) .+)$", re.MULTILINE)
_PATH = re.compile(r"^[\w./-]+\.(?:py|md|toml|sh|txt|service|svg)$|^[\w-]+(?:/[\w.-]+)*/$")
_FOLDERS = ("appliance", "comm_server", "common", "home", "onebox", "updater")


def _spans(document: Path) -> Iterator[str]:
    for match in _CODE.finditer((ROOT / document).read_text("utf-8")):
        yield (match[1] or match[2]).strip()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documented_commands_exist(document: Path) -> None:
    known = _options_of_commands().keys()
    for span in _spans(document):
        for command in re.findall(r"\bcallstead((?: [a-z][a-z-]*)+)", span):
            words = tuple(command.split())
            while words and words not in known and words[:-1] and words[:-1] in known:
                words = words[:-1]  # an argument, such as `callstead updater adopt companion`
            assert words in known, f"{document}: `{span}`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documented_options_exist(document: Path) -> None:
    known = _options_of_commands()
    for span in _spans(document):
        match = re.match(r"callstead((?: [a-z][a-z-]*)*)", span)
        if match is None:
            continue
        words = tuple(match[1].split())
        while words and words not in known:
            words = words[:-1]
        for option in re.findall(r" (--[a-z-]+)", span):
            assert option in known[words] | {"--help", "--version"}, f"{document}: `{span}`"


@functools.cache
def _options_of_commands() -> dict[tuple[str, ...], set[str]]:
    return {words: _options(words) for words in walk(main)}


def _options(words: tuple[str, ...]) -> set[str]:
    command = main
    for word in words:
        found = command.get_command(None, word)  # type: ignore[arg-type]
        assert found is not None
        command = found  # type: ignore[assignment]
    return {name for parameter in command.params for name in parameter.opts}


@functools.cache
def _settings() -> dict[str, Key]:
    return {key.path: key for key in all_keys()}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documented_settings_exist(document: Path) -> None:
    keys = _settings()
    tables = {path.rpartition(".")[0] for path in keys}
    variables = {key.variable for key in keys.values()} | {
        "CALLSTEAD_HOME", "CALLSTEAD_SETTINGS", "CALLSTEAD_COMPANION_PORT",
    }  # fmt: skip
    rooms = "|".join(sorted({path.split(".")[0] for path in keys}))
    for span in _spans(document):
        if re.fullmatch(rf"(?:{rooms})(?:\.[a-z][a-z0-9_]*)+", span) and not _is_other(span):
            assert span in keys or span in tables, f"{document}: `{span}`"
        if re.fullmatch(r"CALLSTEAD_(?:APPLIANCE|COMM|UPDATER|HOME)_[A-Z0-9_]+", span):
            assert span in variables, f"{document}: `{span}`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documented_files_modules_and_functions_exist(document: Path) -> None:
    for span in _spans(document):
        path, _, name = span.partition(":")
        if path.startswith(_FOLDERS) and _PATH.match(path):
            assert (ROOT / path).exists(), f"{document}: `{span}`"
            if name:
                source = (ROOT / path).read_text("utf-8")
                for part in re.findall(r"\w+", name):
                    found = re.search(
                        rf"(?:def|class) {part}\b|^\s*{part}\b.*=", source, re.MULTILINE
                    )
                    assert found, f"{document}: `{span}`"
        elif span.startswith(("docs/", "tests/", "packaging/", "systemd/", "requirements/")):
            assert list(ROOT.glob(span.rstrip("/"))), f"{document}: `{span}`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    text = (ROOT / document).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", text):
        assert "://" in target or ((ROOT / document).parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_documented_make_targets_exist(document: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    for span in _spans(document):
        match = re.fullmatch(r"make ([a-z-]+)", span)
        assert match is None or match[1] in targets, f"{document}: `{span}`"


def test_pages_made_from_the_code_are_current() -> None:
    specification = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert specification is not None
    assert specification.loader is not None
    generate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generate)
    for name, page in generate.PAGES.items():
        written = (ROOT / "docs" / name).read_text("utf-8")
        assert written == page(), f"docs/{name} is not current: run `make docs`"


def _is_other(name: str) -> bool:
    """Whether it is a module or a database, which look like settings."""
    if name.endswith(".db"):
        return True
    return (ROOT / name.replace(".", "/")).exists() or (ROOT / name.replace(".", "/")).with_suffix(
        ".py"
    ).exists()
