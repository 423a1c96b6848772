"""The data folder and what is in it, opened: what the server and the commands both need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from appliance.services.create_first_administrator import create_first_administrator
from appliance.services.first_sign_in import FirstSignIn, FirstSignInFile
from appliance.services.waiting_update import WaitingUpdate
from appliance.settings import ApplianceSettings
from appliance.store.audit import SqlAudit
from appliance.store.blocklist import SqlBlocklist
from appliance.store.database import Database, database_url
from appliance.store.floor import SqlFloor
from appliance.store.kept_answers import SqlKeptAnswers
from appliance.store.migrate import alone, migrate
from appliance.store.postponements import SqlPostponements
from appliance.store.programs import SqlApiKeys, SqlSigningKeys, SqlTokenFamilies
from appliance.store.second_factors import SqlSecondFactors
from appliance.store.sessions import SqlSessions
from appliance.store.teams import SqlRoleRules, SqlTeams
from appliance.store.users import SqlUsers
from appliance.store.webhooks import SqlWebhooks
from common.atomic import sweep_parts
from common.care import Drain
from common.clock import Clock
from common.errors import OperatorError
from common.feed.storage import Fresh
from common.vault import Vault
from common.web.passwords import Passwords
from common.web.secret import signing_keys


@dataclass(frozen=True)
class People:
    """What is kept around accounts."""

    teams: SqlTeams
    rules: SqlRoleRules
    factors: SqlSecondFactors
    sessions: SqlSessions
    api_keys: SqlApiKeys
    families: SqlTokenFamilies
    signing: SqlSigningKeys
    kept: SqlKeptAnswers
    blocklist: SqlBlocklist
    webhooks: SqlWebhooks

    @classmethod
    def of(
        cls, database: Database, vault: Vault, clock: Clock, settings: ApplianceSettings
    ) -> People:
        """All of it, in one database."""
        return cls(
            SqlTeams(database), SqlRoleRules(database), SqlSecondFactors(database, vault),
            SqlSessions(database, clock, settings.session.most_per_account),
            SqlApiKeys(database, clock),
            SqlTokenFamilies(database, clock), SqlSigningKeys(database, vault, clock),
            SqlKeptAnswers(database, vault, clock), SqlBlocklist(database, clock),
            SqlWebhooks(database, vault, clock),
        )  # fmt: skip

    def forget(self, now: datetime, settings: ApplianceSettings) -> None:
        """Let go what is over."""
        self.sessions.forget(now - timedelta(hours=settings.session.most_hours))
        self.families.forget()
        self.webhooks.forget(now - timedelta(days=settings.webhooks.keep_days))
        self.kept.forget(settings.limits.idempotency_hours)


@dataclass(frozen=True)
class Office:
    """The opened data folder; made by `opened`."""

    folder: Path
    database: Database
    users: SqlUsers
    audit: SqlAudit
    first: FirstSignInFile
    floor: SqlFloor
    vault: Vault
    people: People
    update: WaitingUpdate

    @classmethod
    @contextmanager
    def opened(
        cls,
        settings: ApplianceSettings,
        clock: Clock,
        on_commit: Callable[[Sequence[Fresh]], None] | None = None,
        drain: Drain | None = None,
    ) -> Iterator[Office]:
        """Make the folder if needed, open and migrate the database; close it at the end.

        ``on_commit`` is called after each commit of the floor's writer; ``drain`` is what the
        updater asks of this program.

        Raises:
            OperatorError: the folder or the database must be mended.
        """
        folder = settings.folder
        _make(folder)
        database = Database(database_url(settings.database_url, folder), settings.threads)
        try:
            migrate(database, folder)
            with alone(folder):  # processes that share the folder may make its first keys at once
                vault = Vault.of(folder)
                signing_keys(folder)
            update = WaitingUpdate(drain or Drain(), SqlPostponements(database), clock)
            floor = SqlFloor(
                database, clock, vault, on_commit=on_commit, drained=lambda: update.drained
            )
            try:
                yield cls(
                    folder,
                    database,
                    SqlUsers(database, clock),
                    SqlAudit(database, clock),
                    FirstSignInFile(folder),
                    floor,
                    vault,
                    People.of(database, vault, clock, settings),
                    update,
                )
            finally:
                floor.close()
        finally:
            database.close()

    def first_administrator(self, passwords: Passwords | None = None) -> FirstSignIn | None:
        """See `create_first_administrator`; one process at a time, of all nodes."""
        with alone(self.folder), self.database.alone():
            sweep_parts(self.folder)
            hash_password = (passwords or Passwords()).hash
            return create_first_administrator(self.users, self.audit, self.first, hash_password)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "starting.lock").touch()
    except OSError as error:
        raise OperatorError(
            f"The folder {folder} cannot be used ({error.strerror}). Give it to the user that "
            "runs the appliance, or set appliance.data_dir or CALLSTEAD_HOME to another one."
        ) from error
