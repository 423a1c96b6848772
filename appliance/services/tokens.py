"""Short access tokens (JWT, RFC 7519, EdDSA) and the refresh tokens that renew them.

A refresh token is used once and answers its successor. One that comes a second time was copied: all
that followed from that sign-in is revoked, for whoever is the thief. An access token lives minutes;
it is looked at with its family and its person, so that a revocation counts at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.domain.programs import Caller, Family, Proof, Shown, TokenFamilies
from appliance.domain.refusals import RefusalError
from appliance.domain.users import User, Users
from common.clock import Clock

_ALGORITHM = "EdDSA"
_ISSUER = "callstead"


class TokenRefusedError(RefusalError):
    """It is nobody's, over, revoked, or was used before.

    Attributes:
        reused: the family that was revoked, because the token was used before.
    """

    def __init__(self, kind: str, reused: Family | None = None) -> None:
        super().__init__(kind)
        self.reused = reused


class SigningKeys(Protocol):
    """The keys that sign access tokens."""

    def current(self) -> tuple[str, Ed25519PrivateKey]:
        """The one that signs now, with its id."""
        ...

    def find(self, id: str) -> Ed25519PrivateKey | None:  # noqa: A002
        """The one with that id."""
        ...


@dataclass(frozen=True)
class Pair:
    """What a program gets; ``expires_in`` seconds for the access token."""

    access: str
    refresh: str
    expires_in: int


class Tokens:
    """Issues, renews and recognises.

    Args:
        families: where sign-ins are kept.
        keys: that sign.
        users: in whose name programs ask.
        clock: the moment.
        access_life: of an access token.
        refresh_life: of a whole sign-in.
    """

    def __init__(
        self,
        families: TokenFamilies,
        keys: SigningKeys,
        users: Users,
        clock: Clock,
        *,
        access_life: Callable[[], timedelta],
        refresh_life: Callable[[], timedelta],
    ) -> None:
        self._families = families
        self._keys = keys
        self._users = users
        self._clock = clock
        self._access_life = access_life
        self._refresh_life = refresh_life

    def begin(self, user: User, program: str, scopes: Sequence[str]) -> Pair:
        """A program has shown its person's password."""
        now, refresh = self._clock.now(), secrets.token_urlsafe(32)
        family = Family(
            secrets.token_urlsafe(12), user.id, user.generation, program, tuple(sorted(scopes)),
            now, now + self._refresh_life(),
        )  # fmt: skip
        self._families.begin(family, _hash(refresh))
        return self._pair(family, refresh)

    def renew(self, refresh: str) -> Pair:
        """The next pair. Raises TokenRefusedError."""
        following = secrets.token_urlsafe(32)
        found = self._families.exchange(_hash(refresh), _hash(following))
        if found is None:
            raise TokenRefusedError("token-unknown")
        family, fresh = found
        if not fresh:
            raise TokenRefusedError("token-reused", reused=family)
        if self._person(family) is None:
            raise TokenRefusedError("token-over")
        return self._pair(family, following)

    def end(self, refresh: str) -> Family | None:
        """The program signs out."""
        found = self._families.exchange(_hash(refresh), _hash(secrets.token_urlsafe(32)))
        if found is None:
            return None
        self._families.revoke(found[0].id, "signed-out")
        return found[0]

    def recognise(self, shown: str) -> Caller | None:
        """Who shows an access token; None: nobody."""
        try:
            name = str(jwt.get_unverified_header(shown).get("kid", ""))
            key = self._keys.find(name) if name.isascii() and name.isalnum() else None
            if key is None:
                return None
            claims: dict[str, Any] = jwt.decode(
                shown, key.public_key(), algorithms=[_ALGORITHM], issuer=_ISSUER,
                options={"require": ["exp", "iss", "sub"], "verify_exp": False,
                         "verify_iat": False},
            )  # fmt: skip
        except jwt.InvalidTokenError:
            return None
        if claims["exp"] <= self._clock.now().timestamp():  # by our clock, which tests can hold
            return None
        family = self._families.find(str(claims.get("family", "")))
        user = self._person(family) if family else None
        if family is None or user is None or str(user.id) != claims["sub"]:
            return None
        until = datetime.fromtimestamp(claims["exp"], UTC)
        proof = Proof(Shown.TOKEN, family.id, user.generation, until)
        return Caller(user, frozenset(family.scopes), family.name, proof)

    def _person(self, family: Family) -> User | None:
        """In whose name it asks, if that still holds."""
        user = self._users.by_id(family.user)
        if family.revoked_at is not None or family.until <= self._clock.now():
            return None
        if user is None or user.disabled or user.generation != family.generation:
            return None
        return user

    def _pair(self, family: Family, refresh: str) -> Pair:
        name, key = self._keys.current()
        life = self._access_life()
        now = self._clock.now()
        claims = {
            "iss": _ISSUER, "sub": str(family.user), "family": family.id,
            "scope": " ".join(family.scopes), "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
        }  # fmt: skip
        access = jwt.encode(claims, key, _ALGORITHM, headers={"kid": name})
        return Pair(access, refresh, int(life.total_seconds()))


def _hash(refresh: str) -> str:
    return hashlib.sha256(refresh.encode()).hexdigest()
