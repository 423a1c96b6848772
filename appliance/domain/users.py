"""People who sign in, and what the services need from wherever they are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
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


class NameTakenError(Exception):
    """Somebody with that name is there already."""


class Users(Protocol):
    """Where accounts are kept. A method that changes something returns after the commit."""

    def by_name(self, name: str) -> User | None:
        """The user whose plain name this is, or None."""
        ...

    def all(self) -> Sequence[User]:
        """Everybody, by name."""
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


def plain_name(text: str) -> str:
    """The one form of a sign-in name: no spaces around, one Unicode form, lower case."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_name(text: str) -> bool:
    """Whether a plain name may be given: letters, digits, ``. _ - @``, at most 64."""
    return _NAME.fullmatch(text) is not None
