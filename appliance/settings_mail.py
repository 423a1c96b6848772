"""How mail leaves: transcripts that visitors ask for."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class MailSettings:
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
    ca_file: str = setting(
        "", doc="PEM that the relay's certificate must lead to; empty: the system's authorities."
    )
    user: str = setting("", doc="User name for the relay; empty: no sign-in.")
    password_file: str = setting(
        "", doc="File that holds the relay's password, so that it stands in no settings file."
    )
    sender: str = setting(
        "", doc="From address; empty: callstead@ this machine's name. Some relays insist on one."
    )
    timeout: float = setting(
        30.0, unit="seconds", minimum=1, doc="For each step of the SMTP conversation."
    )
