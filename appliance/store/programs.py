"""API keys, tokens' families and signing keys in the database; see `appliance.domain.programs`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update

from appliance.domain.programs import ApiKey, Family
from appliance.store.account_models import ApiKeyRow, RefreshTokenRow, SigningKeyRow, TokenFamilyRow
from appliance.store.database import Database
from common.clock import Clock
from common.vault import Vault

_PREFIX = "csk"
_NOTE_USE = timedelta(minutes=1)  # not a write with every request


class SqlApiKeys:
    """See `appliance.domain.programs.ApiKeys`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(
        self, user: int, name: str, scopes: Sequence[str], expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        """A new one, and its text: ``csk_ID_SECRET``."""
        shown = f"{_PREFIX}_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"
        row = ApiKeyRow(
            id=shown.split("_", 2)[1], user=user, name=name, hash=_hash(shown),
            scopes=sorted(set(scopes)), created_at=self._clock.now(), expires_at=expires_at,
        )  # fmt: skip
        with self._database.write() as session:
            session.add(row)
        return _key(row), shown

    def all(self) -> list[ApiKey]:
        """Everybody's that were not revoked, oldest first."""
        query = select(ApiKeyRow).where(ApiKeyRow.revoked_at.is_(None))
        with self._database.read() as session:
            rows = session.scalars(query.order_by(ApiKeyRow.created_at, ApiKeyRow.id))
            return [_key(row) for row in rows]

    def revoke(self, id: str) -> ApiKey | None:  # noqa: A002
        """None: there is no such key."""
        with self._database.write() as session:
            row = session.get(ApiKeyRow, id)
            if row is None or row.revoked_at is not None:
                return None
            row.revoked_at = self._clock.now()
            return _key(row)

    def find(self, shown: str) -> ApiKey | None:
        """The key whose text was shown, if it holds; notes that it was used."""
        parts = shown.split("_", 2)
        if len(parts) != 3 or parts[0] != _PREFIX:
            return None
        now = self._clock.now()
        with self._database.read() as session:
            row = session.get(ApiKeyRow, parts[1])
            fits = row is not None and hmac.compare_digest(row.hash, _hash(shown))
            key = _key(row) if row is not None and fits else None
        if key is None or key.revoked_at is not None:
            return None
        if key.expires_at is not None and key.expires_at <= now:
            return None
        if key.used_at is None or now - key.used_at >= _NOTE_USE:
            with self._database.write() as session:
                session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(used_at=now))
        return key


class SqlTokenFamilies:
    """See `appliance.domain.programs.TokenFamilies`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, family: Family, first: str) -> None:
        """Keep it, with the hash of its first refresh token."""
        values = {**vars(family), "scopes": list(family.scopes)}
        with self._database.write() as session:
            session.add(TokenFamilyRow(**values))
            session.flush()
            session.add(RefreshTokenRow(hash=first, family=family.id, issued_at=self._clock.now()))

    def exchange(self, used: str, following: str) -> tuple[Family, bool] | None:
        """See the interface; one of two that show the same token at once is the second."""
        now = self._clock.now()
        with self._database.write() as session:
            mine = session.execute(
                update(RefreshTokenRow)
                .where(RefreshTokenRow.hash == used, RefreshTokenRow.used_at.is_(None))
                .values(used_at=now)
                .returning(RefreshTokenRow.family)
            ).scalar()
            token = session.get(RefreshTokenRow, used)
            if token is None:
                return None
            family = session.get(TokenFamilyRow, token.family)
            assert family is not None  # noqa: S101 - a foreign key
            if mine is None:
                if family.revoked_at is None:
                    family.revoked_at, family.revoked_why = now, "reused"
                return _family(family), False
            session.add(RefreshTokenRow(hash=following, family=family.id, issued_at=now))
            return _family(family), True

    def find(self, id: str) -> Family | None:  # noqa: A002
        """The family."""
        with self._database.read() as session:
            row = session.get(TokenFamilyRow, id)
            return _family(row) if row else None

    def of(self, user: int) -> list[Family]:
        """Those of a user that are neither revoked nor over."""
        query = select(TokenFamilyRow).where(
            TokenFamilyRow.user == user, TokenFamilyRow.revoked_at.is_(None),
            TokenFamilyRow.until > self._clock.now(),
        )  # fmt: skip
        with self._database.read() as session:
            return [_family(r) for r in session.scalars(query.order_by(TokenFamilyRow.began_at))]

    def revoke(self, id: str, why: str) -> None:  # noqa: A002
        """All its tokens are worth nothing."""
        with self._database.write() as session:
            session.execute(
                update(TokenFamilyRow)
                .where(TokenFamilyRow.id == id, TokenFamilyRow.revoked_at.is_(None))
                .values(revoked_at=self._clock.now(), revoked_why=why)
            )

    def forget(self) -> None:
        """Remove what is over."""
        over = select(TokenFamilyRow.id).where(TokenFamilyRow.until <= self._clock.now())
        with self._database.write() as session:
            session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.family.in_(over)))
            session.execute(delete(TokenFamilyRow).where(TokenFamilyRow.id.in_(over)))


class SqlSigningKeys:
    """The key that signs access tokens, one for all nodes; sealed by the vault."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._known: dict[str, Ed25519PrivateKey] = {}

    def current(self) -> tuple[str, Ed25519PrivateKey]:
        """Its id and the key; made at the first use."""
        query = select(SigningKeyRow).order_by(SigningKeyRow.created_at.desc()).limit(1)
        with self._database.read() as session:
            row = session.scalar(query)
            if row is not None:
                return row.id, self._opened(row)
        with self._database.write() as session:
            self._database.only_writer(session)
            row = session.scalar(query) or self._new()
            session.add(row)
            return row.id, self._opened(row)

    def find(self, id: str) -> Ed25519PrivateKey | None:  # noqa: A002
        """The key with that id."""
        if id in self._known:
            return self._known[id]
        with self._database.read() as session:
            row = session.get(SigningKeyRow, id)
            return self._opened(row) if row else None

    def _new(self) -> SigningKeyRow:
        new = secrets.token_hex(6)
        text = Ed25519PrivateKey.generate().private_bytes_raw().hex()
        private = self._vault.seal(text, f"signing_keys/private/{new}")
        return SigningKeyRow(id=new, private=private, created_at=self._clock.now())

    def _opened(self, row: SigningKeyRow) -> Ed25519PrivateKey:
        if row.id not in self._known:
            text = self._vault.open(row.private, f"signing_keys/private/{row.id}")
            self._known[row.id] = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        return self._known[row.id]


def _hash(shown: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(shown.encode()).hexdigest()


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        row.id, row.user, row.name, tuple(row.scopes), row.created_at, row.expires_at,
        row.used_at, row.revoked_at,
    )  # fmt: skip


def _family(row: TokenFamilyRow) -> Family:
    return Family(
        row.id, row.user, row.generation, row.name, tuple(row.scopes), row.began_at, row.until,
        row.revoked_at, row.revoked_why,
    )  # fmt: skip
