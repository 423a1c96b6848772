"""What the code imports is declared, what is declared is used, and each is explained."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.house import PACKAGES, ROOT, sources

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# uvicorn takes these by name; PyInstaller is called as a program.
TAKEN_BY_NAME = {"httptools", "pg8000", "uvloop", "websockets", "pyinstaller"}
# Parts of a library that has its own line.
BROUGHT_ALONG = {"werkzeug": "flask", "itsdangerous": "flask", "jinja2": "flask",
                 "markupsafe": "flask", "urllib3": "requests"}  # fmt: skip
# Several distributions share the first part of these names.
SHARED = {"google.protobuf": "protobuf", "google.rpc": "googleapis-common-protos",
          "opentelemetry.proto": "opentelemetry-proto"}  # fmt: skip


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=~;\[ ]", text)[0].lower() for text in requirements}


DIRECT = _names(PROJECT["dependencies"])
DEV = _names(PROJECT["optional-dependencies"]["dev"])


def _imported() -> set[str]:
    """The distributions that the rooms import."""
    tops: set[str] = set()
    for path in sources():
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.Import):
                tops |= {_top(alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                tops.add(_top(node.module))
    tops -= set(sys.stdlib_module_names) | set(PACKAGES)
    known = packages_distributions()
    names = {SHARED.get(top) or known[top][0].lower().replace("_", "-") for top in tops}
    return {BROUGHT_ALONG.get(name, name) for name in names}


def _top(module: str) -> str:
    """The part of a module's name that tells its distribution."""
    two = ".".join(module.split(".")[:2])
    return two if two in SHARED else module.partition(".")[0]


def test_every_import_is_a_declared_dependency() -> None:
    assert _imported() <= DIRECT


def test_every_declared_dependency_is_used() -> None:
    assert _imported() | TAKEN_BY_NAME >= DIRECT


@pytest.mark.parametrize("name", sorted(DIRECT | DEV))
def test_every_dependency_is_explained(name: str) -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    assert re.search(rf"^\|[^|]*\b{re.escape(name)}\b[^|]*\|", page, re.MULTILINE)


@pytest.mark.parametrize(("lock", "names"), [("run.txt", DIRECT), ("dev.txt", DIRECT | DEV)])
def test_every_dependency_is_locked(lock: str, names: set[str]) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    assert names <= set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))
