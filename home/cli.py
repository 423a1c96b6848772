"""``callstead home``: keys, packs, publication, channels. The inbox's commands are beside it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from common.cli import group as cli_group
from common.cli import json_option, show
from common.clock import SystemClock
from common.settings import load
from common.wire.release import CHANNELS
from common.wire.rollout import Terms
from home import inbox_cli, pack_cli, push_cli, signing_cli
from home.publish import room
from home.publish.rotation import read_public
from home.settings import HomeSettings

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@cli_group()
def group() -> None:
    """The vendor's side: sign and ship releases, read the mail, watch the fleet."""


@group.command()
@json_option
def init(as_json: bool) -> None:
    """Make the vendor's keys and an empty publication. On a home that exists, change nothing."""
    settings = _settings()
    made = room.initialise(settings, SystemClock())
    text = (
        f"Made {len(made)} keys and an empty publication in {settings.folder}.\n"
        f"Move {settings.folder / 'keys' / 'offline'} to a safe place when you do not sign."
        if made
        else f"The home in {settings.folder} is ready; nothing was changed."
    )
    show({"folder": str(settings.folder), "made": made}, as_json, text)


@group.command()
@click.argument("pack_folder", type=_FOLDER)
@click.option("--channel", default=CHANNELS[0], show_default=True, type=click.Choice(CHANNELS[:1]))
@click.option("--by", default=None, help="Who answers for it; default: the user who runs this.")
@signing_cli.export_option
@json_option
def publish(
    pack_folder: Path, channel: str, by: str | None, export: Path | None, as_json: bool
) -> None:
    """Sign the pack in PACK_FOLDER and let it into the first channel."""
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        manifest = releases.publish(pack_folder, by or getpass.getuser())
    facts = {
        "product": manifest.product,
        "version": manifest.version,
        "platform": manifest.platform,
        "channel": channel,
        "digest": manifest.digest,
    }
    text = f"{manifest.product} {manifest.version} for {manifest.platform} "
    text += _to_be_signed(export) if export else f"is signed and in {channel}"
    show(facts, as_json, text)


@group.command()
@click.argument("product")
@click.argument("version")
@click.option("--to", "channel", required=True, type=click.Choice(CHANNELS[1:]))
@click.option("--by", required=True, help="The person who answers for it; stands in the log.")
@click.option("--again", is_flag=True, help="Clients on which it failed shall try it once more.")
@click.option(
    "--ring",
    "rings",
    multiple=True,
    metavar="'NAME N% [approve]'",
    help="Ask every site for this ring, in this order; the last takes all who are left.",
)
@click.option(
    "--at-once", type=int, default=100, help="Ask for at most so many % of a ring at once."
)
@click.option("--quiet", type=int, default=0, help="Ask for so many quiet minutes between rings.")
@click.option("--may-return", is_flag=True, help="A site may send its computers back from it.")
@signing_cli.export_option
@json_option
def promote(
    product: str,
    version: str,
    channel: str,
    by: str,
    again: bool,
    rings: tuple[str, ...],
    at_once: int,
    quiet: int,
    may_return: bool,
    export: Path | None,
    as_json: bool,
) -> None:
    """Let VERSION of PRODUCT into the next channel, in somebody's name.

    What sites are asked is signed with it. Each may be stricter, none laxer. When nothing is asked
    here, what the channel before asked goes on to hold.
    """
    terms = Terms(rings, at_once, quiet * 60, may_return)
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        pointer = releases.promote(
            product, version, channel, by, again=again, terms=terms if terms.as_dict() else None
        )
        asked = releases.terms(product).get((channel, version), Terms())
    facts = {"product": product, "channel": channel, "releases": pointer, "by": by}
    facts["terms"] = asked.as_dict()
    text = f"{channel} of {product} is now at {version}, approved by {by}"
    if export:
        text = f"{product} {version} {_to_be_signed(export)}"
    show(facts, as_json, text)


