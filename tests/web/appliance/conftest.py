from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from appliance.app import Appliance, create_app
from appliance.domain.roles import Role
from appliance.domain.running import Reporting
from appliance.office import Office
from appliance.settings import ApplianceSettings
from appliance.store.database import Database, database_url
from appliance.store.migrate import migrate
from common.care import Drain
from common.web.passwords import Passwords
from tests.support.clock import FakeClock
from tests.support.migrated import lay_database
from tests.support.postgres import postgres

ORIGIN = "https://appliance.test"
GOOD = "a sentence only I think of"
TOKEN = "the local token"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class House:
    """A wired appliance in a folder of its own, and a browser in front of it.

    Attributes:
        appliance: at which people sign in.
        public: at which visitors come in; another node when there are two.
    """

    clock: FakeClock
    settings: ApplianceSettings
    first_password: str = ""
    reporting: Reporting = Reporting(on=True, waiting=0)
    appliance: Appliance = field(init=False)
    public: Appliance = field(init=False)

    def change_settings(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)

    def heard_elsewhere(self) -> None:
        """Let the time pass after which another node knows what was changed at one."""
        if self.public is not self.appliance:
            self.clock.advance(2)

    def browser(self, language: str = "en") -> Browser:
        return Browser(self.appliance.flask.test_client(), language)

    def signed_in(self, language: str = "en") -> Browser:
        """The administrator, after the first password was changed."""
        browser = self.browser(language)
        browser.sign_in("admin", self.first_password)
        browser.change_password(self.first_password, GOOD)
        self.first_password = GOOD
        return browser

    def add(self, name: str, role: Role, display_name: str = "") -> None:
        """Somebody who has changed the one-time password to `GOOD` already."""
        users = self.appliance.office.users
        users.add(name, display_name or name, role, CHEAP.hash(GOOD), only_first=False)
        users.set_password(name, CHEAP.hash(GOOD), must_change=False)


class Browser:
    def __init__(self, client: FlaskClient, language: str) -> None:
        self._client = client
        self._headers = {"Accept-Language": language}

    def get(self, path: str, **options: Any) -> TestResponse:
        headers = {**self._headers, **options.pop("headers", {})}
        return self._client.get(path, base_url=ORIGIN, headers=headers, **options)

    def post(self, page: str, **fields: str) -> TestResponse:
        """Fill in the form of ``page`` and send it."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)
        assert found, f"{page} has no form"
        return self._client.post(
            page, base_url=ORIGIN, headers=self._headers, data={**fields, "csrf": found[1]}
        )

    def sign_in(self, name: str, password: str) -> TestResponse:
        return self.post("/sign-in", name=name, password=password)

    def change_password(self, old: str, new: str) -> TestResponse:
        return self.post("/password", old=old, new=new, again=new)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Chats hold on two nodes as on one."""
    if metafunc.definition.get_closest_marker("two_nodes"):
        metafunc.parametrize("nodes", [1, 2], ids=["one node", "two nodes"], indirect=True)


@pytest.fixture
def nodes(request: pytest.FixtureRequest) -> int:
    """How many, with one database: SQLite for one, PostgreSQL for two."""
    number: int = getattr(request, "param", 1)
    return number


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory) -> Iterator[Callable[[], str]]:
    """Makes databases that are migrated already."""
    with postgres() as server:
        model = server.new_database()
        folder = tmp_path_factory.mktemp("postgresql")
        with closing(Database(database_url(model, folder))) as database:
            migrate(database, folder)
        yield lambda: server.new_database(like=model)


@pytest.fixture
def build(request: pytest.FixtureRequest, tmp_path: Path, nodes: int):
    """Makes a house; keywords change its settings."""
    url = request.getfixturevalue("postgresql")() if nodes == 2 else ""
    with ExitStack() as open_things:

        def opened(house: House, folder: Path, drain: Drain | None = None) -> Appliance:
            def settings() -> ApplianceSettings:
                return replace(house.settings, data_dir=str(folder))

            if not url:
                lay_database(folder)
            office = open_things.enter_context(Office.opened(settings(), house.clock, drain=drain))
            first = office.first_administrator(CHEAP)
            house.first_password = first.password if first else house.first_password
            return create_app(
                settings,
                office,
                reporting=lambda: house.reporting,
                local_token=TOKEN,
                clock=house.clock,
                passwords=CHEAP,
            )

        def make(drain: Drain | None = None, **changes: Any) -> House:
            settings = ApplianceSettings(data_dir=str(tmp_path), database_url=url, **changes)
            house = House(FakeClock(), settings, GOOD)
            if nodes == 2:  # as the manual has it: one folder for files, and the same keys
                files = replace(settings.chat.attachments, folder=str(tmp_path / "attachments"))
                house.change_settings(chat=replace(settings.chat, attachments=files))
            house.appliance = house.public = opened(house, tmp_path, drain)
            if nodes == 2:
                other = tmp_path / "public"
                other.mkdir()
                for key in ("session.key", "vault.keys"):
                    shutil.copy(tmp_path / key, other)
                house.public = opened(house, other)
            return house

        yield make


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser, for the journeys of one file."""
    from tests.support.chromium import ANY_CERTIFICATE
    from tests.support.chromium import chromium as started

    with started(ANY_CERTIFICATE) as browser:
        yield browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A visitor's page."""
    from tests.web.appliance.shop import visitors_page

    with visitors_page(chromium) as page:
        yield page


@pytest.fixture
def shop(house: House, page: Any) -> Iterator[Any]:
    """A running appliance with one agent who is ready, and a visitor's page."""
    from tests.web.appliance.shop import open_shop

    with open_shop(house, page) as shop:
        yield shop


@pytest.fixture
def drain() -> Drain:
    """What the updater asks of the house that is built with it."""
    return Drain()


@pytest.fixture
def house(build: Callable[..., House]) -> House:
    return build()


@pytest.fixture
def admin(house: House) -> Any:
    from tests.web.appliance.people import Person

    house.signed_in()
    return Person(house, "admin")


@pytest.fixture
def queue(admin: Any) -> int:
    number: int = admin.do("POST", "/queues", {"name": "sales"}, 201)["id"]
    return number


@pytest.fixture
def queues(admin: Any) -> list[int]:
    return [admin.do("POST", "/queues", {"name": name}, 201)["id"] for name in ("sales", "support")]


@pytest.fixture
def agents(house: House, admin: Any, queues: list[int]) -> list[Any]:
    from tests.web.appliance.people import Person

    people = []
    for name in ("anna", "bo", "chen"):
        house.add(name, Role.AGENT, name.title())
        person = Person(house, name)
        number = person.get("/desk/me")["id"]
        admin.do("PATCH", f"/agents/{number}", {"queues": queues})
        people.append(person)
    return people
