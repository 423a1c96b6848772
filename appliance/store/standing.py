"""Which sessions, keys and tokens still hold; asked each second for all open connections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from appliance.domain.programs import Proof, Shown
from appliance.store.account_models import ApiKeyRow, SessionRow, TokenFamilyRow
from appliance.store.database import Database
from appliance.store.models import UserRow

_AT_ONCE = 500  # values of one statement: below any limit


def standing(database: Database, proofs: Collection[Proof], now: datetime) -> set[Proof]:
    """Those of ``proofs`` that are not revoked, whose user has still the same generation."""
    by_kind: dict[Shown, dict[str, list[Proof]]] = defaultdict(lambda: defaultdict(list))
    for proof in proofs:
        by_kind[proof.kind][proof.id].append(proof)
    found: set[Proof] = set()
    if not by_kind:
        return found
    with database.read() as session:
        for kind, wanted in by_kind.items():
            ids = list(wanted)
            for start in range(0, len(ids), _AT_ONCE):
                for id_, generation in session.execute(
                    _query(kind, ids[start : start + _AT_ONCE], now)
                ):
                    found |= {one for one in wanted[id_] if one.generation == generation}
    return found


def _query(kind: Shown, ids: list[str], now: datetime) -> Select[Any]:
    """Their ids, each with its user's generation."""
    if kind is Shown.SESSION:
        return _of(SessionRow, ids).where(SessionRow.generation == UserRow.generation)
    if kind is Shown.KEY:
        over = ApiKeyRow.expires_at
        return _of(ApiKeyRow, ids).where(
            ApiKeyRow.revoked_at.is_(None), or_(over.is_(None), over > now)
        )
    return _of(TokenFamilyRow, ids).where(
        TokenFamilyRow.generation == UserRow.generation,
        TokenFamilyRow.revoked_at.is_(None),
        TokenFamilyRow.until > now,
    )


def _of(table: Any, ids: list[str]) -> Select[Any]:
    return (
        select(table.id, UserRow.generation)
        .join(UserRow, UserRow.id == table.user)
        .where(table.id.in_(ids), UserRow.disabled.is_(False))
    )
