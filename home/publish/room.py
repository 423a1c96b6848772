"""Puts the publication together from the settings, under the home's lock."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.clock import Clock, stamp
from common.errors import OperatorError
from common.spool import Store
from common.wire.release import Manifest
from home.deltas import Base
from home.keys import KeyFolder, read_passphrase
from home.publish.approvals import check_chain, history
from home.publish.bases import bases_of
from home.publish.lock import exclusive
from home.publish.publication import TOP, Publication
from home.publish.releases import Releases
from home.schema import migrations
from home.settings import HomeSettings


def publication_of(
    settings: HomeSettings, clock: Clock, passphrase: bytes | None = None
) -> Publication:
    """The home's publication; without a passphrase for what the online keys can do."""
    keys = KeyFolder(settings.folder / "keys", passphrase)
    return Publication(settings.folder / "publication", keys, settings.publish, clock)


def initialise(settings: HomeSettings, clock: Clock) -> list[str]:
    """Make the keys and an empty publication; answers the keys that were made.

    On a home that exists nothing changes.
    """
    passphrase = read_passphrase(settings.passphrase_file)
    publication = publication_of(settings, clock, passphrase)
    with exclusive(settings, clock):
        if publication.exists:
            return []
        # With a root laid out, a missing key was lost and not still to be made.
        rooted = (publication.metadata / "1.root.json").exists()
        made = [] if rooted else KeyFolder(settings.folder / "keys", passphrase).create()
        publication.initialise()
        Store(settings.folder / "home.db", migrations()).close()
        return made


def freshen(settings: HomeSettings, clock: Clock, *, force: bool = False) -> list[str]:
    """Sign snapshot and timestamp again when half of their life is over, with online keys alone.

    `callstead home serve` runs it by schedule; an hour between two runs is ample.

    Args:
        settings: the home's.
        clock: the signatures' time.
        force: sign whatever their age.

    Returns:
        The roles that were signed; empty when they are young.

    Raises:
        OperatorError: another command holds the lock, or a key is missing.
    """
    with exclusive(settings, clock):
        publication = publication_of(settings, clock)
        _refuse_empty(publication)
        publication.settle()
        return publication.freshen(force=force)


@contextlib.contextmanager
def open_publication(
    settings: HomeSettings, clock: Clock
) -> Iterator[tuple[Publication, KeyFolder]]:
    """The publication and the offline keys, with the lock held."""
    passphrase = read_passphrase(settings.passphrase_file)
    publication = publication_of(settings, clock, passphrase)
    with exclusive(settings, clock):
        _refuse_empty(publication)
        publication.settle()
        yield publication, KeyFolder(settings.folder / "keys", passphrase)


@contextlib.contextmanager
def open_releases(
    settings: HomeSettings, clock: Clock, export: Path | None = None
) -> Iterator[Releases]:
    """What a release engineer works with, with the offline keys and the lock held.

    With ``export`` what must be signed goes to that file; see `home.publish.draft`.
    """
    with open_publication(settings, clock) as (publication, _keys):
        store = Store(settings.folder / "home.db", migrations())
        try:
            yield Releases(publication, store, clock, export)
        finally:
            store.close()


def bases(settings: HomeSettings, clock: Clock, manifest: Manifest) -> list[Base]:
    """The published releases from which deltas lead to the one that is being packed."""
    return bases_of(
        publication_of(settings, clock),
        manifest.product,
        manifest.version,
        manifest.platform,
        settings.pack.deltas,
    )


def status(settings: HomeSettings, clock: Clock) -> dict[str, Any]:
    """Products with their channels and versions, every role's age, and the log of approvals."""
    publication = publication_of(settings, clock)
    _refuse_empty(publication)
    store = Store(settings.folder / "home.db", migrations())
    try:
        releases = Releases(publication, store, clock)
        products = {
            name: {
                "channels": releases.channels(name),
                "versions": releases.versions(name),
                "terms": [
                    {"channel": channel, "version": version, **terms.as_dict()}
                    for (channel, version), terms in releases.terms(name).items()
                ],
                "notices": {v: asdict(one) for v, one in releases.notices(name).items()},
            }
            for name in publication.products()
        }
        return {
            "products": products,
            "roles": {name: _role(publication, name, clock) for name in (*TOP, *products)},
            "approvals": {"entries": len(history(store)), "chain": _chain(store)},
        }
    finally:
        store.close()


def _role(publication: Publication, name: str, clock: Clock) -> dict[str, Any]:
    top = {
        "root": publication.root,
        "snapshot": publication.snapshot,
        "timestamp": publication.timestamp,
    }
    role = top[name]() if name in top else publication.role(name)
    left = (role.expires - clock.now()).total_seconds() / 86400
    return {"version": role.version, "expires": stamp(role.expires), "days_left": round(left, 1)}


def _chain(store: Store) -> str:
    try:
        check_chain(store)
    except OperatorError as error:
        return str(error)
    return "whole"


def _refuse_empty(publication: Publication) -> None:
    if not publication.exists:
        raise OperatorError(
            f"There is no publication in {publication.metadata.parent}. "
            "Make the home first: `callstead home init`."
        )
