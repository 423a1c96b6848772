"""Every command helps, says its exit statuses, and every setting says what it is for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

import click
import pytest
from click.testing import CliRunner

from common.cli import ABOUT, main
from common.settings import Key, keys_of, known_sections


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, name
            yield from walk(inner, (*path, name))


def all_keys() -> list[Key]:
    """Every settings key of every room."""
    return [key for name, kind in known_sections().items() for key in keys_of(kind, name)]


@pytest.mark.parametrize("words", list(walk(main)), ids=" ".join)
def test_every_command_helps_and_says_its_exit_statuses(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*words, "--help"])
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "Usage:" in text
    assert "Exit statuses: 0 done;" in text
    assert text.endswith("5 refused.")


@pytest.mark.parametrize(
    "entry", entry_points(group="callstead.commands"), ids=lambda one: one.name
)
def test_the_help_says_of_each_command_what_the_command_says_of_itself(entry: EntryPoint) -> None:
    assert (entry.load().help or "").split("\n\n")[0].replace("\n", " ") == ABOUT[entry.name]


def test_the_help_loads_no_room() -> None:
    look = (
        "import sys; from common.cli import main; main(['--help'], standalone_mode=False); "
        "sys.exit(str({'appliance', 'comm_server', 'home', 'onebox', 'updater'} & {*sys.modules}))"
    )
    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=False)
    assert "comm" in told.stdout
    assert told.stderr.strip() == "set()"


@pytest.mark.parametrize("key", all_keys(), ids=lambda key: key.path)
def test_every_setting_says_what_it_is_for_and_in_which_unit(key: Key) -> None:
    assert key.metadata["doc"].strip(), f"{key.path} has no doc"
    if key.kind in {int, float}:
        assert key.metadata["unit"], f"{key.path} is a number without a unit"
