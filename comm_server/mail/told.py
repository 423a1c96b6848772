"""What a bundle's mail says, for the customer whose data it is.

While the frozen mail is kept, the words are its own; afterwards the same rules draw them again
from the manifest and the receipts, which stay.
"""

from __future__ import annotations

import email
import json
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage

from comm_server.mail.readable import Section, Translate, sections
from common.spool import Row, Store
from common.wire.bundle import Bundle


@dataclass(frozen=True)
class Told:
    """The readable part.

    Attributes:
        subject: of the frozen mail; empty afterwards.
        recipient: likewise.
        text: the frozen mail's own text; empty afterwards.
        sections: drawn anew; empty while there is the text.
    """

    subject: str = ""
    recipient: str = ""
    text: str = ""
    sections: tuple[Section, ...] = ()


def told(store: Store, bundle: Row, t: Translate) -> Told:
    """What ``bundle`` (a row with ``mail`` and ``summary``) tells the vendor."""
    if bundle["mail"] is not None:
        message = email.message_from_bytes(bundle["mail"], policy=policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101 - what policy.default makes
        part = message.get_body(("plain",))
        return Told(
            subject=str(message["Subject"]),
            recipient=str(message["To"]),
            text=str(part.get_content()) if part else "",
        )
    receipts = store.rows(
        "SELECT signed FROM receipts WHERE bundle = ? ORDER BY at", (bundle["sequence"],)
    )
    again = Bundle(
        manifest=json.loads(bundle["summary"]),
        receipts=[json.loads(row["signed"]) for row in receipts],
    )
    return Told(sections=tuple(sections(again, t)))
