"""Which mail server, how the connection is protected, and who signs in."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from common.errors import OperatorError


@dataclass(frozen=True)
class MailServer:
    """One server and the account there.

    Attributes:
        security: ``starttls``, ``tls`` or ``none``.
        ca_file: PEM that its certificate must lead to; None: the system's authorities.
        user: empty: no sign-in.
        password_file: holds the password, so that it stands in no settings file.
        timeout: seconds for each step.
        setting: the settings section that names it, for advice: ``comm.mail``.
    """

    host: str
    port: int
    security: str
    ca_file: Path | None = None
    user: str = ""
    password_file: str = ""
    timeout: float = 60.0
    setting: str = "comm.mail"

    @property
    def where(self) -> str:
        """For sentences."""
        return f"the mail server {self.host}:{self.port}"

    def context(self) -> ssl.SSLContext:
        """Verifies the certificate and its name. Raises OperatorError."""
        try:
            return ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        except OSError as error:  # ssl.SSLError, for a file that is no PEM, is one
            raise OperatorError(
                f"The certificates in {self.ca_file} cannot be read: {error}. "
                f"Correct {self.setting}.ca_file."
            ) from error

    def password(self) -> str:
        """Raises OperatorError."""
        try:
            return Path(self.password_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(
                f"{self.setting}.password_file {self.password_file!r} cannot be read: {error}."
            ) from error

    def untrusted(self, error: ssl.SSLCertVerificationError) -> OperatorError:
        """The error for a certificate that leads nowhere."""
        return OperatorError(
            f"The certificate of {self.where} is not trusted ({error.verify_message}). "
            f"Name its authority in {self.setting}.ca_file."
        )


def sender_or_own(named: str) -> str:
    """The From address: as the settings name it, else this machine's own."""
    return named or f"callstead@{socket.gethostname()}"
