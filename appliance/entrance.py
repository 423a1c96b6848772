"""Who comes in: the wiring of people, of their programs, and of what guards them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

from flask import Flask
from flask_openapi3 import APIBlueprint

from appliance.api.v1.again import keep_answers, kept_with
from appliance.api.v1.blocks import blocks
from appliance.api.v1.factor import factor
from appliance.api.v1.gate import EXTENSION as GATE
from appliance.api.v1.gate import Gate
from appliance.api.v1.me import me
from appliance.api.v1.people import Staff, people
from appliance.api.v1.teams import roles, teams
from appliance.api.v1.tokens import keys, tokens
from appliance.api.v1.webhooks import webhooks
from appliance.domain.programs import Caller, Proof, Shown
from appliance.domain.users import User
from appliance.live.callers import Callers
from appliance.office import Office
from appliance.services.own_account import OwnAccount
from appliance.services.recognise import Recognise
from appliance.services.tokens import Tokens
from appliance.services.visitor_door import VisitorDoor
from appliance.settings import ApplianceSettings
from appliance.settings.limits import LimitSettings
from appliance.store.accounts import SqlAccounts
from appliance.store.standing import standing
from common.clock import Clock
from common.feed import Asker
from common.web.accounts import LockRule
from common.web.passwords import Passwords
from common.web.rates import Rates
from common.web.signin import SignIn


class Entrance:
    """Wires it.

    Args:
        office: where people are kept.
        settings: answers those in force.
        signin: the sign-in pages.
        accounts: what counts wrong passwords.
        lock: what they cost.
        passwords: hashes them.
        clock: the moment.
    """

    def __init__(
        self,
        office: Office,
        settings: Callable[[], ApplianceSettings],
        signin: SignIn,
        accounts: SqlAccounts,
        lock: LockRule,
        passwords: Passwords,
        clock: Clock,
    ) -> None:
        self._office = office
        self._settings = settings
        self._signin = signin
        self._own = OwnAccount(office.people.factors, accounts, office.audit, clock, lock)
        self._hash_password = passwords.hash
        self._clock = clock
        self._tokens = Tokens(
            office.people.families, office.people.signing, office.users, clock,
            access_life=lambda: timedelta(minutes=settings().programs.access_minutes),
            refresh_life=lambda: timedelta(days=settings().programs.refresh_days),
        )  # fmt: skip

        self.recognise = Recognise(office.users, office.people.api_keys, self._tokens, clock)
        self.door = VisitorDoor(
            office.people.blocklist.all,
            Rates(
                lambda: settings().limits.chats_per_hour_per_address / 3600,
                lambda: settings().limits.chats_per_hour_per_address,
                clock,
            ),
            Rates(
                lambda: settings().limits.messages_per_second,
                lambda: settings().limits.messages_per_second * 4,
                clock,
            ),
            Rates(
                lambda: settings().chat.commands_a_second,
                lambda: settings().chat.commands_a_second * 10,
                clock,
            ),
            Rates(
                lambda: settings().limits.visitor_requests_per_minute_per_address / 60,
                lambda: settings().limits.visitor_requests_per_minute_per_address / 10,
                clock,
            ),
            clock,
        )

    def callers(self, flask: Flask) -> Callers:
        """Who is behind the connections that stay open."""

        def find(asker: Asker) -> Caller | None:
            if asker.key:
                return self.recognise(asker.key)
            return self._signed_in(flask, asker.cookies)

        def still(proofs: Collection[Proof]) -> set[Proof]:
            return standing(self._office.database, proofs, self._clock.now())

        return Callers(find, still, self._clock)

    def person(self, flask: Flask, cookies: Mapping[str, str]) -> User | None:
        """Whose session the cookies are; None: nobody's, or it has ended."""
        caller = self._signed_in(flask, cookies)
        return caller.user if caller else None

    def _signed_in(self, flask: Flask, cookies: Mapping[str, str]) -> Caller | None:
        found = self._signin.session_of_cookies(flask, cookies)
        user = self._office.users.by_name(found[0].name) if found else None
        if found is None or user is None or user.generation != found[0].generation:
            return None
        state = found[1]
        proof = Proof(
            Shown.SESSION, str(state.get("id", "")), user.generation, self._signin.until(state)
        )
        return Caller(user, proof=proof)

    def guard(self, flask: Flask) -> None:
        """Put the gate before the views of `appliance.api.v1.here.blueprint_for`."""
        office = self._office
        flask.extensions[GATE] = Gate(
            office.users,
            self.recognise,
            self._limit(lambda now: now.requests_per_minute_per_address),
            self._limit(lambda now: now.requests_per_minute_per_account),
        )
        keep_answers(flask, office.people.kept)
        office.database.also = kept_with(office.people.kept.mark)

    def blueprints(self) -> list[APIBlueprint]:
        """What is served about all of it."""
        users, audit, kept = self._office.users, self._office.audit, self._office.people
        staff = Staff(
            self._office.floor,
            users,
            kept.teams,
            audit,
            kept.factors,
            self._office.first,
            self._hash_password,
        )
        return [
            people(staff),
            teams(users, audit, kept.teams),
            roles(users, audit, kept.rules),
            me(users, audit, kept.sessions, kept.families),
            factor(users, self._own),
            tokens(self._signin, users, audit, self._tokens),
            keys(users, audit, kept.api_keys, self._clock.now),
            blocks(users, audit, kept.blocklist, self.door.changed),
            webhooks(users, audit, kept.webhooks, lambda: self._settings().webhooks.most),
        ]

    def _limit(self, minute: Callable[[LimitSettings], int]) -> Rates:
        def now() -> int:
            return minute(self._settings().limits)

        return Rates(lambda: now() / 60, lambda: now() / 10, self._clock)
