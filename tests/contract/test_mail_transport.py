"""What every `MailTransport` must keep; SMTP is the one there is.

A new kind adds a class like `Smtp` and is run through the same promises.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from comm_server.mail.transport import MailTransport
from common.errors import CallsteadError, NetworkError, OperatorError, RemoteError
from common.mail.errors import NoSuchRecipientError, TooLargeError, UncertainError
from common.mail.server import MailServer
from common.mail.smtp import SmtpTransport
from common.serving.certificates import ensure_self_signed
from tests.support.smtp_server import SmtpServer, smtp_server, write_password

MAIL = (
    b"From: c@north.example\r\nTo: in@home.example\r\nSubject: s\r\n\r\n"
    b".a line that begins with a dot\r\n..\r\nlast\r\n"
)


class Smtp:
    """SMTP with STARTTLS against a scripted server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = ensure_self_signed(folder / "tls")

    @contextmanager
    def peer(self, **script: Any) -> Iterator[tuple[SmtpServer, MailTransport]]:
        with smtp_server(self.identity, **script) as server:
            yield server, self.transport(server.port)

    def transport(self, port: int, **changes: Any) -> SmtpTransport:
        values: dict[str, Any] = {
            "host": "localhost",
            "port": port,
            "security": "starttls",
            "ca_file": self.identity.certificate,
            "timeout": 5.0,
        }
        server = MailServer(**{**values, **changes})
        return SmtpTransport(server, "c@north.example", "in@home.example")


