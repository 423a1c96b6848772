"""Carries what is known home: makes the bundle that is due, sends, hears that it arrived.

One step is `run_once`, called every second. What is due is read from the database each time, so
a run that was missed while the program was down is simply found due; no timer needs to survive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import requests

from comm_server import outbox as outboxes
from comm_server import resolutions
from comm_server.bundle import Collector
from comm_server.mail.ack_imap import ImapSource
from comm_server.mail.ack_pop3 import Pop3Source
from comm_server.mail.ack_source import AcknowledgementSource, Statement
from comm_server.mail.acknowledgements import ChannelSource
from comm_server.mail.compose import compose, room_in
from comm_server.mail.transport import MailTransport
from comm_server.outbox import DoesNotFitError, NumberTakenError, Outbox
from comm_server.relay_limit import LEAST, learn, most_for
from comm_server.schedule import Rules, Waiting, due
from comm_server.settings import CommSettings, MailSettings
from comm_server.site import Site
from comm_server.unfreeze import unfreeze
from common.clock import Clock, parse_stamp, stamp
from common.errors import CallsteadError
from common.logs import get_logger
from common.mail.server import sender_or_own
from common.mail.smtp import SmtpTransport
from common.spool import Store
from common.web.texts import LANGUAGES, Texts

log = get_logger(__name__)
_USUAL = {("imap", False): 143, ("imap", True): 993, ("pop3", False): 110, ("pop3", True): 995}
_LEAST_ROOM = 4096  # a bundle's manifest alone needs about that


class Courier:
    """The way home."""

    def __init__(
        self,
        store: Store,
        site: Site,
        collector: Collector,
        outbox: Outbox,
        settings: Callable[[], CommSettings],
        clock: Clock,
    ) -> None:
        self._store = store
        self._site = site
        self._collector = collector
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._texts = Texts("comm_server")
        self._session = requests.Session()
        self._asked_at: dict[str, float] = {}

    def run_once(self) -> None:
        """Make what is due, send what is ready, ask what the vendor says.

        Each is tried whatever became of the one before.
        """
        try:
            reason = self.due()
            if reason:
                self.make_bundle(reason)
        finally:
            self._send_and_hear()

    def _send_and_hear(self) -> None:
        mail = self._settings().mail
        try:
            self._outbox.send_due(transport_for(mail, self._site), mail.resend_after)
        except DoesNotFitError as error:
            self.make_smaller(error)
        finally:
            self._hear_in_time()

    def due(self) -> str | None:
        """Why a bundle is due now, or None."""
        if outboxes.cut_short(self._store):
            return "scheduled"
        return due(*self.waiting(), self._clock.now())

    def waiting(self) -> tuple[Waiting, Rules]:
        """What has not been told yet, and the rules by which it is."""
        rules, now = self._settings().bundle, self._clock.now()
        urgent = outboxes.oldest_urgent(self._store)
        waiting = Waiting(
            urgent_since=parse_stamp(urgent) if urgent else None,
            anything=outboxes.anything_untold(self._store),
            last=outboxes.last_bundle_at(self._store),
            urgent_last_hour=int(
                self._store.value(
                    "SELECT count(*) FROM bundles WHERE reason = 'urgent' "
                    "AND created_at > ? AND created_at <= ?",
                    (stamp(now - timedelta(hours=1)), stamp(now)),
                )
            ),
        )
        return waiting, Rules(
            rules.urgent_after, rules.urgent_per_hour, rules.every, rules.alive_every
        )

    def make_bundle(self, reason: str) -> int:
        """Collect and freeze the next bundle; answers its sequence number.

        The mail is no larger than the settings and the relay allow. What found no room follows
        at once: `due` says so.
        """
        settings = self._settings()
        write = partial(
            compose,
            texts=self._texts,
            languages=settings.mail.languages or tuple(LANGUAGES),
            sender=sender_or_own(settings.mail.sender),
            recipient=str(self._site.mail["to"]),
            console=self._site.console,
        )
        most = most_for(self._store, self._relay(), settings.bundle.most_bytes)
        room = room_in(most)
        while True:
            collected = self._collector.collect(reason, room)
            mail = write(collected)
            if len(mail.data) > most and room > _LEAST_ROOM:
                # The readable part took more than was set aside for it.
                room = max(_LEAST_ROOM, min(room - (len(mail.data) - most), room * 3 // 4))
                continue
            try:
                return self._outbox.freeze(collected, mail, settings.mail.hold_for)
            except NumberTakenError:  # `callstead comm bundle` beside the server; look again
                log.info("bundle.number_taken", sequence=collected.bundle.manifest["sequence"])

    def make_smaller(self, refused: DoesNotFitError) -> None:
        """Make the refused bundle anew, as small as the relay wants it, or half as large."""
        relay, own = self._relay(), self._settings().bundle.most_bytes
        before = most_for(self._store, relay, own)
        if before <= LEAST or 0 < refused.limit < LEAST:
            return  # it stays frozen, and a person is called
        wanted = refused.limit or min(before, refused.size) // 2
        most = learn(self._store, relay, min(wanted, before - 1))
        row = self._outbox.one(refused.sequence)
        taken = unfreeze(self._store, refused.sequence)
        log.warning("bundle.too_large", sequence=refused.sequence, bytes=refused.size,
                    relay=relay, most_bytes=most, made_anew=taken)  # fmt: skip
        if taken and row is not None:
            self.make_bundle(row["reason"])

    def _relay(self) -> str:
        mail = self._settings().mail
        return f"{mail.host or self._site.mail['host']}:{mail.port or self._site.mail['port']}"

    def hear(self) -> list[int]:
        """Ask for acknowledgements everywhere; answers the bundles that are delivered since."""
        settings = self._settings()
        mailbox = mailbox_for(settings, self._site)
        return self._ask(ChannelSource(self._site, self._session)) + (
            self._ask(mailbox) if mailbox else []
        )

    def heard(self, said: Statement) -> list[int]:
        """Keep what the vendor said; answers the bundles that are delivered since."""
        if said.resolved is not None:
            now = stamp(self._clock.now())
            resolutions.keep(self._store, list(said.resolved), said.as_of, now)
        return self._outbox.acknowledged(said.acknowledged)

    def _hear_in_time(self) -> None:
        """Ask often while an acknowledgement is awaited, else seldom: decisions come, too."""
        settings = self._settings()
        seldom = 0.0 if self._outbox.awaiting() else settings.mail.decisions_every
        if self._time_to_ask("channel", max(settings.mail.acknowledgements_every, seldom)):
            self._ask(ChannelSource(self._site, self._session))
        mailbox = mailbox_for(settings, self._site)
        if mailbox and self._time_to_ask("mailbox", max(settings.acknowledgements.every, seldom)):
            self._ask(mailbox)

    def _ask(self, source: AcknowledgementSource) -> list[int]:
        try:
            return source.hear(self.heard)
        except CallsteadError as error:
            log.warning("acknowledgements.not_read", reason=str(error))
            return []

    def _time_to_ask(self, what: str, every: float) -> bool:
        now = self._clock.monotonic()
        if what in self._asked_at and now - self._asked_at[what] < every:
            return False
        self._asked_at[what] = now
        return True


def mailbox_for(settings: CommSettings, site: Site) -> AcknowledgementSource | None:
    """The mailbox that acknowledgements come to, or None."""
    mailbox = settings.acknowledgements
    if not mailbox.kind:
        return None
    usual = _USUAL[mailbox.kind, mailbox.security == "tls"]
    server = mailbox.server("comm.acknowledgements", usual_port=usual, folder=settings.folder)
    if mailbox.kind == "pop3":
        return Pop3Source(site, server)
    return ImapSource(site, server, mailbox.folder, mailbox.after)


def transport_for(mail: MailSettings, site: Site) -> MailTransport:
    """The relay from the settings, else the vendor's own server from the kit."""
    named = mail.server("comm.mail", usual_port=int(site.mail["port"]), folder=site.home_ca.parent)
    server = replace(
        named,
        host=named.host or str(site.mail["host"]),
        security=named.security or str(site.mail["security"]),
        ca_file=named.ca_file or (None if named.host else site.home_ca),
    )
    return SmtpTransport(server, sender_or_own(mail.sender), str(site.mail["to"]))
