"""Puts the home together: mail server, inbox, console and publication in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import Flask

from common.clock import Clock, SystemClock
from common.errors import OperatorError
from common.jobs import Jobs
from common.logs import get_logger
from common.mail.smtp import SmtpTransport
from common.serving import Server, TlsIdentity, make_server
from common.serving.certificates import SiteAuthority
from common.serving.health import health_blueprint
from common.serving.tls import server_context
from common.settings import Holder, load
from common.spool import Store
from common.web.accounts import SqliteAccounts
from common.web.first_sign_in import FirstSignIn
from common.web.passwords import Passwords
from common.web.secret import signing_keys
from common.web.signin import SignIn
from common.web.texts import Texts
from common.wire.bundle import recipient_id
from home.console.api import api_blueprint
from home.console.context import Context
from home.console.pages import add_console
from home.console.public import public_blueprint
from home.console.token import ensure_token
from home.housekeeping import tidy
from home.inbox import summaries
from home.inbox.ack_mail import AckMailer
from home.inbox.acks import Acknowledger
from home.inbox.imap import open_imap, server_of
from home.inbox.maildir import Maildir
from home.inbox.reader import InboxReader, Outcome
from home.keys import KeyFolder
from home.mail_server import MailServer
from home.maps import let_go, maps_folder, readable
from home.publish.publication import Publication
from home.publish.room import freshen, publication_of
from home.push.by_itself import push_to_all
from home.schema import migrations
from home.settings import HomeSettings
from home.sites import Home

log = get_logger(__name__)

# Signatures live for days and are renewed at half of that: an hour is soon enough.
_FRESHEN_SECONDS = 3600
_TIDY_SECONDS = 3600


@dataclass(frozen=True)
class Parts:
    """The wired parts; the command line uses them without the web."""

    settings: Holder[HomeSettings]
    folder: Path
    store: Store
    keys: KeyFolder
    publication: Publication
    authority: SiteAuthority
    maildir: Maildir
    acknowledger: Acknowledger
    reader: InboxReader
    clock: Clock

    @property
    def tls(self) -> TlsIdentity:
        """The home's certificate, for HTTPS and for STARTTLS; asks for no client's."""
        settings = self.settings.current
        made = self.authority.server_identity((settings.public_host, settings.mail.public_host))
        return TlsIdentity(made.certificate, made.key)

    def kits(self) -> Home:
        """What every kit says. Raises OperatorError before `callstead home init`."""
        settings = self.settings.current
        version = self.publication.root().version
        return Home(
            root=(self.publication.metadata / f"{version}.root.json").read_bytes(),
            bundle_key=self.keys.bundle().public_key().public_bytes_raw(),
            ack_key=self.keys.ack().public_key().public_bytes_raw(),
            ca=self.authority.ca_pem.decode("ascii"),
            web=f"https://{settings.public_host}:{settings.public_port or settings.port}",
            console=settings.console_address.rstrip("/"),
            mail={
                "to": settings.mail.addresses[0],
                "host": settings.mail.public_host,
                "port": settings.mail.public_port or settings.mail.port,
                "security": "starttls",
            },
        )

    def read_imap(self, *, retry: bool = False) -> list[Outcome]:
        """Read the mailbox elsewhere, once, with its refused mails again when ``retry``.

        Nothing when there is none. Raises NetworkError, RemoteError or OperatorError.
        """
        settings = self.settings.current
        if not settings.imap.host:
            return []
        with open_imap(server_of(settings.imap), settings.imap, settings.mail.most_bytes) as box:
            if retry:
                box.retry_refused()
            return self.reader.read(box)

    def mail_acknowledgements(self) -> int:
        """Mail what sites want mailed; answers how many left. Nothing without a relay."""
        settings = self.settings.current
        relay = settings.acknowledgements
        if not relay.host:
            return 0
        server = relay.server("home.acknowledgements")
        sender = relay.sender or settings.mail.addresses[0]

        def send(address: str, mail: bytes) -> None:
            SmtpTransport(server, sender, address).send(mail)

        return AckMailer(self.store, self.acknowledger, self.clock, sender, send).run_once()

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()


def create_parts(
    read_settings: Callable[[], HomeSettings] | None = None, *, clock: Clock | None = None
) -> Parts:
    """Everything but the web and the clockwork. Raises OperatorError before `home init`."""
    holder = Holder(read_settings or (lambda: load(HomeSettings, "home")))
    settings = holder.current
    clock = clock or SystemClock()
    folder = settings.folder
    publication = publication_of(settings, clock)
    if not publication.exists:
        raise OperatorError(
            f"There is no home in {folder} yet. Make its keys with `callstead home init`."
        )
    if not settings.mail.addresses:
        raise OperatorError("home.mail.addresses is empty. Name the inbox's address there.")
    keys = KeyFolder(folder / "keys")
    bundle_key = keys.bundle()
    ack_key = keys.ack()
    maildir = Maildir(folder / "Maildir", settings.mail.most_bytes)
    authority = SiteAuthority(folder / "tls")
    store = Store(folder / "home.db", migrations())
    summaries.fill(store)
    acknowledger = Acknowledger(folder / "acks", store, ack_key, clock)
    opens = {recipient_id(bundle_key.public_key().public_bytes_raw()): bundle_key}
    reader = InboxReader(
        store, opens, acknowledger, clock, settings.inbox.most_refused,
        partial(readable, maps=maps_folder(folder)),
    )  # fmt: skip
    return Parts(
        settings=holder,
        folder=folder,
        store=store,
        keys=keys,
        publication=publication,
        authority=authority,
        maildir=maildir,
        acknowledger=acknowledger,
        reader=reader,
        clock=clock,
    )


def create_app(parts: Parts, passwords: Passwords | None = None) -> Flask:
    """Pages, JSON, and the files that sites fetch.

    Args:
        parts: the wired parts.
        passwords: for tests.
    """
    flask = Flask(__name__, static_folder=None)
    accounts = SqliteAccounts(parts.store, clock=parts.clock)
    first = FirstSignIn(parts.folder, accounts, passwords or Passwords())
    first.ensure()
    texts = Texts("home")
    signin = SignIn(
        accounts,
        texts,
        program="home",
        keys=signing_keys(parts.folder),
        passwords=passwords,
        clock=parts.clock,
        on_event=first.on_event,
    )
    context = Context(
        folder=parts.folder,
        store=parts.store,
        publication=parts.publication,
        clock=parts.clock,
        token=ensure_token(parts.folder),
        inbox=lambda: parts.settings.current.inbox,
        acknowledger=parts.acknowledger,
    )
    flask.register_blueprint(health_blueprint("home", lambda: _health(parts), clock=parts.clock))
    flask.register_blueprint(public_blueprint(context))
    flask.register_blueprint(api_blueprint(context))
    add_console(flask, context, texts, signin)
    return flask


def create_server(parts: Parts) -> Server:
    """The whole home, holding its web port already; ``run()`` it. Raises OperatorError."""
    settings = parts.settings.current
    work = Clockwork(parts)
    return make_server(
        name="home",
        host=settings.host,
        port=settings.port,
        port_setting="home.port",
        flask=create_app(parts),
        tls=parts.tls,
        on_start=work.start,
        on_stop=work.stop,
        on_reload=lambda: _reload(parts),
    )


def serve() -> None:
    """Run until SIGTERM or SIGINT."""
    parts = create_parts()
    try:
        create_server(parts).run()
    finally:
        parts.close()


class Clockwork:
    """What runs beside the web: the mail server, reading the inbox, renewing signatures."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        settings = parts.settings.current.mail
        self._mail: MailServer | None = None
        if settings.enabled:
            self._mail = MailServer(settings, parts.maildir, server_context(parts.tls), parts.clock)
        self._jobs = Jobs()
        self._leaving = threading.Event()

    def start(self) -> None:
        """Begin. Raises OperatorError when the mail port is taken."""
        parts = self._parts
        if self._mail:
            self._mail.start()
        parts.acknowledger.write_all()
        for work, seconds in (
            (self._read, parts.settings.current.inbox.every),
            (self._read_imap, parts.settings.current.imap.every),
            (self._mail_acknowledgements, parts.settings.current.inbox.every),
            (self._freshen, _FRESHEN_SECONDS),
            (self._push, parts.settings.current.push.every),
            (self._tidy, _TIDY_SECONDS),
        ):
            self._jobs.every(seconds, work, at_once=True)
        self._jobs.start()

    def stop(self) -> None:
        """End after the work at hand; a push is left where it is."""
        self._leaving.set()
        if self._mail:
            self._mail.stop()
        self._jobs.stop()

    def _read(self) -> None:
        self._parts.reader.read(self._parts.maildir)

    def _read_imap(self) -> None:
        self._parts.read_imap()

    def _mail_acknowledgements(self) -> None:
        self._parts.mail_acknowledgements()

    def _tidy(self) -> None:
        parts = self._parts
        settings = parts.settings.current
        tidy(parts.store, settings.retention, parts.clock)
        let_go(maps_folder(settings.folder), parts.store, settings.retention.map_days, parts.clock)

    def _push(self) -> None:
        if self._parts.store.value("SELECT 1 FROM inboxes LIMIT 1"):
            push_to_all(self._parts.settings.current, self._parts.clock, self._leaving.is_set)

    def _freshen(self) -> None:
        signed = freshen(self._parts.settings.current, self._parts.clock)
        if signed:
            log.info("publication.freshened", roles=signed)


def _reload(parts: Parts) -> None:
    parts.settings.reload()


def _health(parts: Parts) -> dict[str, bool | str]:
    expires = parts.publication.timestamp().expires
    fresh = expires > parts.clock.now()
    return {
        "database": parts.store.value("SELECT 1") == 1,
        "publication": fresh or f"The publication expired at {expires:%Y-%m-%d %H:%M} UTC.",
    }
