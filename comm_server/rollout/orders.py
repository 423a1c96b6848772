"""What a person orders of a rollout, by the site's console or the command line.

Each order is one transaction: the change, its sentence with the person's name, and the hint by
which clients look at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta

from comm_server.plain import one_line
from comm_server.rollout.reading import rows_of, vendor_lets_return
from comm_server.rollout.rings import site_rings
from comm_server.rollout.rules import Why
from comm_server.rollout.service import Rollout
from comm_server.rollout.table import keep_decision
from common.clock import stamp
from common.errors import OperatorError
from common.logs import get_logger
from common.spool import Row
from common.window import Window

log = get_logger(__name__)
_MOST_HOURS = 24 * 31


class Orders:
    """Orders to the site's rollouts.

    Args:
        rollout: obeys them.
        rings: the setting ``comm.rollout.rings`` in force.
    """

    def __init__(self, rollout: Rollout, rings: Callable[[], tuple[str, ...]]) -> None:
        self._rollout = rollout
        self._store = rollout.store
        self._rings = rings

    def rings(self) -> list[str]:
        """The names of the rings, in the order in which they open."""
        return [ring.name for ring in site_rings(self._rings())]

    def hold(self, product: str, version: str, person: str, hours: float | None = None) -> None:
        """Let no further client install it, for so many hours or until it is resumed.

        Raises OperatorError: there is no such release here.
        """
        if hours is not None and not 0 < hours <= _MOST_HOURS:
            raise OperatorError(f"A rollout is held for more than 0 and at most {_MOST_HOURS} h.")
        until = (
            stamp(self._rollout.clock.now() + timedelta(hours=hours)) if hours is not None else None
        )
        facts = {"by": person} | ({"until_at": until} if until else {})
        self._change(
            product, version, person, Why("held_until" if until else "held", facts),
            "held_by = ?, held_until = ?", (person, until),
        )  # fmt: skip

    def resume(self, product: str, version: str, person: str) -> bool:
        """Lift halt and hold; whether there was one. What happened until now is forgiven."""
        # What came in this very millisecond is forgiven with the rest.
        watched_from = stamp(self._rollout.clock.now() + timedelta(milliseconds=1))

        def work(connection: sqlite3.Connection) -> bool:
            about = (product, version)
            lifted = connection.execute(
                "DELETE FROM halts WHERE product = ? AND version = ?", about
            ).rowcount
            freed = connection.execute(
                "UPDATE rollouts SET held_by = NULL, held_until = NULL "
                "WHERE product = ? AND version = ? AND held_by IS NOT NULL",
                about,
            ).rowcount
            if not lifted and not freed:
                return False
            if lifted:
                connection.execute(
                    "UPDATE rollouts SET watched_from = ?, done_at = NULL "
                    "WHERE product = ? AND version = ?",
                    (watched_from, *about),
                )
            self._tell(connection, product, version, person, Why("resumed", {"by": person}))
            return True

        return self._store.write(work)

    def approve(self, product: str, version: str, person: str, *, at_once: bool = False) -> str:
        """Let the next ring open when its time has come, or ``at_once``; answers its name.

        Raises OperatorError: there is none, or the release is halted.
        """
        if self._store.value(
            "SELECT 1 FROM halts WHERE product = ? AND version = ?", (product, version)
        ):
            raise OperatorError(
                f"{product} {version} is halted: resume it first, if it is really well."
            )
        column, code = ("forced", "opened_now") if at_once else ("approved", "approved")
        row = self._row(product, version)
        s = self._rollout.look(row)
        names = [ring.name for ring in s.rings]
        following = s.open + 1
        if following >= len(names):
            raise OperatorError(f"Every ring of {product} {version} is open already.")
        if at_once and following < s.paced:
            raise OperatorError(
                f"The vendor asks for time before the ring {names[following]!r} of {product} "
                f"{version}, and it is not opened earlier. Let it open when its time has come."
            )
        why = Why(code, {"by": person, "ring": names[following]})
        self._change(product, version, person, why, f"{column} = max({column}, ring + 1)", ())
        return names[following]

    def send_back(self, product: str, version: str, person: str) -> int:
        """Halt it, and let every client that runs it return; how many run it.

        Raises OperatorError: there is no such release here, or its vendor does not allow it.
        """
        self._row(product, version)
        now = stamp(self._rollout.clock.now())
        if not vendor_lets_return(self._store.rows, product, version):
            raise OperatorError(
                f"The vendor lets no site send its computers back from {product} {version} by "
                "itself, and they would not obey. Hold it, and ask the vendor to halt it."
            )

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO halts (product, version, reason, at, back) VALUES (?, ?, ?, ?, 1) "
                "ON CONFLICT (product, version) DO UPDATE SET back = 1",
                (product, version, f"{person} ordered to return to the release before.", now),
            )
            self._tell(connection, product, version, person, Why("sent_back", {"by": person}))

        self._store.write(work)
        return int(
            self._store.value(
                "SELECT count(*) FROM client_programs p JOIN clients c USING (client) "
                "WHERE p.product = ? AND p.release = ? AND c.revoked_at IS NULL",
                (product, version),
            )
        )

    def set_ring(self, client: str, ring: str, person: str) -> str:
        """Name a client, by its id or name, to a ring; empty: to lots again. Its name.

        Raises OperatorError: no such client or ring.
        """
        if ring and ring not in self.rings():
            raise OperatorError(
                f"There is no ring {ring!r}. The rings are {', '.join(self.rings())}; "
                "they stand in comm.rollout.rings."
            )
        known = self._store.row(
            "SELECT client, name FROM clients WHERE (client = ? OR name = ?) "
            "AND revoked_at IS NULL",
            (client, client),
        )
        if known is None:
            raise OperatorError(
                f"There is no client {client!r}. `callstead comm clients` lists them."
            )
        now = stamp(self._rollout.clock.now())
        facts = {"client": known["name"], "by": person}

        def work(connection: sqlite3.Connection) -> None:
            if ring:
                connection.execute(
                    "INSERT INTO client_rings (client, ring, person, at) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (client) DO UPDATE SET ring = excluded.ring, "
                    "person = excluded.person, at = excluded.at",
                    (known["client"], ring, person, now),
                )
            else:
                connection.execute("DELETE FROM client_rings WHERE client = ?", (known["client"],))
            why = Why("ring_set", facts | {"ring": ring}) if ring else Why("ring_free", facts)
            keep_decision(connection, "", "", now, why, person)

        self._store.write(work)
        log.info("rollout.ring_set", client=known["client"], ring=ring, by=person)
        return str(known["name"])

    def set_window(self, window: Window | None, person: str, ring: str = "") -> None:
        """Let programs be restarted in this window only; None: as the settings say.

        A window with an empty ``cron`` is always open. ``ring`` has one of its own.
        Raises OperatorError.
        """
        if ring and ring not in self.rings():
            raise OperatorError(f"There is no ring {ring!r}; they are {', '.join(self.rings())}.")
        if window is not None and window.cron:
            window.check()
        now = stamp(self._rollout.clock.now())

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM rollout_windows WHERE ring = ?", (ring,))
            if window is not None:
                connection.execute(
                    "INSERT INTO rollout_windows (ring, cron, minutes, zone, person, at) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (ring, window.cron, window.minutes, window.zone, person, now),
                )
            facts = {"by": person, "ring": ring or "*", "cron": window.cron if window else ""}
            keep_decision(connection, "", "", now, Why("window_set", facts), person)

        self._store.write(work)
        log.info("rollout.window_set", ring=ring, cron=window.cron if window else None, by=person)

    def windows(self) -> list[Row]:
        """The windows that were ordered: ``{ring, cron, minutes, zone, person, at}``."""
        return self._store.rows("SELECT * FROM rollout_windows ORDER BY ring")

    def windows_in_force(self) -> list[Row]:
        """The same, and what the settings say for all other rings where nothing was ordered."""
        rows = self.windows()
        if not any(row["ring"] == "" for row in rows):
            s = self._rollout.settings()
            rows.append({"ring": "", "cron": s.window, "minutes": s.window_minutes,
                         "zone": s.window_zone, "person": "", "at": ""})  # fmt: skip
        return rows

    # --- inside ---------------------------------------------------------------------------------

    def _row(self, product: str, version: str) -> Row:
        self._rollout.run_once()  # what came in a moment ago has its row now
        found = self._store.row(
            "SELECT * FROM rollouts WHERE product = ? AND version = ? ORDER BY ring LIMIT 1",
            (product, version),
        )
        if found is None:
            raise OperatorError(
                f"{product} {version} is not at this site. `callstead comm rollout status` "
                "lists what is."
            )
        return found

    def _change(
        self,
        product: str,
        version: str,
        person: str,
        why: Why,
        sets: str,
        values: tuple[object, ...],
    ) -> None:
        self._row(product, version)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                f"UPDATE rollouts SET {sets} WHERE product = ? AND version = ?",  # noqa: S608 - our own words
                (*values, product, version),
            )
            self._tell(connection, product, version, person, why)

        self._store.write(work)

    def _tell(
        self, connection: sqlite3.Connection, product: str, version: str, person: str, why: Why
    ) -> None:
        """Keep the sentence, follow the rules at once, and let clients look."""
        now = stamp(self._rollout.clock.now())
        keep_decision(connection, product, version, now, why, one_line(person, 80))
        for row in rows_of(connection)(
            "SELECT * FROM rollouts WHERE product = ? AND version = ?", (product, version)
        ):
            self._rollout.judge(connection, row)
        self._rollout.announce(connection, product, version)
        log.info("rollout.ordered", product=product, version=version, order=why.code, by=person)
