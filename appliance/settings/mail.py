"""How mail leaves: transcripts that visitors ask for."""

from __future__ import annotations

from dataclasses import dataclass

from common.mail.settings import AccountSettings
from common.settings import setting


@dataclass(frozen=True)
class MailSettings(AccountSettings):
    """The relay."""

    host: str = setting(
        "",
        doc="SMTP relay; empty: no mail is sent, and no visitor is offered a transcript.",
    )
    port: int = setting(
        587, unit="TCP port", minimum=1, maximum=65535, doc="Its port; 587 is for submission."
    )
    security: str = setting(
        "starttls",
        choices=("starttls", "tls", "none"),
        doc="How the connection is protected; `none` sends what was said in clear.",
    )
    sender: str = setting(
        "", doc="From address; empty: callstead@ this machine's name. Some relays insist on one."
    )
    most_messages: int = setting(
        2000,
        minimum=100,
        maximum=100_000,
        unit="messages",
        doc="A transcript holds the newest so many of a conversation; a mail has an end, and "
        "relays refuse long ones.",
    )
