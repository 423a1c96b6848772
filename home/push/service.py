"""Pushes to sites, and remembers where they take them and what they have."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.atomic import write_secret
from common.clock import Clock, stamp
from common.errors import OperatorError
from common.spool import Store
from home.publish.publication import Publication
from home.push.contents import Item, contents
from home.push.sftp import Inbox, Place, read_host_key
from home.settings import PushSettings

Told = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pushed:
    """What a push did.

    Attributes:
        site: its name.
        files: how many there are.
        sent: bytes that were sent now; the rest was there already.
    """

    site: str
    files: int
    sent: int


class Pusher:
    """Brings the publication to sites.

    Args:
        publication: what is pushed.
        store: ``home.db``.
        key: the vendor's SSH key; made when missing.
        limits: time-outs.
        clock: when it was.
    """

    def __init__(
        self,
        publication: Publication,
        store: Store,
        key: Path,
        limits: PushSettings,
        clock: Clock,
    ) -> None:
        self._publication = publication
        self._store = store
        self._key = key
        self._limits = limits
        self._clock = clock

    def set_place(self, site: str, place: Place) -> str:
        """Remember where ``site`` (id or name) takes pushes; answers our public key's line.

        Raises OperatorError.
        """
        read_host_key(place.host_key)
        found = self._site(site)

        def keep(connection: sqlite3.Connection) -> None:
            # Another server has nothing yet of what the one before was sent.
            connection.execute("DELETE FROM pushed WHERE site = ?", [found])
            connection.execute(
                "INSERT INTO inboxes (site, host, port, user, host_key, folder)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site) DO UPDATE SET host = excluded.host,"
                " port = excluded.port, user = excluded.user, host_key = excluded.host_key,"
                " folder = excluded.folder",
                [found, place.host, place.port, place.user, place.host_key, place.folder],
            )

        line = self.public_key()
        self._store.write(keep)
        return line

    def public_key(self) -> str:
        """Our public key as a line of ``authorized_keys``; the key is made when there is none."""
        if not self._key.exists():
            made = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.OpenSSH,
                serialization.NoEncryption(),
            )
            write_secret(self._key, made)
        private = serialization.load_ssh_private_key(self._key.read_bytes(), None)
        public = private.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        return f"{public.decode('ascii')} callstead-push"

    def sites(self) -> list[str]:
        """The names of all sites that take pushes."""
        rows = self._store.rows(
            "SELECT s.name FROM inboxes i JOIN sites s ON s.id = i.site ORDER BY s.name"
        )
        return [row["name"] for row in rows]

    def push(self, site: str, told: Told, *, again: bool = False) -> Pushed:
        """Bring ``site`` (id or name) everything that is new.

        Args:
            site: one that takes pushes.
            told: called with (path, bytes there, bytes in all).
            again: send all of it, whatever was sent before.

        Raises:
            NetworkError: it broke off; the next push goes on from there.
            RemoteError: it is not the site's server, or it does not take what is sent.
            OperatorError: there is no such site, or its inbox is not known.
        """
        number = self._site(site)
        row = self._store.row(
            "SELECT i.*, s.name FROM inboxes i JOIN sites s ON s.id = i.site WHERE i.site = ?",
            [number],
        )
        if row is None:
            raise OperatorError(
                f"Where {site} takes pushes is not known yet: `callstead home site inbox` tells it."
            )
        place = Place(row["host"], row["port"], row["user"], row["host_key"], row["folder"])
        before = self._store.rows("SELECT path FROM pushed WHERE site = ?", [number])
        known = set() if again else {one["path"] for one in before}
        items = contents(self._publication)
        sent = 0
        with Inbox(place, self._key, self._limits) as inbox:
            for item in items:
                if item.path not in known:
                    sent += inbox.put(item, lambda d, t, path=item.path: told(path, d, t))  # type: ignore[misc]  # mypy cannot see a default through a lambda
        self._remember(number, items)
        return Pushed(str(row["name"]), len(items), sent)

    def _remember(self, site: str, items: list[Item]) -> None:
        """What was brought; what is published no longer is forgotten."""
        at = stamp(self._clock.now())

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM pushed WHERE site = ?", [site])
            connection.executemany(
                "INSERT INTO pushed (site, path, at) VALUES (?, ?, ?)",
                [(site, item.path, at) for item in items if item.path.startswith("targets/")],
            )

        self._store.write(write)

    def _site(self, site: str) -> str:
        found = self._store.value("SELECT id FROM sites WHERE id = ? OR name = ?", [site, site])
        if found is None:
            raise OperatorError(f"There is no site {site!r}. `callstead home site list` names all.")
        return str(found)