@group.command()
@click.argument("product")
@click.argument("version")
@click.option("--reason", default="", help="One line, which every site reads.")
@click.option("--lift", is_flag=True, help="End the halt: it may spread again.")
@click.option("--by", required=True, help="The person who answers for it; stands in the log.")
@signing_cli.export_option
@json_option
def halt(
    product: str,
    version: str,
    reason: str,
    lift: bool,
    by: str,
    export: Path | None,
    as_json: bool,
) -> None:
    """Stop VERSION of PRODUCT from spreading: no client begins to install it."""
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        if lift:
            releases.lift(product, version, by)
        else:
            releases.halt(product, version, reason, by)
    facts = {"product": product, "version": version, "halted": not lift, "by": by}
    text = f"{product} {version} may spread again" if lift else f"{product} {version} is halted"
    show(facts, as_json, f"{product} {version} {_to_be_signed(export)}" if export else text)


@group.command()
@click.argument("product")
@click.argument("version")
@click.option("--reason", required=True, help="One line, which every site reads.")
@click.option("--by", required=True, help="The person who answers for it; stands in the log.")
@signing_cli.export_option
@json_option
def withdraw(
    product: str, version: str, reason: str, by: str, export: Path | None, as_json: bool
) -> None:
    """Withdraw VERSION of PRODUCT for good: nobody installs it any more.

    Where it runs it stays until a newer one comes: publish that one under a higher number.
    """
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        releases.withdraw(product, version, reason, by)
    facts = {"product": product, "version": version, "withdrawn": True, "by": by}
    text = f"{product} {version} is withdrawn"
    show(facts, as_json, f"{product} {version} {_to_be_signed(export)}" if export else text)


@group.command()
@json_option
def freshen(as_json: bool) -> None:
    """Sign snapshot and timestamp again now, with the online keys alone."""
    signed = room.freshen(_settings(), SystemClock(), force=True)
    show({"signed": signed}, as_json, f"Signed again: {', '.join(signed)}")


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Products, channels, the ages of the signatures, and the log of approvals."""
    facts = room.status(_settings(), SystemClock())
    show(facts, as_json, _status_text(facts))


@group.group()
def product() -> None:
    """Products and their keys."""


@product.command("add")
@click.argument("name")
@click.option("--public-key", type=_FILE, default=None, help="A key that was made elsewhere.")
@signing_cli.export_option
@json_option
def product_add(name: str, public_key: Path | None, export: Path | None, as_json: bool) -> None:
    """Give product NAME a key of its own. Publishing its first pack does this too."""
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        added = releases.add_product(name, read_public(public_key) if public_key else None)
    text = f"{name} has its key now" if added else f"{name} has a key already"
    if export and added:
        text = f"{name} {_to_be_signed(export)}"
    show({"product": name, "added": added}, as_json, text)


pack_cli.add_to(group)
inbox_cli.add_to(group)
signing_cli.add_to(group)
push_cli.add_to(group, inbox_cli.site)


def _to_be_signed(file: Path) -> str:
    return (
        f"waits for signatures: `callstead home sign {file.name}` where the keys are, "
        f"then `callstead home finish {file.name}` here"
    )


def _settings() -> HomeSettings:
    return load(HomeSettings, "home")


def _status_text(facts: dict[str, Any]) -> str:
    lines = []
    for name, product_facts in facts["products"].items():
        lines.append(name)
        for channel, pointer in product_facts["channels"].items():
            where = ", ".join(f"{version} ({platform})" for platform, version in pointer.items())
            lines.append(f"  {channel:<7}{where or '-'}")
        for version, notice in product_facts["notices"].items():
            state = "WITHDRAWN" if notice["withdrawn"] else "HALTED"
            lines.append(f"  {state} {version}: {notice['reason']}")
    for name, role in facts["roles"].items():
        lines.append(f"{name:<20} version {role['version']:<6} {role['days_left']} days left")
    log = facts["approvals"]
    lines.append(f"approvals: {log['entries']}, the log is {log['chain']}")
    return "\n".join(lines)
