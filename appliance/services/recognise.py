"""Who shows a key or a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from appliance.domain.programs import ApiKeys, Caller, Proof, Shown
from appliance.domain.users import Users
from appliance.services.tokens import Tokens
from common.clock import Clock

_LOOK_AGAIN = timedelta(minutes=1)  # wholly: that also notes that the key is in use


@dataclass(frozen=True)
class Recognise:
    """Called with what was shown; answers None for what is nobody's, over or revoked."""

    users: Users
    api_keys: ApiKeys
    tokens: Tokens
    clock: Clock

    def __call__(self, shown: str) -> Caller | None:
        """A key begins with ``csk_``, a token never does."""
        if not shown.startswith("csk_"):
            return self.tokens.recognise(shown)
        key = self.api_keys.find(shown)
        user = self.users.by_id(key.user) if key else None
        if key is None or user is None or user.disabled:
            return None
        until = self.clock.now() + _LOOK_AGAIN
        proof = Proof(Shown.KEY, key.id, user.generation, until)
        return Caller(user, frozenset(key.scopes), key.name, proof)
