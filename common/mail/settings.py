"""Settings of a mail server and the account there; each section says itself what differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from common.mail.server import MailServer
from common.settings import setting


@dataclass(frozen=True)
class AccountSettings:
    """What every section has that names a mail server."""

    host: str = setting("", doc="The mail server; empty: there is none.")
    port: int = setting(
        0, unit="TCP port", minimum=0, maximum=65535, doc="Its port; 0: the usual one."
    )
    security: str = setting(
        "tls",
        choices=("starttls", "tls", "none"),
        doc="How the connection is protected; `none` sends the password in clear.",
    )
    ca_file: str = setting(
        "", doc="PEM that the server's certificate must lead to; empty: the system's authorities."
    )
    user: str = setting("", doc="User name there; empty: no sign-in.")
    password_file: str = setting(
        "", doc="File that holds the password, so that it stands in no settings file."
    )
    timeout: float = setting(
        30.0, unit="seconds", minimum=1, doc="For each step of the conversation."
    )

    def server(
        self, section: str, *, usual_port: int = 0, folder: Path | None = None
    ) -> MailServer:
        """The server that is named.

        Args:
            section: the settings' name, for advice: ``home.imap``.
            usual_port: where they leave it open.
            folder: what ``ca_file`` is named from; None: the folder of the process.
        """
        return MailServer(
            host=self.host,
            port=self.port or usual_port,
            security=self.security,
            ca_file=(folder or Path()) / self.ca_file if self.ca_file else None,
            user=self.user,
            password_file=self.password_file,
            timeout=self.timeout,
            setting=section,
        )
