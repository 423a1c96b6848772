"""Open connections are looked at together; whoever lost their right is found out one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.domain.programs import Caller, Family, Proof, Shown
from appliance.domain.roles import Role
from appliance.live.callers import Callers
from appliance.store.database import Database
from appliance.store.programs import SqlApiKeys, SqlTokenFamilies
from appliance.store.quick import Quick
from appliance.store.sessions import SqlSessions
from appliance.store.standing import standing
from appliance.store.users import SqlUsers
from common.feed import Asker
from tests.support.clock import FakeClock


class Place:
    """People and programs with open connections, and how often each was looked at wholly."""

    def __init__(self, database: Database) -> None:
        self.clock = FakeClock()
        self.database = database
        self.users = SqlUsers(database, self.clock)
        self.sessions = SqlSessions(database, self.clock, 20)
        self.keys = SqlApiKeys(database, self.clock)
        self.families = SqlTokenFamilies(database, self.clock)
        self.behind: dict[Asker, Caller | None] = {}
        self.found: list[Asker] = []
        self.callers = Callers(
            self._find, lambda proofs: standing(database, proofs, self.clock.now()), self.clock
        )

    def _find(self, asker: Asker) -> Caller | None:
        self.found.append(asker)
        return self.behind[asker]

    def person(self, name: str, kind: Shown = Shown.SESSION) -> Asker:
        """Somebody new with an open connection."""
        user = self.users.add(name, name, Role.AGENT, "-", only_first=False)
        assert user
        until = self.clock.now() + timedelta(hours=1)
        if kind is Shown.SESSION:
            shown = self.sessions.begin(name, "", "")
        elif kind is Shown.KEY:
            shown = self.keys.add(user.id, name, ["floor.see"], until)[0].id
        else:
            family = Family(f"f-{name}", user.id, user.generation, name, (), until, until)
            self.families.begin(family, f"hash of {name}")
            shown = family.id
        asker = Asker(None, {}, {}, "")
        self.behind[asker] = Caller(user, proof=Proof(kind, shown, user.generation, until))
        return asker

    def shown(self, asker: Asker) -> str:
        caller = self.behind[asker]
        assert caller
        assert caller.proof
        return caller.proof.id


@pytest.fixture
def place(empty_database) -> Place:
    return Place(empty_database)


def test_a_hundred_connections_are_looked_at_by_one_question(place, monkeypatch):
    askers = [place.person(f"agent-{n}") for n in range(100)]
    place.callers.look_again(askers)
    assert len(place.found) == 100
    place.found.clear()
    asked, rows = [], Quick.rows
    monkeypatch.setattr(Quick, "rows", lambda *given: asked.append(given) or rows(*given))
    place.clock.advance(1)
    place.callers.look_again(askers)
    assert not place.found
    assert len(asked) == 1
    assert [place.callers.known(one) for one in askers] == list(place.behind.values())


@pytest.mark.parametrize("way", ["session", "role", "disabled", "password", "key", "token", "over"])
def test_whoever_lost_their_right_is_known_no_more_and_all_others_are(place, way):
    kind = Shown(way) if way in set(Shown) else Shown.SESSION
    loses = place.person("loses", kind)
    others = [place.person(f"other-{one}", one) for one in Shown]
    place.callers.look_again([loses, *others])
    place.found.clear()
    gone = place.shown(loses)
    user = place.users.by_name("loses")
    if way == "session":
        place.sessions.end("loses", gone)
    elif way == "role":
        place.users.change(user.id, lambda one, _all: replace(one, role=Role.SUPERVISOR))
    elif way == "disabled":
        place.users.change(user.id, lambda one, _all: replace(one, disabled=True))
    elif way == "password":
        place.users.set_password("loses", "-", must_change=False)
    elif way == "key":
        place.keys.revoke(gone)
    elif way == "token":
        place.families.revoke(gone, "stolen")
    else:
        caller = place.behind[loses]
        place.behind[loses] = replace(caller, proof=caller.proof._replace(until=place.clock.now()))
        place.callers.find(loses)  # a session that is over by itself from now on
        place.found.clear()
    place.behind[loses] = None
    place.clock.advance(1)
    place.callers.look_again([loses, *others])
    assert place.found == [loses]
    assert place.callers.known(loses) is None
    assert None not in [place.callers.known(one) for one in others]


def test_what_was_found_long_ago_is_known_no_more(place):
    asker = place.person("anna")
    assert place.callers.find(asker) is place.callers.known(asker)
    place.clock.advance(3)
    assert place.callers.known(asker) is None
