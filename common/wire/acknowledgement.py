"""The vendor's signed word that bundles have arrived, as a mail carries it."""

from __future__ import annotations

import email
from email.policy import compat32

# A site finds its statements by this header, whose value is the site's id, and touches no others.
HEADER = "X-Callstead-Acknowledgement"
# The statement names at most so many resolved problems of the site, the last ones decided.
MOST_RESOLVED = 500
# Beside them it names the last 200 bundles; either is about 100 bytes, seldom more.
MOST_BYTES = 256 * 1024


def in_mail(mail: bytes) -> bytes | None:
    """The statement's bytes, or None. Mails are written by strangers: nothing is believed yet."""
    try:
        message = email.message_from_bytes(mail, policy=compat32)
        for part in message.walk():
            if part.get_content_type() == "application/json":
                content = part.get_payload(decode=True)
                return content if isinstance(content, bytes) else None
    except (ValueError, LookupError, AssertionError, TypeError):
        return None
    return None
