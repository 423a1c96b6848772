"""The relay from the settings."""

from __future__ import annotations

import socket
from pathlib import Path

from appliance.settings_mail import MailSettings
from common.mail.smtp import SmtpTransport


def sender_of(mail: MailSettings) -> str:
    """The From address."""
    return mail.sender or f"callstead@{socket.gethostname()}"


def post(mail: MailSettings, recipient: str, content: bytes) -> None:
    """Hand one mail over; raises as `SmtpTransport.send`."""
    SmtpTransport(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        sender=sender_of(mail),
        recipient=recipient,
        ca_file=Path(mail.ca_file) if mail.ca_file else None,
        user=mail.user,
        password_file=mail.password_file,
        timeout=mail.timeout,
        setting="appliance.mail",
    ).send(content)
