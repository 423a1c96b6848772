"""Acknowledgements by mail, for sites that name an address in their bundles.

What is due is derived: a site is owed a mail when it was heard of since the last one. A kill
between the relay's yes and our mark sends the statement twice, which the site takes twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from common.backoff import Backoff
from common.clock import Clock, stamp
from common.errors import CallsteadError
from common.logs import get_logger
from common.spool import Row, Store
from common.wire.acknowledgement import HEADER
from home.inbox.acks import Acknowledger

log = get_logger(__name__)
_BACKOFF = Backoff(first=5, most=1800)
_MOST_ADDRESS = 254

# The address is that of the newest bundle that its site has signed.
_DUE = """
    SELECT b.site, s.name, max(b.heard_again_at) AS heard,
        (SELECT json_extract(n.manifest, '$.acknowledge_to') FROM bundles n
         WHERE n.site = b.site ORDER BY n.sequence DESC, n.id DESC LIMIT 1) AS address,
        coalesce(m.failures, 0) AS failures
    FROM bundles b JOIN sites s ON s.id = b.site LEFT JOIN ack_mails m ON m.site = b.site
    WHERE m.next_try_at IS NULL OR m.next_try_at <= ?
    GROUP BY b.site HAVING heard > coalesce(m.told_until, '')
"""


class AckMailer:
    """Mails each site's signed statement after news.

    Args:
        store: ``home.db``.
        acknowledger: writes the statements.
        clock: tells when a pause is over.
        sender: the From address.
        send: hands a mail for an address to the relay; raises CallsteadError.
    """

    def __init__(
        self,
        store: Store,
        acknowledger: Acknowledger,
        clock: Clock,
        sender: str,
        send: Callable[[str, bytes], None],
    ) -> None:
        self._store = store
        self._acknowledger = acknowledger
        self._clock = clock
        self._sender = sender
        self._send = send

    def run_once(self) -> int:
        """Mail what is due; answers how many mails left."""
        sent = 0
        for row in self._store.rows(_DUE, [stamp(self._clock.now())]):
            if not _is_address(row["address"]):
                continue
            mail = self._mail(row)
            try:
                self._send(row["address"], mail)
            except CallsteadError as error:
                self._failed(row, error)
                continue
            self._store.execute(
                "INSERT OR REPLACE INTO ack_mails (site, told_until) VALUES (?, ?)",
                (row["site"], row["heard"]),
            )
            sent += 1
            log.info("acknowledgement.mailed", site=row["name"])
        return sent

    def _mail(self, row: Row) -> bytes:
        statement = self._acknowledger.write(row["site"]).read_bytes()
        digest = hashlib.sha256(statement).hexdigest()[:24]
        message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
        message["From"] = self._sender
        message["To"] = row["address"]
        message["Subject"] = "[Callstead] Acknowledgement / 确认"
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<ack.{row['site']}.{digest}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message[HEADER] = row["site"]
        message.set_content(
            "The vendor has received your site's bundles. Your communications server reads this "
            "mail by itself; nothing is to be done.\n\n"
            "厂商已收到贵站点的报告包。通信服务器会自动读取此邮件，无需任何操作。\n"
        )
        message.add_attachment(
            statement, maintype="application", subtype="json", filename=f"{row['site']}.json"
        )
        return message.as_bytes()

    def _failed(self, row: Row, error: CallsteadError) -> None:
        failures = row["failures"] + 1
        again = self._clock.now() + timedelta(seconds=_BACKOFF.delay(failures))
        self._store.execute(
            "INSERT INTO ack_mails (site, failures, next_try_at, last_error) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (site) DO UPDATE SET failures = excluded.failures, "
            "next_try_at = excluded.next_try_at, last_error = excluded.last_error",
            (row["site"], failures, stamp(again), str(error)),
        )
        log.warning("acknowledgement.not_mailed", site=row["name"], reason=str(error))


def _is_address(value: object) -> bool:
    """Whether a site's word is fit to be an SMTP recipient and one header line."""
    if not isinstance(value, str) or not 3 <= len(value) <= _MOST_ADDRESS or not value.isascii():
        return False
    return "@" in value[1:-1] and value.isprintable() and not set(value) & set(' <>,;:"()[]\\')
