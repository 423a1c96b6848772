"""The one command `callstead`.

Rooms plug their groups in by the entry point ``callstead.commands``, their settings by
``callstead.settings`` and what an administrator would check by ``callstead.checks``.

Exit statuses of every command: 0 done; 1 a fault in Callstead itself, or a check or step that
does not hold; 2 something at this machine must be mended (settings, port, folder, argument);
3 the other side was not reached; 4 the other side answered wrongly; 5 refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, TypeVar

import click

from common.doctor import run_checks
from common.errors import CallsteadError
from common.settings import as_toml, known_sections
from common.version import build

F = TypeVar("F", bound=Callable[..., Any])

EXIT_STATUSES = (
    "Exit statuses: 0 done; 1 a fault, or a step that does not hold; 2 mend something at this "
    "machine; 3 the other side was not reached; 4 the other side answered wrongly; 5 refused."
)

# What `callstead --help` says of the rooms' commands, so that it need not load the rooms.
ABOUT = {
    "appliance": "The call-centre application.",
    "comm": "The site's communications server: errors out, updates in.",
    "demo": "Play the story: a crash goes home, a fix comes back, a bad one is undone, "
    "forgeries refused.",
    "home": "The vendor's side: sign and ship releases, read the mail, watch the fleet.",
    "run": "Start a whole site and a small home on this machine, in the foreground.",
    "updater": "This computer's updater: keeps its programs up to date.",
}


class _TellsStatuses(click.Command):
    """Its --help ends with its exit statuses."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The exit statuses, which are the same for every command."""
        formatter.write_paragraph()
        formatter.write_text(EXIT_STATUSES)


class Command(_TellsStatuses):
    """A command whose --help ends with its exit statuses."""


class Group(_TellsStatuses, click.Group):
    """A group whose commands are `Command`s."""

    command_class = Command
    group_class = type


class _Root(Group):
    """Finds the rooms' groups by entry point, each loaded only when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        rooms = [e.name for e in entry_points(group="callstead.commands")]
        return sorted([*super().list_commands(ctx), *rooms])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own:
            return own
        for entry in entry_points(group="callstead.commands", name=cmd_name):
            return entry.load()  # type: ignore[no-any-return]
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Names and words, with no room loaded."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._about(ctx, name)) for name in self.list_commands(ctx)])

    def _about(self, ctx: click.Context, name: str) -> str:
        if name in ABOUT:
            return ABOUT[name]
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=200) if command else ""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CallsteadError as error:
            click.echo(f"callstead: {error}", err=True)
            ctx.exit(error.exit_status)


def group(**extra: Any) -> Callable[[Callable[..., Any]], Group]:
    """Decorator: a group of a room's commands."""
    return click.group(cls=Group, **extra)


def json_option(command: F) -> F:
    """Decorator: ``--json`` for commands that list or report."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def show(value: Any, as_json: bool, text: str) -> None:
    """Print ``value`` as JSON or ``text`` for people."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2) if as_json else text)


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"callstead {build()}")
        ctx.exit()


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and the commit it was built from.",
)
def main() -> None:
    """Callstead: a call centre that stands on your own ground and looks after itself."""


@main.command()
def settings() -> None:
    """Print every setting with its unit, default and reason, as commented TOML."""
    click.echo(as_toml(known_sections()), nl=False)


@main.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check what an administrator would check, and say what to do."""
    results = run_checks()
    if as_json:
        click.echo(json.dumps([result.as_dict() for result in results], ensure_ascii=False))
    else:
        for result in results:
            click.echo(result.as_line())
    sys.exit(0 if all(result.ok for result in results) else 1)
