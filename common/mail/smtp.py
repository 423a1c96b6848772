"""SMTP out: STARTTLS or TLS, sign-in where asked for, every step with a time-out."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from common.errors import NetworkError, RemoteError
from common.mail.errors import NoSuchRecipientError, TooLargeError, UncertainError
from common.mail.server import MailServer

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_TOO_LARGE = {"5.3.4", "5.2.3"}
_NO_SUCH = {"5.1.1", "5.1.10", "5.1.2", "5.1.6"}
# 552 is both "too large" and "the mailbox is full", which no halving helps.
_FULL = "5.2.2"


@dataclass(frozen=True)
class SmtpTransport:
    """An SMTP relay, from whom the mails come and whom they go to."""

    server: MailServer
    sender: str
    recipient: str

    def send(self, mail: bytes) -> None:
        """Hand the mail over; returning means that the relay answered 250 to it.

        Raises:
            NetworkError: not reached, or told to come again later (4xx).
            UncertainError: cut while the mail left; the relay may have it.
            RemoteError: refused for good (5xx); `TooLargeError` and `NoSuchRecipientError` apart.
            OperatorError: a setting of ours, or a certificate that is not trusted.
        """
        with self._told():
            connection = self._connect()
            try:
                self._hand_over(connection, mail)
                _part(connection)
            finally:
                connection.close()

    def probe(self) -> None:
        """Come as far as the relay's readiness to take a mail. Raises as `send` does."""
        with self._told():
            connection = self._connect()
            _part(connection)
            connection.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What smtplib raises, in our families."""
        where = self.server.where
        try:
            yield
        except smtplib.SMTPNotSupportedError as error:
            raise RemoteError(
                f"{where} cannot do what {self.server.setting} asks for: {error} "
                f"Correct {self.server.setting}.security or {self.server.setting}.user."
            ) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(f"{where} answered", error.smtp_code, error.smtp_error) from error
        except ssl.SSLCertVerificationError as error:
            raise self.server.untrusted(error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NetworkError(f"{where} was not reached: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        server, context = self.server, self.server.context()
        connection: smtplib.SMTP
        if server.security == "tls":
            connection = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        try:
            _greet(connection)
            if server.security == "starttls":
                connection.starttls(context=context)
                _greet(connection)
            if server.user:
                connection.login(server.user, server.password())
        except BaseException:
            connection.close()
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, mail: bytes) -> None:
        where, options = self.server.where, []
        if connection.has_extn("size"):
            limit = connection.esmtp_features.get("size", "")
            if limit.isdigit() and 0 < int(limit) < len(mail):
                raise TooLargeError(
                    f"{where} takes at most {limit} bytes, the mail has {len(mail)}.", int(limit)
                )
            options = [f"size={len(mail)}"]
        code, text = connection.mail(self.sender, options)
        if code != 250:
            raise _refusal(f"{where} refused the sender {self.sender}:", code, text)
        code, text = connection.rcpt(self.recipient)
        if code not in {250, 251}:
            raise _refusal(f"{where} refused {self.recipient}:", code, text, recipient=True)
        try:
            code, text = connection.data(mail)
        except smtplib.SMTPDataError:  # it did not want to hear the mail
            raise
        except (smtplib.SMTPException, OSError) as error:
            raise UncertainError(
                f"The line to {where} was cut while the mail was handed over: {error}"
            ) from error
        if code != 250:
            raise _refusal(f"{where} refused the mail:", code, text)


def _greet(connection: smtplib.SMTP) -> None:
    """EHLO; a relay that is busy says so here. One that knows only HELO is asked here too."""
    code, text = connection.ehlo()
    if 400 <= code < 500:
        raise smtplib.SMTPResponseException(code, text)
    connection.ehlo_or_helo_if_needed()


def _refusal(
    said: str, code: int, text: bytes | str, *, recipient: bool = False
) -> NetworkError | RemoteError:
    """The family of an answer: 4xx is "later", 5xx is "people must act"."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    sentence = f"{said} {code} {words}"
    match = _ENHANCED.match(words)
    enhanced = match[1] if match else ""
    if code < 500:  # also what is no answer of SMTP's at all: nothing is lost by trying again
        return NetworkError(sentence)
    if enhanced in _TOO_LARGE or (code == 552 and enhanced != _FULL):
        return TooLargeError(sentence)
    if enhanced in _NO_SUCH or (recipient and not enhanced and code in {550, 551, 553}):
        return NoSuchRecipientError(sentence)
    return RemoteError(sentence)


def _part(connection: smtplib.SMTP) -> None:
    """Say QUIT; the mail is taken, and whatever the answer is changes nothing of that."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        connection.quit()
