"""Transcripts by mail: asked for, sent once the relay takes them, whatever happens in between."""

from __future__ import annotations

import email
from email import policy

import pytest

from appliance.domain.transcript import TranscriptRefusedError, TranscriptState
from appliance.ops.mail import post
from appliance.services import talk
from appliance.services.say_message import Saying, say_message
from appliance.services.transcript_mail import TranscriptMail
from appliance.services.transcripts import ask_transcript, send_due
from appliance.services.waiting_places import all_places
from appliance.settings.mail import MailSettings
from common.errors import NetworkError, RemoteError
from common.web.texts import Texts
from tests.contract.floor.test_conversations import answered
from tests.support.smtp_server import smtp_server


class Relay:
    """Takes mails, or raises what it was told to."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)
        self.mails: list[tuple[str, bytes]] = []

    def __call__(self, recipient: str, mail: bytes) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.mails.append((recipient, mail))


@pytest.fixture
def compose() -> TranscriptMail:
    return TranscriptMail(Texts("appliance"), "chat@shop.example", most=2000)


@pytest.fixture
def talked(house) -> int:
    anna = house.agents[0]
    conversation = answered(house, anna)
    said = [
        (None, "<script>alert(1)</script> 你好", False), (anna, "a note", True),
        (anna, "Good morning", False),
    ]  # fmt: skip
    for number, (agent, text, internal) in enumerate(said):
        house.do(say_message, Saying(conversation, f"k{number}", text, agent, internal), 100)
    return conversation


def ask(house, conversation: int, to: str = "li@example.com", **more):
    return house.do(
        ask_transcript, conversation, None, to, more.pop("language", "en"), can_send=True, **more
    )


def state(house, conversation: int) -> str:
    (one,) = house.floor.read(lambda work: work.transcripts.of(conversation))
    return str(one.state)


def test_the_mail_has_what_the_contact_may_read_and_text_stays_text(house, talked, compose):
    ask(house, talked)
    relay = Relay()
    assert send_due(house.floor, compose, relay) == 1
    ((recipient, sent),) = relay.mails
    mail = email.message_from_bytes(sent, policy=policy.default)
    text, html = (part.get_content() for part in mail.iter_parts())
    assert (recipient, mail["To"]) == ("li@example.com", "li@example.com")
    for part in (text, html):
        assert "Good morning" in part
        assert "Anna" in part
        assert "a note" not in part
    assert "<script>" in text
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert state(house, talked) == "sent"
    assert send_due(house.floor, compose, relay) == 0


def test_a_long_one_holds_the_newest_messages(house, talked):
    ask(house, talked)
    short = TranscriptMail(Texts("appliance"), "chat@shop.example", most=1)
    mail = house.floor.read(lambda work: short(work, work.transcripts.of(talked)[0]))
    assert b"Good morning" in mail
    assert b"alert" not in mail


def test_it_is_tried_again_with_the_same_bytes_until_the_relay_takes_it(house, talked, compose):
    ask(house, talked)
    first = house.floor.read(lambda work: compose(work, work.transcripts.of(talked)[0]))
    relay = Relay(NetworkError("the relay is away"))
    assert send_due(house.floor, compose, relay) == 0
    assert send_due(house.floor, compose, relay) == 0  # not before its time
    house.clock.advance(60)
    assert send_due(house.floor, compose, relay) == 1
    assert relay.mails[0][1] == first


def test_a_kill_while_it_is_sent_leaves_it_to_be_sent_again(house, talked, compose):
    ask(house, talked)

    class KilledError(BaseException):
        pass

    with pytest.raises(KilledError):
        send_due(house.floor, compose, Relay(KilledError()))  # type: ignore[arg-type]
    assert state(house, talked) == "waiting"
    house.clock.advance(60)
    assert send_due(house.floor, compose, Relay()) == 1


def test_a_refusal_ends_it_and_is_told(house, talked, compose):
    ask(house, talked)
    send_due(house.floor, compose, Relay(RemoteError("no such mailbox")))
    assert state(house, talked) == "failed"
    assert house.kinds(talked).count("message.transcript") == 2


def test_asking_twice_is_one_mail_and_asking_often_is_refused(house, talked):
    assert ask(house, talked).id == ask(house, talked).id
    for name in ("a", "b"):
        ask(house, talked, f"{name}@example.com")
    with pytest.raises(TranscriptRefusedError, match="At most 3"):
        ask(house, talked, "d@example.com")
    with pytest.raises(TranscriptRefusedError, match=r"name@example\.com"):
        ask(house, talked, "nonsense")
    with pytest.raises(TranscriptRefusedError, match=r"appliance\.mail\.host"):
        house.do(ask_transcript, talked, None, "e@example.com", "en", can_send=False)


def test_a_real_relay_gets_it_from_the_settings_of_the_appliance(house, talked, compose):
    with smtp_server() as server:
        settings = MailSettings(
            host="127.0.0.1", port=server.port, security="none", sender="chat@shop.example"
        )
        ask(house, talked, language="zh-CN")
        assert send_due(house.floor, compose, lambda to, mail: post(settings, to, mail)) == 1
        (sent,) = server.mails
    mail = email.message_from_bytes(sent, policy=policy.default)
    assert "会话记录" in mail["Subject"]
    assert TranscriptState(state(house, talked)) is TranscriptState.SENT


def test_who_waits_knows_the_place_and_what_it_may_take(house):
    anna = house.agents[0]
    handled = answered(house, anna)
    house.clock.advance(120)
    house.do(talk.end, handled, anna)
    house.do(talk.close, handled, anna)
    waits = [house.come(name).conversation.id for name in ("a", "b", "c")]
    found = house.floor.read(all_places)
    assert [found[one].ahead for one in waits] == [0, 1, 2]
    # Two minutes each, and Anna has room for four chats at a time.
    assert [found[one].wait for one in waits] == [30, 60, 90]
