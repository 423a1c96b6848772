"""The mail of a transcript: text and HTML, the same bytes at every try."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from markupsafe import Markup

from appliance.domain.records import Author, Message
from appliance.domain.transcript import Transcript
from appliance.domain.work import Work
from appliance.services.transcripts import messages_of
from common.web.texts import Texts


@dataclass(frozen=True)
class _Line:
    who: str
    at: str
    text: str
    mine: bool


class TranscriptMail:
    """Composes them.

    Args:
        texts: the appliance's.
        sender: the From address.
        most: messages in one, the newest.
    """

    def __init__(self, texts: Texts, sender: str, most: int) -> None:
        self._texts, self._sender, self._most = texts, sender, most

    def __call__(self, work: Work, transcript: Transcript) -> bytes:
        """The mail, as it is sent."""
        found = work.conversation(transcript.conversation)
        queue = work.queue(found.queue) if found.queue is not None else None
        t = self._texts
        language = transcript.language
        title = t.t("transcript.title", language=language, number=found.id)
        began = f"{found.created_at:%Y-%m-%d %H:%M} UTC"
        lead = t.t(
            "transcript.lead", language=language, began=began, queue=queue.name if queue else ""
        )
        foot = t.t("transcript.foot", language=language)
        said = messages_of(work, transcript, self._most)
        lines = [self._line(work, one, language) for one in said]
        mail = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
        mail["From"] = self._sender
        mail["To"] = transcript.recipient
        mail["Subject"] = title
        mail["Date"] = format_datetime(transcript.asked_at)
        mail["Message-ID"] = self._id(transcript)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(_text(title, lead, lines, foot))
        mail.add_alternative(_html(title, lead, lines, foot, language), subtype="html")
        # The boundary must not be chance: a try that was cut sends the same bytes again.
        mail.set_boundary(hashlib.sha256(str(mail["Message-ID"]).encode()).hexdigest()[:32])
        return mail.as_bytes()

    def _id(self, transcript: Transcript) -> str:
        seed = f"{transcript.id}/{transcript.conversation}/{transcript.asked_at.isoformat()}"
        digest = hashlib.sha256(seed.encode()).hexdigest()[:24]
        domain = self._sender.rpartition("@")[2] or "callstead.invalid"
        return f"<transcript.{transcript.id}.{digest}@{domain}>"

    def _line(self, work: Work, one: Message, language: str) -> _Line:
        if one.author is Author.CONTACT:
            who = self._texts.t("transcript.you", language=language)
        elif one.agent is not None:
            who = work.agent(one.agent).name
        else:
            who = ""
        words = [one.text] if one.text else []
        if one.attachment:
            words.append(
                self._texts.t("transcript.file", language=language, name=one.attachment.name)
            )
        return _Line(who, f"{one.at:%H:%M}", "\n".join(words), one.author is Author.CONTACT)


def _text(title: str, lead: str, lines: list[_Line], foot: str) -> str:
    said = "\n\n".join(f"[{line.at}] {line.who}:\n{line.text}" for line in lines)
    return f"{title}\n\n{lead}\n\n{said}\n\n-- \n{foot}\n"


def _html(title: str, lead: str, lines: list[_Line], foot: str, language: str) -> str:
    """Every text is put in escaped."""
    body = Markup("<h1 style='font-size:20px'>{}</h1><p style='color:#475467'>{}</p>").format(
        title, lead
    )
    for line in lines:
        body += Markup(
            "<div style='margin:10px 0;padding:8px 12px;border-radius:10px;background:{}'>"
            "<div style='font-size:12px;color:#475467'>{} · {}</div>"
            "<div style='white-space:pre-wrap'>{}</div></div>"
        ).format("#e8f1fb" if line.mine else "#f2f4f7", line.who, line.at, line.text)
    body += Markup("<p style='font-size:12px;color:#667085'>{}</p>").format(foot)
    return str(
        Markup(
            "<!doctype html><html lang='{}'><meta charset='utf-8'><body style='font-family:"
            "system-ui,sans-serif;max-width:640px;margin:24px auto;padding:0 12px'>{}</body></html>"
        ).format(language, body)
    )
