"""How every client and every release stands: what the consoles show and the bundles tell home."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comm_server.plain import one_line
from comm_server.rollout.rings import assign, site_rings
from comm_server.rollout.rules import Snapshot
from comm_server.rollout.service import Rollout
from comm_server.rollout.telling import counts
from comm_server.rollout.words import local_time, say_row
from common.spool import Row

_MOST_ROLLOUTS = 20


@dataclass(frozen=True)
class Standing:
    """One program on one client.

    Attributes:
        ring: the name of its ring.
        named: whether somebody put it there, and no lot.
        state: of the updater: ``idle``, ``waiting`` …; empty when it told none.
        reason: the updater's own sentence.
        stand: with the newest release, see `comm_server.rollout.rules.Stand`; empty: there is none.
        version: that release.
    """

    ring: str
    named: bool
    state: str
    reason: str
    stand: str = ""
    version: str = ""


def standings(rollout: Rollout) -> dict[tuple[str, str], Standing]:
    """Every program of every client, by the client's id and the product."""
    rows = rollout.store.rows(
        "SELECT c.client, c.vitals, p.product, p.channel, r.ring FROM client_programs p "
        "JOIN clients c USING (client) LEFT JOIN client_rings r USING (client) "
        "WHERE c.revoked_at IS NULL ORDER BY p.product, p.channel, c.client"
    )
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["product"], row["channel"]), []).append(row)
    newest: dict[tuple[str, str], Row] = {}
    for one in reversed(rollout.rollouts()):
        newest[one["product"], one["channel"]] = one
    found: dict[tuple[str, str], Standing] = {}
    for about, members in groups.items():
        s = rollout.look(newest[about]) if about in newest else None
        rings = s.rings if s else site_rings(rollout.settings().rings)
        places = assign(rings, [(row["client"], row["ring"]) for row in members])
        stands = {m.client: m.stand.value for m in s.members} if s else {}
        for row in members:
            state, reason = _told(row)
            found[row["client"], row["product"]] = Standing(
                ring=rings[places[row["client"]]].name,
                named=row["ring"] in {ring.name for ring in rings},
                state=state,
                reason=reason,
                stand=stands.get(row["client"], ""),
                version=s.version if s else "",
            )
    return found


def told_home(rollout: Rollout, when: Callable[[str], str] = local_time) -> list[dict[str, Any]]:
    """The latest rollouts as a bundle's manifest tells them, the newest first.

    ``when`` writes the times in their sentences.
    """
    return [
        {
            "product": row["product"],
            "channel": row["channel"],
            "version": row["version"],
            "began_at": row["began_at"],
            "done_at": row["done_at"],
            "state": state_of(s, row),
            "sentence": say_row(row, "en", when),
            "sentence_zh": say_row(row, "zh-CN", when),
            "rings": counts(s),
        }
        for row in rollout.rollouts()[:_MOST_ROLLOUTS]
        for s in [rollout.look(row)]
    ]


def state_of(s: Snapshot, row: Row) -> str:
    """One word: ``halted``, ``held``, ``superseded``, ``done``, ``approval`` or ``going``."""
    if s.halted:
        return "halted"
    if row["code"] in {"superseded", "done"}:
        return str(row["code"])
    if s.is_held:
        return "held"
    return "approval" if row["code"] == "approval" else "going"


def _told(row: Row) -> tuple[str, str]:
    try:
        programs = json.loads(row["vitals"] or "{}").get("programs")
        told = next(one for one in programs if one.get("product") == row["product"])
        return one_line(told.get("state") or "", 20), one_line(told.get("reason") or "", 500)
    except (StopIteration, ValueError, TypeError, AttributeError):
        return "", ""  # it has not told anything, or nothing that is understood
