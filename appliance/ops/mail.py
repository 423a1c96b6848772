"""The relay from the settings."""

from __future__ import annotations

from appliance.settings.mail import MailSettings
from common.mail.server import sender_or_own
from common.mail.smtp import SmtpTransport


def post(mail: MailSettings, recipient: str, content: bytes) -> None:
    """Hand one mail over; raises as `SmtpTransport.send`."""
    server = mail.server("appliance.mail")
    SmtpTransport(server, sender_or_own(mail.sender), recipient).send(content)
