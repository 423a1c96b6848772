"""A TUF client on `common.trust`, with the contract of the public TUF conformance suite.

Ends with 0, or with 1 and a sentence on stderr. The product's limits hold here too; of its
policies only one is widened: a list may name sha512 in place of sha256.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import requests

from common.errors import CallsteadError
from common.trust import HttpSource, Repository, Source

ALGORITHMS = ("sha256", "sha512")


class TwoBases(Source):
    """Metadata at one address and targets at another."""

    def __init__(self, metadata: str, targets: str | None, session: requests.Session) -> None:
        self._bases = {"metadata": HttpSource(metadata, session)}
        if targets is not None:
            self._bases["targets"] = HttpSource(targets, session)

    @property
    def name(self) -> str:
        return self._bases["metadata"].name

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        base, _, rest = path.partition("/")
        return self._bases[base].open(rest, offset)


def init(folder: Path, root: Path) -> None:
    """Begin to trust ``root``; nothing is asked of anyone."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root, folder / "root.json")


def work(arguments: argparse.Namespace, session: requests.Session) -> None:
    """Refresh, and fetch what is named, in order; the first failure ends it."""
    source = TwoBases(arguments.metadata_url, arguments.target_base_url, session)
    folder = arguments.metadata_dir
    root = (folder / "root.json").read_bytes()
    repository = Repository(folder, root, source, algorithms=ALGORITHMS)
    repository.refresh()
    if arguments.command == "download":
        for name in arguments.target_name:
            _fetch(repository, name, arguments.target_dir)


def _fetch(repository: Repository, name: str, folder: Path) -> None:
    # One flat folder: whatever a name holds, nothing is written outside of it.
    place = folder / quote(name, safe="")
    try:
        repository.download(name, place)
    finally:
        for part in folder.glob(".*.part"):
            part.unlink()


def main(given: list[str] | None = None) -> int:
    """The exit status, for the arguments of this process or for those given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metadata-url")
    parser.add_argument("--metadata-dir", required=True, type=Path)
    parser.add_argument("--target-name", action="append")
    parser.add_argument("--target-dir", type=Path)
    parser.add_argument("--target-base-url")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init").add_argument("root", type=Path)
    commands.add_parser("refresh")
    commands.add_parser("download")
    try:
        arguments = parser.parse_args(given)
        if arguments.command == "init":
            init(arguments.metadata_dir, arguments.root)
            return 0
        needed = ["metadata_url"]
        if arguments.command == "download":
            needed += ["target_name", "target_dir", "target_base_url"]
        missing = [name for name in needed if getattr(arguments, name) is None]
        if missing:
            parser.error(f"{arguments.command} needs --{missing[0].replace('_', '-')}")
        with requests.Session() as session:
            session.trust_env = False
            work(arguments, session)
    except SystemExit as leaving:  # argparse ends with 2 on a wrong argument
        return 1 if leaving.code else 0
    except (CallsteadError, OSError) as error:
        print(f"tuf-client: {error}", file=sys.stderr)  # noqa: T201 - it is a program
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
