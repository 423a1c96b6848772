"""What is sealed in the database, and how it comes under another key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute

from appliance.store.account_models import AnswerRow, SecondFactorRow, SigningKeyRow, WebhookRow
from appliance.store.chat_models import AttachmentRow
from appliance.store.confidential import WHERE as CONFIDENTIAL
from appliance.store.confidential import ConfidentialRow
from appliance.store.database import Database
from appliance.store.files import KEY_OF_A_FILE
from appliance.store.recordings import WHERE as RECORDING
from appliance.store.recordings import RecordingRow
from appliance.store.trunks import WHERE as TRUNK
from appliance.store.trunks import TrunkRow
from common.vault import Vault, key_of

_AT_ONCE = 100


@dataclass(frozen=True)
class Sealed:
    """One column.

    Attributes:
        column: the sealed text; empty: there is none.
        keys: of a row, in the order in which ``where`` names them.
        where: what the text is bound to.
    """

    column: InstrumentedAttribute[str]
    keys: tuple[InstrumentedAttribute[Any], ...]
    where: Callable[..., str]


COLUMNS = (
    Sealed(SecondFactorRow.secret, (SecondFactorRow.user,), "second_factors/secret/{}".format),
    Sealed(SigningKeyRow.private, (SigningKeyRow.id,), "signing_keys/private/{}".format),
    Sealed(WebhookRow.secret, (WebhookRow.id,), "webhooks/secret/{}".format),
    Sealed(AttachmentRow.key, (AttachmentRow.id,), KEY_OF_A_FILE.format),
    Sealed(RecordingRow.secret, (RecordingRow.id,), RECORDING.format),
    Sealed(TrunkRow.secret, (TrunkRow.name,), TRUNK.format),
    Sealed(
        ConfidentialRow.value,
        (ConfidentialRow.subject, ConfidentialRow.owner, ConfidentialRow.key),
        CONFIDENTIAL.format,
    ),
    Sealed(AnswerRow.answer, (AnswerRow.scope, AnswerRow.key), "kept_answers/answer/{}/{}".format),
)  # fmt: skip


def keys_in_use(database: Database) -> dict[str, int]:
    """By key, how many texts are sealed with it."""
    found: dict[str, int] = {}
    for one in COLUMNS:
        with database.read() as session:
            for text in session.scalars(select(one.column).where(one.column != "")):
                found[key_of(text)] = found.get(key_of(text), 0) + 1
    return found


def seal_again(database: Database, vault: Vault) -> Iterator[int]:
    """Bring everything under the current key, some rows in each transaction; yields how many.

    A row that was written meanwhile is left alone: it is under the current key already. Killed at
    any moment, what is left is done by the next run.
    """
    for one in COLUMNS:
        yield from _seal_column(database, vault, one)


def _seal_column(database: Database, vault: Vault, one: Sealed) -> Iterator[int]:
    prefix = f"v1.{vault.current}."
    old = select(one.column, *one.keys).where(one.column != "", one.column.not_like(f"{prefix}%"))
    while True:
        with database.write() as session:
            rows = session.execute(old.limit(_AT_ONCE)).all()
            for text, *keys in rows:
                where = one.where(*keys)
                session.execute(
                    update(one.column.class_)
                    .where(
                        *(column == key for column, key in zip(one.keys, keys, strict=True)),
                        one.column == text,
                    )
                    .values({one.column.key: vault.seal(vault.open(text, where), where)})
                    .execution_options(synchronize_session=False)
                )
        if rows:
            yield len(rows)
        if len(rows) < _AT_ONCE:
            return
