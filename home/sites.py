"""Sites of the vendor, and the kit that sets one up."""

from __future__ import annotations

import json
import secrets
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.atomic import write_secret
from common.clock import Clock, ago, stamp
from common.errors import OperatorError
from common.spool import Row, Store
from common.wire.signing import b64

FORMAT = 1
_MOST_NAME = 80


@dataclass(frozen=True)
class Home:
    """What every kit of this home says.

    Attributes:
        root: bytes of the newest TUF root.
        bundle_key: raw X25519 public key.
        ack_key: raw ed25519 public key.
        ca: PEM that proves the home's certificate, for HTTPS and for mail.
        web: ``https://host:port``.
        mail: ``{"to", "host", "port", "security"}``.
        console: address of the console as the vendor's own people reach it, for links in mails.
    """

    root: bytes
    bundle_key: bytes
    ack_key: bytes
    ca: str
    web: str
    mail: dict[str, Any]
    console: str = ""


def add_site(store: Store, home: Home, name: str, out: Path, clock: Clock) -> str:
    """Register a site and write its kit, readable by the owner alone; answers the site's id.

    Raises:
        OperatorError: the name is taken or unfit, or the file exists or cannot be written.
    """
    name = name.strip()
    if not name or len(name) > _MOST_NAME or not name.isprintable():
        raise OperatorError(f"A site's name has 1 to {_MOST_NAME} printable characters.")
    if out.exists():
        raise OperatorError(f"The file {out} exists already. Name another one for the kit.")
    site, secret = str(uuid.uuid4()), secrets.token_bytes(32)
    try:
        store.execute(
            "INSERT INTO sites (id, name, enrolment_secret, added_at) VALUES (?, ?, ?, ?)",
            [site, name, b64(secret), stamp(clock.now())],
        )
    except sqlite3.IntegrityError as error:
        raise OperatorError(f"There is a site named {name!r} already. Choose another.") from error
    try:
        write_secret(out, json.dumps(_kit(home, site, name, secret), indent=2).encode() + b"\n")
    except OSError as error:
        store.execute("DELETE FROM sites WHERE id = ?", [site])
        raise OperatorError(f"The kit {out} cannot be written: {error.strerror}.") from error
    return site


def list_sites(store: Store) -> list[Row]:
    """Every site with its last bundle and how many there are, by name."""
    return store.rows(
        "SELECT s.id, s.name, s.public_key, s.added_at, s.enrolled_at, s.heard_at,"
        " (SELECT COUNT(*) FROM bundles b WHERE b.site = s.id) AS bundles,"
        " (SELECT MAX(b.sequence) FROM bundles b WHERE b.site = s.id) AS last_sequence,"
        " (SELECT COUNT(*) FROM clients c WHERE c.site = s.id) AS clients,"
        " (SELECT COUNT(*) FROM sightings g WHERE g.site = s.id) AS problems"
        " FROM sites s ORDER BY s.name"
    )


def silent_sites(store: Store, clock: Clock, hours: float) -> list[Row]:
    """Sites that were not heard of for ``hours``, or never since their kit was made."""
    limit = ago(clock.now(), hours=hours)
    return store.rows(
        "SELECT id, name, heard_at, added_at FROM sites"
        " WHERE COALESCE(heard_at, added_at) < ? ORDER BY name",
        [limit],
    )


def names(store: Store) -> list[Row]:
    """``{id, name}`` of every site, by name."""
    return store.rows("SELECT id, name FROM sites ORDER BY name")


def _kit(home: Home, site: str, name: str, secret: bytes) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "site": site,
        "name": name,
        "root": b64(home.root),
        "bundle_key": b64(home.bundle_key),
        "ack_key": b64(home.ack_key),
        "enrolment_secret": b64(secret),
        "releases_url": f"{home.web}/releases",
        "acks_url": f"{home.web}/acks/{site}.json",
        "home_ca": home.ca,
        "mail": home.mail,
        "console": home.console or home.web,
    }
