"""A conversation's transcript is asked for, and sent by the worker; the domain has the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.domain.conversation import State
from appliance.domain.records import Message
from appliance.domain.transcript import (
    MOST_OF_ONE,
    Transcript,
    TranscriptRefusedError,
    TranscriptState,
    address,
    not_sent,
    sent,
    tried,
)
from appliance.domain.work import Floor, Work
from appliance.services.moves import by_agent, by_contact
from appliance.services.take_part import speaks
from appliance.services.trouble import NotYoursError
from common.errors import CallsteadError, RemoteError
from common.logs import get_logger

log = get_logger(__name__)

LANGUAGES = ("zh-CN", "en")
_AT_ONCE = 20  # mails of one look
_PAGE = 200

Post = Callable[[str, bytes], None]  # to whom, and the mail; raises as SmtpTransport.send


def ask_transcript(
    work: Work, conversation: int, agent: int | None, to: str, language: str, *, can_send: bool
) -> Transcript:
    """Keep the wish; the worker sends it. ``agent`` is None for the contact.

    Raises:
        TranscriptRefusedError, NotYoursError, UnknownError.
    """
    found = work.conversation(conversation)
    if agent is not None and not (speaks(work, found, agent) or found.last_agent == agent):
        raise NotYoursError(agent, conversation)
    if not can_send:
        raise TranscriptRefusedError("transcript-no-mail")
    if not found.messages:
        raise TranscriptRefusedError("transcript-nothing")
    recipient = address(to)
    before = work.transcripts.of(conversation)
    for one in before:
        if (one.recipient, one.messages) == (recipient, found.messages):
            return one  # asked again for the same
    if len(before) >= MOST_OF_ONE:
        raise TranscriptRefusedError("transcript-too-many", most=MOST_OF_ONE)
    who = by_contact(found.contact) if agent is None else by_agent(agent)
    asked = work.transcripts.add(
        Transcript(
            id=0, conversation=conversation, recipient=recipient,
            language=language if language in LANGUAGES else LANGUAGES[0],
            messages=found.messages, asked_at=work.now, asked_by=who, next_at=work.now,
        )
    )  # fmt: skip
    _tell(work, asked, who)
    return asked


def send_due(floor: Floor, compose: Callable[[Work, Transcript], bytes], post: Post) -> int:
    """Send what is due; how many left. Killed at any moment, the rest and the one are tried again.

    Args:
        floor: where the wishes are.
        compose: the mail of one, the same bytes at each try.
        post: sends it.
    """
    done = 0
    for one in floor.read(lambda work: work.transcripts.due(work.now, _AT_ONCE)):
        trying = floor.write(_trying(one.id))
        if trying is None:
            continue
        outcome = _send(floor, trying, compose, post)
        after = floor.write(outcome)
        done += after.state is TranscriptState.SENT
    return done


def messages_of(work: Work, transcript: Transcript, most: int) -> list[Message]:
    """What the contact may read again: of the newest ``most`` messages up to its last one."""
    found: list[Message] = []
    after = max(transcript.messages - most, 0)
    while page := work.messages(transcript.conversation, after, _PAGE):
        found += [one for one in page if one.number <= transcript.messages and not one.internal]
        after = page[-1].number
        if after >= transcript.messages:
            break
    return found


def _trying(id_: int) -> Callable[[Work], Transcript | None]:
    def job(work: Work) -> Transcript | None:
        one = work.transcripts.one(id_)
        if one.state is not TranscriptState.WAITING or one.next_at > work.now:
            return None  # somebody else was faster
        trying = tried(one, work.now)
        work.transcripts.save(trying)
        return trying

    return job


def _send(
    floor: Floor, one: Transcript, compose: Callable[[Work, Transcript], bytes], post: Post
) -> Callable[[Work], Transcript]:
    """Try it; answers what is to be written of it."""
    reason, for_good = "", False
    try:
        post(one.recipient, floor.read(lambda work: compose(work, one)))
    except RemoteError as error:  # the relay said no
        reason, for_good = str(error), True
    except CallsteadError as error:  # not reached, or a setting of ours: tried again
        reason = str(error)
    if reason:
        log.warning("transcript.not_sent", id=one.id, tries=one.tries, for_good=for_good)

    def job(work: Work) -> Transcript:
        known = replace(one, reason="")
        after = (
            not_sent(known, work.now, reason, for_good=for_good) if reason
            else sent(known, work.now)
        )  # fmt: skip
        work.transcripts.save(after)
        if after.state is not TranscriptState.WAITING:
            _tell(work, after, "system")
        return after

    return job


def _tell(work: Work, transcript: Transcript, who: str) -> None:
    """Without the address: whoever may read the event need not know it."""
    found = work.conversation(transcript.conversation)
    work.tell(
        "message.transcript", who=who, conversation=found.id,
        agent=found.agent if found.state is not State.CLOSED else None, queue=found.queue,
        data={"id": transcript.id, "state": str(transcript.state)},
    )  # fmt: skip
