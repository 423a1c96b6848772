"""People who sign in, and what the services need from wherever they are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from appliance.domain.roles import Role

_NAME = re.compile(r"[\w][\w.@-]{0,63}")


@dataclass(frozen=True)
class User:
    """One person's account.

    Attributes:
        name: what they type to sign in, in the form of `plain_name`; unique.
        password_hash: argon2id, in its own text form.
        must_change_password: the password was given by somebody else; nothing but changing it
            is allowed.
        generation: raised whenever all sessions of the user must end.
        last_sign_in: None: never yet.
        team: the id of their `Team`; None: none.
        disabled: they cannot sign in, and their programs neither; what they did stays.
    """

    id: int
    name: str
    display_name: str
    role: Role
    password_hash: str = field(repr=False)  # a repr ends in error reports
    must_change_password: bool
    generation: int
    created_at: datetime
    last_sign_in: datetime | None
    team: int | None = None
    disabled: bool = False


@dataclass(frozen=True)
class Team:
    """People who belong together, for lists and reports; it decides nothing about offers."""

    id: int
    name: str


class NameTakenError(Exception):
    """Somebody with that name is there already."""


class Users(Protocol):
    """Where accounts are kept. A method that changes something returns after the commit."""

    def by_name(self, name: str) -> User | None:
        """The user whose plain name this is, or None."""
        ...

    def by_id(self, id: int) -> User | None:  # noqa: A002 - the word that callers know
        """The user, or None."""
        ...

    def all(self) -> Sequence[User]:
        """Everybody, by name."""
        ...

    def change(self, id: int, decide: Callable[[User, Sequence[User]], User]) -> User | None:  # noqa: A002
        """Replace display name, role, team and ``disabled``, in one transaction.

        A role or ``disabled`` that changes ends the user's sessions.

        Args:
            id: whose; None is answered when there is no such user.
            decide: gets the user and everybody, answers how the user shall be, or raises.
        """
        ...

    def end_sessions(self, id: int) -> None:  # noqa: A002
        """End all sessions and tokens of a user."""
        ...

    def add(
        self, name: str, display_name: str, role: Role, password_hash: str, *, only_first: bool
    ) -> User | None:
        """Add a user who must change the password at the first sign-in.

        Args:
            name: in plain form.
            display_name: as others see it.
            role: what they are.
            password_hash: argon2.
            only_first: add nobody, and answer None, when anybody is there already.

        Raises:
            NameTakenError: the name is in use.
        """
        ...

    def set_password(self, name: str, password_hash: str, *, must_change: bool) -> None:
        """A new password; forgets failures and the lock, and ends the user's sessions."""
        ...

    def signed_in(self, name: str) -> None:
        """Note the moment of a sign-in."""
        ...

    def locked_until(self) -> Mapping[str, datetime]:
        """Who cannot sign in now because of wrong passwords, by name, and until when."""
        ...


class Teams(Protocol):
    """Where teams are kept. A method that changes something returns after the commit."""

    def all(self) -> Sequence[Team]:
        """Every team, by id."""
        ...

    def add(self, name: str) -> Team:
        """Raises NameTakenError."""
        ...

    def rename(self, id: int, name: str, check: Callable[[Team], None]) -> Team | None:  # noqa: A002
        """None: no such team. ``check`` may raise before anything changes. NameTakenError."""
        ...

    def remove(self, id: int, check: Callable[[Team], None]) -> Team | None:  # noqa: A002
        """Its people are in no team from now on. None: no such team. ``check`` may raise."""
        ...


class RoleRules(Protocol):
    """What an administrator wants of each role."""

    def second_factor(self) -> Mapping[Role, bool]:
        """Whether a role must have one; every role is in it."""
        ...

    def require_second_factor(
        self,
        role: Role,
        wanted: bool,
        check: Callable[[Mapping[Role, bool]], None],
    ) -> None:
        """From the next sign-in on; ``check`` gets what is wanted now, and may raise."""
        ...


def plain_name(text: str) -> str:
    """The one form of a sign-in name: no spaces around, one Unicode form, lower case."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_name(text: str) -> bool:
    """Whether a plain name may be given: letters, digits, ``. _ - @``, at most 64."""
    return _NAME.fullmatch(text) is not None
