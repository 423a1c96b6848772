"""Which sessions, keys and tokens still hold; asked each second for all open connections.

In one statement for each kind, and one row for its answer: each row, and each value of a statement,
is a turn of the interpreter between the thread that asks and the one with the sockets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import Text, bindparam, text

from appliance.domain.programs import Proof, Shown
from appliance.store.account_models import ApiKeyRow, SessionRow, TokenFamilyRow
from appliance.store.database import Database
from appliance.store.quick import LISTED, Quick


def standing(database: Database, proofs: Collection[Proof], now: datetime) -> set[Proof]:
    """Those of ``proofs`` that are not revoked, whose user has still the same generation."""
    by_kind: dict[Shown, dict[str, list[Proof]]] = defaultdict(lambda: defaultdict(list))
    for proof in proofs:
        by_kind[proof.kind][proof.id].append(proof)
    found: set[Proof] = set()
    if not by_kind:
        return found
    with database.line() as line:
        for kind, wanted in by_kind.items():
            asked = {"ids": orjson.dumps(list(wanted)).decode(), "now": now}
            ((holding,),) = _HOLDING[kind, line.kind].rows(line, asked)
            for id_, generation in orjson.loads(holding or "[]"):
                found.update(one for one in wanted[id_] if one.generation == generation)
    return found


# Of each kind: its table, and what must be so of it.
_RULES = {
    Shown.SESSION: (SessionRow.__tablename__, "shown.generation = users.generation"),
    Shown.KEY: (
        ApiKeyRow.__tablename__,
        "shown.revoked_at IS NULL AND (shown.expires_at IS NULL OR shown.expires_at > :now)",
    ),
    Shown.TOKEN: (
        TokenFamilyRow.__tablename__,
        "shown.generation = users.generation AND shown.revoked_at IS NULL AND shown.until > :now",
    ),
}
# An answer that is one row, by the kind of database.
_IN_ONE = {
    "sqlite": "json_group_array(json_array(shown.id, users.generation))",
    "postgresql": "CAST(json_agg(json_build_array(shown.id, users.generation)) AS text)",
}
_HOLDING = {
    (kind, database): Quick(
        text(
            f"SELECT {collected} FROM {LISTED[database].format('ids')} AS asked "  # noqa: S608 - names from the code alone
            f"JOIN {table} AS shown ON shown.id = asked.value "
            f'JOIN users ON users.id = shown."user" WHERE NOT users.disabled AND {rule}'
        ).bindparams(
            bindparam("ids", type_=Text()),
            *([bindparam("now", type_=TokenFamilyRow.until.type)] if ":now" in rule else []),
        ),
        writes=False,
    )
    for kind, (table, rule) in _RULES.items()
    for database, collected in _IN_ONE.items()
}
