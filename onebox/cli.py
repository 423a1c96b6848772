"""`callstead run` and `callstead demo`."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from common.cli import Command
from onebox.demo import play
from onebox.run import run_forever


@click.command(cls=Command)
def run() -> None:
    """Start a whole site and a small home on this machine, in the foreground.

    The first start makes keys, builds and publishes the client program and joins the client.
    Ctrl-C stops everything in order; the data stays under CALLSTEAD_HOME (./var).
    """
    run_forever(Console(soft_wrap=True))


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a step, for programs.")
def demo(as_json: bool) -> None:
    """Play the story: a crash goes home, a fix comes back, a bad one is undone, forgeries refused.

    Works on a site that `callstead run` keeps running, or starts one itself and stops it again.
    Ends with 1 when any step does not hold.
    """
    sys.exit(0 if play(as_json=as_json, console=Console(soft_wrap=True)) else 1)
