"""`callstead appliance keys …`: the keys under which secrets in the database are sealed."""

from __future__ import annotations

import click

from appliance.office import Office
from appliance.settings import load_settings
from appliance.store.sealed import keys_in_use, seal_again
from common.cli import group as room_group
from common.cli import json_option, show
from common.clock import SystemClock

_WHO = "command line"


@room_group()
def keys() -> None:
    """The keys under which secrets in the database are sealed."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys by id, newest first, with how many secrets each seals."""
    with Office.opened(load_settings(), SystemClock()) as office:
        used = keys_in_use(office.database)
        found = [{"id": one, "secrets": used.get(one, 0)} for one in office.vault.ids]
    show(found, as_json, "\n".join(f"{one['id']:12} {one['secrets']} secret(s)" for one in found))


@keys.command()
def rotate() -> None:
    """Make a new key and seal every secret with it; stopped half-way, run it again.

    The appliance may run meanwhile. The old key stays, until `callstead appliance keys forget`.
    """
    with Office.opened(load_settings(), SystemClock()) as office:
        vault = office.vault
        if not set(keys_in_use(office.database)) - {vault.current}:
            vault.add_key()
            office.audit.record(_WHO, "vault.key_added", vault.current)
        done = sum(seal_again(office.database, vault))
        office.audit.record(_WHO, "vault.rotated", f"{done} secrets under {vault.current}")
        click.echo(
            f"{done} secret(s) are sealed with the key {vault.current} now. Back up {vault.path} "
            "with the database; `callstead appliance keys forget` removes the old keys."
        )


@keys.command()
def forget() -> None:
    """Remove the keys that seal nothing any more; older backups of the database need them."""
    with Office.opened(load_settings(), SystemClock()) as office:
        vault = office.vault
        used = set(keys_in_use(office.database)) | {vault.current}
        gone = [one for one in vault.ids if one not in used]
        if gone:
            vault.forget_all_but(used)
            office.audit.record(_WHO, "vault.keys_removed", ", ".join(gone))
    click.echo(f"Removed: {', '.join(gone)}." if gone else "Every key is still needed.")
