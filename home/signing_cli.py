"""The commands for keys: another key for a role, and signatures from other machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from common.cli import Group, json_option, show
from common.clock import SystemClock
from common.errors import OperatorError
from common.settings import load
from home.keys import KeyFolder, read_passphrase
from home.publish import rotation
from home.publish.draft import Draft, describe, read_draft
from home.publish.room import open_publication
from home.settings import HomeSettings

_FILE = click.Path(path_type=Path, dir_okay=False)


def add_to(group: click.Group) -> None:
    """Add the commands to ``group``."""
    for command in (rotate, sign, finish):
        group.add_command(command)


def export_option(command: Any) -> Any:
    """Decorator: ``--export FILE``."""
    return click.option(
        "--export",
        type=_FILE,
        default=None,
        help="Write what must be signed to this file, for keys that are on other machines.",
    )(command)


@click.command(cls=Group.command_class)
@click.argument("roles", nargs=-1, required=True)
@click.option("--add", is_flag=True, help="ROLES is a root key that there is not yet: root-4.")
@click.option("--remove", is_flag=True, help="ROLES is a root key to be trusted no longer.")
@click.option(
    "--new-key", type=_FILE, default=None, help="Only make the key, and write its public half."
)
@click.option(
    "--public-key", type=_FILE, default=None, help="An offline key that was made elsewhere."
)
@export_option
@json_option
def rotate(
    roles: tuple[str, ...],
    add: bool,
    remove: bool,
    new_key: Path | None,
    public_key: Path | None,
    export: Path | None,
    as_json: bool,
) -> None:
    """Give ROLES new keys: root-1, targets, snapshot, timestamp or a product.

    The role `root` alone signs the list of trusted keys again, with the same keys. Sites follow by
    themselves, however long they were away. docs/keys.md has the drill.
    """
    settings = _settings()
    if (add or remove or new_key or public_key) and len(roles) > 1:
        raise OperatorError("Name one role with --add, --remove, --new-key and --public-key.")
    if add and remove:
        raise OperatorError("A key is added or removed, not both.")
    if new_key:
        _make_key(settings, roles[0], new_key, as_json)
        return
    with open_publication(settings, SystemClock()) as (publication, keys):
        given = rotation.read_public(public_key) if public_key else None
        root = publication.root()
        if add:
            rotation.add_root_key(root, roles[0], given or keys.make_next(f"offline/{roles[0]}"))
            changed: rotation.Changed = {"root": root}
        elif remove:
            rotation.remove_root_key(root, roles[0])
            changed = {"root": root}
        else:
            changed = rotation.rotate(publication, keys, roles, given)
        if export:
            draft = publication.export(changed, export)
        else:
            draft = publication.draft(changed)
            draft.sign(keys)
            publication.finish(draft)
    _tell(draft, as_json, {"rotated": list(roles), "finished": export is None}, export)


@click.command(cls=Group.command_class)
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Sign without asking; it was read before.")
@json_option
def sign(file: Path, yes: bool, as_json: bool) -> None:
    """Add this machine's signatures to FILE, which --export wrote on another one.

    Needs nothing but the keys: neither the publication nor a network.
    """
    settings = _settings()
    draft = read_draft(file)
    if not yes:
        if as_json:
            raise OperatorError("Read what would be signed without --json, or say --yes.")
        click.echo("\n".join([*describe(draft), f"sha256 {draft.digest}"]))
        if not click.confirm("Sign this?"):
            raise OperatorError("Nothing was signed.")
    signed = draft.sign(
        KeyFolder(settings.folder / "keys", read_passphrase(settings.passphrase_file))
    )
    if not signed:
        place, lacking = settings.folder / "keys" / "offline", " ".join(draft.lacking())
        raise OperatorError(f"No key in {place} may sign this. {lacking}")
    draft.write(file)
    _tell(draft, as_json, {"signed": signed}, file)


@click.command(cls=Group.command_class)
@click.argument("file", type=_FILE)
@json_option
def finish(file: Path, as_json: bool) -> None:
    """Publish what FILE holds, when enough people have signed it."""
    draft = read_draft(file)
    with open_publication(_settings(), SystemClock()) as (publication, _keys):
        publication.finish(draft)
    _tell(draft, as_json, {"finished": True}, None)


def _make_key(settings: HomeSettings, name: str, file: Path, as_json: bool) -> None:
    keys = KeyFolder(settings.folder / "keys", read_passphrase(settings.passphrase_file))
    key = keys.make_next(f"offline/{name}")
    rotation.write_public(key, file)
    show(
        {"key": key.keyid, "public": str(file)},
        as_json,
        f"{name} is made; take {file} to the home: "
        f"`callstead home rotate {name} --public-key {file.name} --export FILE`",
    )


def _tell(draft: Draft, as_json: bool, facts: dict[str, Any], file: Path | None) -> None:
    lacking = draft.lacking()
    roles = {name: metadata.signed.version for name, metadata in draft.coming.items()}
    told = facts | {"roles": roles, "lacking": lacking, "digest": draft.digest}
    lines = [*describe(draft), f"sha256 {draft.digest}"]
    if file:
        told["file"] = str(file)
        lines += lacking or [f"{file} is signed: `callstead home finish {file.name}`"]
    show(told, as_json, "\n".join(lines))


def _settings() -> HomeSettings:
    return load(HomeSettings, "home")
