"""What is known of each client; every change in one transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from comm_server.fleet.clocks import skew_of
from comm_server.fleet.codes import secret_hash
from comm_server.plain import one_line
from common.clock import Clock, stamp
from common.errors import RefusedError
from common.spool import Row, Store

CODE_LIFETIME = timedelta(hours=1)


class Fleet:
    """The clients of the site."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def keep_invitation(self, secret_sha256: str) -> str:
        """Remember a code's hash; answers when it expires."""
        now = self._clock.now()
        expires = stamp(now + CODE_LIFETIME)
        self._store.execute(
            "INSERT INTO invitations (secret_sha256, made_at, expires_at) VALUES (?, ?, ?)",
            (secret_sha256, stamp(now), expires),
        )
        return expires

    def join(
        self,
        secret: bytes,
        name: str,
        platform: str,
        issue: Callable[[str], tuple[bytes, str, str]],
    ) -> tuple[str, bytes]:
        """Use a code up and enter the client; answers its id and certificate.

        ``issue(client_id)`` makes ``(certificate PEM, its sha256, public key base64)``.
        A client of the same name is replaced: that is how a reinstalled computer comes back.
        A code that was used is taken again from the same key within its hour: the client was
        killed before it had our answer.
        """
        now = stamp(self._clock.now())
        client = "c-" + secrets.token_hex(8)
        certificate, fingerprint, public_key = issue(client)

        def work(connection: sqlite3.Connection) -> None:
            used = connection.execute(
                "UPDATE invitations SET used_at = ?, used_by = ? "
                "WHERE secret_sha256 = ? AND used_at IS NULL AND expires_at > ?",
                (now, client, secret_hash(secret), now),
            )
            if used.rowcount != 1:
                raise RefusedError(
                    "code",
                    "This code is not known, was used already, or is older than an hour. "
                    "Make a new one with `callstead comm invite`.",
                )
            connection.execute(
                "UPDATE clients SET revoked_at = coalesce(revoked_at, ?), "
                "name = name || ' (until ' || ? || ')' WHERE name = ?",
                (now, now, name),
            )
            connection.execute(
                "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, "
                "joined_at, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (client, name, platform, fingerprint, public_key, now, now),
            )

        try:
            self._store.write(work)
        except RefusedError:
            known = self._joined_by(secret, public_key, now)
            if known is None:
                raise
            certificate, fingerprint, _key = issue(known)
            self._store.execute(
                "UPDATE clients SET certificate_sha256 = ? WHERE client = ?", (fingerprint, known)
            )
            return known, certificate
        return client, certificate

    def _joined_by(self, secret: bytes, public_key: str, now: str) -> str | None:
        """The client that used this code with this very key: our answer to it was lost."""
        known = self._store.value(
            "SELECT c.client FROM invitations i JOIN clients c ON c.client = i.used_by "
            "WHERE i.secret_sha256 = ? AND i.expires_at > ? AND c.public_key = ? "
            "AND c.revoked_at IS NULL",
            (secret_hash(secret), now, public_key),
        )
        return None if known is None else str(known)

    def by_certificate(self, fingerprint: str | None) -> Row | None:
        """The client that holds the certificate, unless it was revoked."""
        if not fingerprint:
            return None
        return self._store.row(
            "SELECT * FROM clients WHERE certificate_sha256 = ? AND revoked_at IS NULL",
            (fingerprint,),
        )

    def all(self) -> list[Row]:
        """Every client that has not been revoked, with its programs."""
        clients = self._store.rows("SELECT * FROM clients WHERE revoked_at IS NULL ORDER BY name")
        for client in clients:
            client["vitals"] = json.loads(client["vitals"] or "{}")
            client["programs"] = self._store.rows(
                "SELECT product, channel, platform, release FROM client_programs "
                "WHERE client = ? ORDER BY product",
                (client["client"],),
            )
        return clients

    def one(self, client: str) -> Row | None:
        """A client that has not been revoked, with its vitals and programs, or None."""
        return next((row for row in self.all() if row["client"] == client), None)

    def revoke(self, client: str) -> bool:
        """Put a client out: from the commit on it is a stranger. Whether it was one of ours."""
        changed = self._store.execute(
            "UPDATE clients SET revoked_at = ? WHERE client = ? AND revoked_at IS NULL",
            (stamp(self._clock.now()), client),
        )
        return changed == 1

    def adopt(self, client: str, product: str, channel: str, on: str, release: str | None) -> None:
        """The client takes care of ``product`` from ``channel``."""
        self._store.execute(
            "INSERT INTO client_programs (client, product, channel, platform, release) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (client, product) DO UPDATE SET "
            "channel = excluded.channel, platform = excluded.platform, "
            "release = coalesce(excluded.release, release)",
            (client, product, channel, on, release),
        )

    def heard(self, client: str, vitals: dict[str, Any]) -> None:
        """Keep the client's latest vitals, how wrong its clock is, and what it runs."""
        now = stamp(self._clock.now())
        skew = skew_of(vitals.get("at"), self._clock.now())
        vitals = {**vitals, "clock_skew": skew.total_seconds() if skew is not None else None}
        programs = vitals.get("programs")

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE clients SET last_seen = ?, vitals = ? WHERE client = ?",
                (now, json.dumps(vitals, ensure_ascii=False), client),
            )
            for program in programs if isinstance(programs, list) else []:
                if isinstance(program, dict) and isinstance(program.get("version"), str):
                    connection.execute(
                        "UPDATE client_programs SET release = ? WHERE client = ? AND product = ?",
                        (one_line(program["version"], 60), client, str(program.get("product"))),
                    )

        self._store.write(work)

    def running(self, product: str, platform: str) -> set[str | None]:
        """The versions of ``product`` that clients run; None for one that runs nothing yet."""
        rows = self._store.rows(
            "SELECT DISTINCT p.release FROM client_programs p JOIN clients c USING (client) "
            "WHERE c.revoked_at IS NULL AND p.product = ? AND p.platform = ?",
            (product, platform),
        )
        return {row["release"] for row in rows}

    def subscriptions(self) -> set[tuple[str, str, str]]:
        """``(product, channel, platform)`` of everything that any client runs."""
        rows = self._store.rows(
            "SELECT DISTINCT p.product, p.channel, p.platform FROM client_programs p "
            "JOIN clients c USING (client) WHERE c.revoked_at IS NULL"
        )
        return {(row["product"], row["channel"], row["platform"]) for row in rows}
