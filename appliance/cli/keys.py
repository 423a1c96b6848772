"""`callstead appliance keys …`: the keys that seal secrets in the database, and those that sign."""

from __future__ import annotations

import click

from appliance.office import Office
from appliance.settings import load_settings
from appliance.store.migrate import alone
from appliance.store.sealed import keys_in_use, seal_again
from common.cli import group as room_group
from common.cli import json_option, show
from common.clock import SystemClock
from common.web.secret import add_signing_key, forget_signing_keys

_WHO = "command line"


@room_group()
def keys() -> None:
    """The keys that seal secrets in the database, and those that sign for people outside."""


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


@keys.command("rotate-signing")
def rotate_signing() -> None:
    """Make a new key for sessions, visitors' chats and addresses of files.

    It signs from the appliance's next start on. What older keys signed stays good, until
    `callstead appliance keys forget-signing`.
    """
    with Office.opened(load_settings(), SystemClock()) as office:
        with alone(office.folder):
            there = add_signing_key(office.folder)
        office.audit.record(_WHO, "signing.key_added", f"{there} keys")
    click.echo(
        f"{there} signing keys. On several nodes copy session.key to the others; then start each "
        "again, and the new key signs."
    )


@keys.command("forget-signing")
def forget_signing() -> None:
    """Remove all signing keys but the newest, from the appliance's next start on.

    Whoever is signed in since before the newest came must sign in again, and visitors who are in a
    chat since then must begin a new one.
    """
    with Office.opened(load_settings(), SystemClock()) as office:
        with alone(office.folder):
            gone = forget_signing_keys(office.folder)
        if gone:
            office.audit.record(_WHO, "signing.keys_removed", f"{gone} keys")
    click.echo(
        f"Removed: {gone}. On several nodes end all of them, copy session.key, and start them."
        if gone else "There is but one signing key."
    )  # fmt: skip