@pytest.fixture(params=[Smtp], ids=["smtp"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Smtp:
    made: Smtp = request.param(tmp_path)
    return made


def test_returning_means_that_the_other_side_has_exactly_these_bytes(kind: Smtp):
    with kind.peer() as (server, transport):
        transport.send(MAIL)
        assert server.mails == [MAIL]


def test_the_same_transport_sends_again_and_again(kind: Smtp):
    with kind.peer() as (server, transport):
        for _ in range(3):
            transport.send(MAIL)
        assert server.mails == [MAIL] * 3


@pytest.mark.parametrize("stage", ["hello", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("answer", "family"),
    [("451 later", NetworkError), ("554 never", RemoteError), ("drop", NetworkError)],
)
def test_each_failure_is_of_the_family_that_can_act(
    kind: Smtp, stage: str, answer: str, family: type[CallsteadError]
):
    """`drop` at the dot: the mail may have been taken; it is tried again with the same bytes."""
    with kind.peer(answers={stage: answer}) as (server, transport):
        with pytest.raises(family) as raised:
            transport.send(MAIL)
        assert "localhost" in str(raised.value)
        assert server.mails == []


@pytest.mark.parametrize("stage", ["hello", "EHLO", "STARTTLS", "MAIL", "DATA", "."])
def test_silence_ends_by_the_time_out(kind: Smtp, stage: str):
    with smtp_server(kind.identity, answers={stage: "silence"}) as server:
        started = time.monotonic()
        with pytest.raises(NetworkError):
            kind.transport(server.port, timeout=0.5).send(MAIL)
        assert time.monotonic() - started < 5


def test_nobody_there_is_the_network(kind: Smtp):
    with kind.peer() as (server, transport):
        server.close()
        with pytest.raises(NetworkError, match="not reached"):
            transport.send(MAIL)


def test_a_host_that_does_not_exist_is_the_network(kind: Smtp):
    with pytest.raises(NetworkError, match=r"no\.such\.host\.invalid"):
        kind.transport(25, host="no.such.host.invalid").send(MAIL)


@pytest.mark.parametrize("farewell", ["500 what?", "drop", "silence", "250 stay"])
def test_once_taken_no_farewell_undoes_it(kind: Smtp, farewell: str):
    """A failure told now would send the mail again, and again at every try."""
    with smtp_server(kind.identity, answers={"QUIT": farewell}) as server:
        kind.transport(server.port, timeout=1.0).send(MAIL)
        assert server.mails == [MAIL]


class TestSmtp:
    """What is SMTP's own."""

    @pytest.fixture
    def smtp(self, tmp_path: Path) -> Smtp:
        return Smtp(tmp_path)

    def test_a_mail_above_the_size_limit_is_not_begun(self, smtp: Smtp):
        with smtp.peer(features=("SIZE 20", "STARTTLS")) as (server, transport):
            with pytest.raises(TooLargeError, match="takes at most 20 bytes") as raised:
                transport.send(MAIL)
            assert raised.value.limit == 20
            assert "MAIL" not in server.commands

    @pytest.mark.parametrize(
        ("stage", "answer", "kind"),
        [
            ("MAIL", "552 5.3.4 message too big", TooLargeError),
            (".", "552 5.3.4 message too big", TooLargeError),
            (".", "554 5.2.3 over the limit", TooLargeError),
            (".", "552 too much mail data", TooLargeError),
            (".", "552 5.2.2 mailbox full", RemoteError),
            ("RCPT", "550 5.1.1 nobody of that name", NoSuchRecipientError),
            ("RCPT", "550 no such user", NoSuchRecipientError),
            ("RCPT", "554 5.7.1 relay access denied", RemoteError),
            ("RCPT", "550 5.7.1 not from here", RemoteError),
            ("RCPT", "450 4.2.0 greylisted", NetworkError),
            (".", "452 4.3.1 disk full", NetworkError),
            ("hello", "421 4.3.2 shutting down", NetworkError),
            (".", "drop", UncertainError),
            ("DATA", "554 no", RemoteError),
        ],
    )
    def test_what_calls_for_another_act_is_another_error(
        self, smtp: Smtp, stage: str, answer: str, kind: type[CallsteadError]
    ):
        with smtp.peer(answers={stage: answer}) as (_server, transport):
            with pytest.raises(kind) as raised:
                transport.send(MAIL)
            assert type(raised.value) is kind

    @pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE huge", "SIZE -1", "SIZE 9999999999"])
    def test_an_odd_size_limit_is_no_limit(self, smtp: Smtp, size: str):
        with smtp.peer(features=(size, "STARTTLS")) as (server, transport):
            transport.send(MAIL)
            assert server.mails == [MAIL]

    def test_an_untrusted_certificate_gets_no_mail(self, smtp: Smtp, tmp_path: Path):
        other = ensure_self_signed(tmp_path / "other").certificate
        with smtp_server(smtp.identity) as server:
            with pytest.raises(OperatorError, match=r"not trusted.*comm\.mail\.ca_file"):
                smtp.transport(server.port, ca_file=other).send(MAIL)
            with pytest.raises(OperatorError, match="not trusted"):
                smtp.transport(server.port, ca_file=None).send(MAIL)
            assert "MAIL" not in server.commands

    def test_a_certificate_for_another_name_gets_no_mail(self, smtp: Smtp, tmp_path: Path):
        with (
            smtp_server(smtp.identity) as server,
            pytest.raises(OperatorError, match="not trusted"),
        ):
            smtp.transport(server.port, host="127.0.0.2").send(MAIL)

    @pytest.mark.parametrize("security", ["starttls", "tls", "none"])
    def test_each_kind_of_security_sends(self, smtp: Smtp, security: str):
        with smtp_server(smtp.identity, tls=security == "tls") as server:
            smtp.transport(server.port, security=security).send(MAIL)
            assert server.mails == [MAIL]
            assert ("STARTTLS" in server.commands) == (security == "starttls")

    def test_a_relay_without_starttls_gets_nothing_in_clear(self, smtp: Smtp):
        """Whoever sits between may have taken the offer away."""
        with smtp.peer(features=("SIZE 10000000",)) as (server, transport):
            with pytest.raises(RemoteError, match=r"comm\.mail\.security"):
                transport.send(MAIL)
            assert "MAIL" not in server.commands

    def test_it_signs_in_where_asked_to(self, smtp: Smtp, tmp_path: Path):
        file = write_password(tmp_path)
        with smtp_server(smtp.identity, features=("STARTTLS", "AUTH PLAIN")) as server:
            smtp.transport(server.port, user="site", password_file=file).send(MAIL)
            assert server.commands.index("AUTH") > server.commands.index("STARTTLS")
            assert server.mails == [MAIL]

    def test_a_wrong_password_is_told_and_no_mail_sent(self, smtp: Smtp, tmp_path: Path):
        file = write_password(tmp_path)
        script = {"features": ("STARTTLS", "AUTH PLAIN"), "answers": {"AUTH": "535 wrong"}}
        with smtp_server(smtp.identity, **script) as server:
            with pytest.raises(RemoteError, match="535"):
                smtp.transport(server.port, user="site", password_file=file).send(MAIL)
            assert "MAIL" not in server.commands

    @pytest.mark.parametrize("broken", ["password_file", "ca_file"])
    def test_a_file_that_is_not_there_is_the_operators(
        self, smtp: Smtp, tmp_path: Path, broken: str
    ):
        missing: dict[str, Any] = {broken: tmp_path / "nothing", "user": "site"}
        with (
            smtp_server(smtp.identity, features=("STARTTLS", "AUTH PLAIN")) as server,
            pytest.raises(OperatorError, match=rf"comm\.mail\.{broken}"),
        ):
            smtp.transport(server.port, **missing).send(MAIL)

    def test_a_ca_file_that_is_no_certificate_is_the_operators(self, smtp: Smtp, tmp_path: Path):
        (tmp_path / "ca.pem").write_text("hello", encoding="utf-8")
        with smtp_server(smtp.identity) as server, pytest.raises(OperatorError, match="ca_file"):
            smtp.transport(server.port, ca_file=tmp_path / "ca.pem").send(MAIL)
