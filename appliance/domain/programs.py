"""Programs of the customer that use the interface in a person's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from appliance.domain.roles import may
from appliance.domain.users import User


class Shown(StrEnum):
    """What somebody shows who they are with."""

    SESSION = "session"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - the word for it


class Proof(NamedTuple):
    """What somebody has shown, as far as it can be taken away.

    Attributes:
        kind: see there.
        id: of the session, of the key, or of the token's family.
        generation: the user's, when it was looked at.
        until: when it is over by itself, or has to be looked at again wholly.
    """

    kind: Shown
    id: str
    generation: int
    until: datetime


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        user: the person, or in whose name a program asks.
        scopes: the permissions that the program was given; None: a person, with all of theirs.
        program: its name, for the record; empty: a person.
        proof: what was shown, for what stays open; None: looked at with each request.
    """

    user: User
    scopes: frozenset[str] | None = None
    program: str = ""
    proof: Proof | None = None

    def may(self, permission: str) -> bool:
        """Never more than its person may."""
        mine = self.scopes is None or permission in self.scopes
        return mine and may(self.user.role, permission)

    @property
    def named(self) -> str:
        """For the record."""
        return f"{self.user.name} ({self.program})" if self.program else self.user.name


@dataclass(frozen=True)
class ApiKey:
    """A key that a program shows with each request; it is told once, when it is made.

    Attributes:
        user: in whose name it asks.
        scopes: permissions, by name.
        expires_at: None: never.
    """

    id: str
    user: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Family:
    """One sign-in of a program, with all tokens that followed from it."""

    id: str
    user: int
    generation: int
    name: str
    scopes: tuple[str, ...]
    began_at: datetime
    until: datetime
    revoked_at: datetime | None = None
    revoked_why: str = ""


class ApiKeys(Protocol):
    """Where keys are kept. What changes something returns after the commit."""

    def add(
        self, user: int, name: str, scopes: Sequence[str], expires_at: datetime | None
    ) -> tuple[ApiKey, str]:
        """A new one, and its text."""
        ...

    def all(self) -> Sequence[ApiKey]:
        """Everybody's that were not revoked, oldest first."""
        ...

    def revoke(self, id: str) -> ApiKey | None:  # noqa: A002
        """None: there is no such key."""
        ...

    def find(self, shown: str) -> ApiKey | None:
        """The key whose text was shown, if it holds; notes that it was used."""
        ...


class TokenFamilies(Protocol):
    """Where sign-ins of programs are kept. What changes something returns after the commit."""

    def begin(self, family: Family, first: str) -> None:
        """Keep it, with the hash of its first refresh token."""
        ...

    def exchange(self, used: str, following: str) -> tuple[Family, bool] | None:
        """The token with the hash ``used`` is worth nothing more, ``following`` is its successor.

        Returns:
            The family, and whether that was so; False: the token was used before, so it was
            stolen, or its thief was faster, and the family is revoked. None: nobody's.
        """
        ...

    def find(self, id: str) -> Family | None:  # noqa: A002
        """The family."""
        ...

    def of(self, user: int) -> Sequence[Family]:
        """Those of a user that are neither revoked nor over."""
        ...

    def revoke(self, id: str, why: str) -> None:  # noqa: A002
        """All its tokens are worth nothing."""
        ...
