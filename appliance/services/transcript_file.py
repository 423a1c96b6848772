"""A conversation as a file: a web page or a text for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from appliance.domain.records import Author, Conversation, Message
from appliance.domain.work import Work
from common.web.texts import Texts

_PAGE = 500  # messages read at a time


@dataclass(frozen=True)
class Whole:
    """One conversation with all that was said, and the names of who said it.

    Attributes:
        contact: the contact's name; empty: it is not known.
        queue: the queue's name; empty: it was in none.
        agents: names by id.
    """

    conversation: Conversation
    contact: str
    queue: str
    agents: Mapping[int, str]
    messages: tuple[Message, ...]


def whole(work: Work, conversation: int, *, notes: bool) -> Whole:
    """All of it; without ``notes`` only what its contact may see. Raises UnknownError."""
    found = work.conversation(conversation)
    messages: list[Message] = []
    while page := work.messages(conversation, messages[-1].number if messages else 0, _PAGE):
        messages.extend(page)
        if len(page) < _PAGE:
            break
    said = tuple(one for one in messages if notes or not one.internal)
    who = {one.agent for one in said if one.agent is not None}
    who |= {one for one in (found.agent, found.last_agent) if one is not None}
    return Whole(
        found, work.desk.contact(found.contact).name,
        work.queue(found.queue).name if found.queue is not None else "",
        {one.id: one.name for one in work.agents() if one.id in who}, said,
    )  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How people read it.

    Args:
        texts: the appliance's; ``language`` and ``zone`` are the reader's.
    """

    texts: Texts
    language: str
    zone: ZoneInfo

    def as_text(self, it: Whole) -> str:
        """Plain text."""
        facts = "\n".join(f"{name}: {value}" for name, value in self._facts(it))
        said = "\n\n".join(
            f"[{self._moment(one.at)}] {self._who(it, one)}\n{self._said(one)}"
            for one in it.messages
        )
        return f"{self._title(it)}\n\n{facts}\n\n{said}\n"

    def as_page(self, it: Whole) -> str:
        """A web page that needs nothing else; every text is put in escaped."""
        rows = Markup("").join(
            Markup("<tr><th>{}</th><td>{}</td></tr>").format(*one) for one in self._facts(it)
        )
        lines = Markup("\n").join(
            Markup(
                "<article class='{}'><p><b>{}</b> <time datetime='{}'>{}</time></p>"
                "<div>{}</div></article>"
            ).format(
                "note" if one.internal else str(one.author), self._who(it, one),
                one.at.isoformat(), self._moment(one.at), self._said(one),
            )
            for one in it.messages
        )  # fmt: skip
        return str(
            _PAGE_OF.format(language=self.language, title=self._title(it), facts=rows, lines=lines)
        )

    def _t(self, key: str, **values: object) -> str:
        return self.texts.t(f"conversation_file.{key}", language=self.language, **values)

    def _title(self, it: Whole) -> str:
        return self._t("title", number=it.conversation.id)

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def _facts(self, it: Whole) -> list[tuple[str, str]]:
        one = it.conversation
        agent = it.agents.get(one.agent or one.last_agent or 0, "")
        known = [
            ("contact", it.contact), ("queue", it.queue), ("agent", agent),
            ("channel", one.channel), ("subject", one.subject),
            ("began", self._moment(one.created_at)),
            ("ended", self._moment(one.ended_at) if one.ended_at else ""),
            ("disposition", one.disposition), ("tags", ", ".join(sorted(one.tags))),
            ("zone", self.zone.key),
        ]  # fmt: skip
        facts = [(self._t(name), value) for name, value in known if value]
        return [*facts, *((key, str(value)) for key, value in sorted(one.fields.items()))]

    def _who(self, it: Whole, one: Message) -> str:
        if one.author is Author.CONTACT:
            name = it.contact or self._t("contact")
        elif one.agent is not None:
            name = it.agents.get(one.agent, "")
        else:
            name = self._t("system")
        return self._t("note", name=name) if one.internal else name

    def _said(self, one: Message) -> str:
        file = [self._t("file", name=one.attachment.name)] if one.attachment else []
        return "\n".join([*([one.text] if one.text else []), *file])


_PAGE_OF = Markup("""<!doctype html>
<html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ max-width: 720px; margin: 24px auto; padding: 0 16px; }}
body {{ font: 15px/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 20px; }}
th {{ padding-right: 16px; font-weight: 600; text-align: left; vertical-align: top; }}
article {{ margin: 10px 0; padding: 8px 12px; background: #f2f4f7; border-radius: 10px; }}
article {{ break-inside: avoid; }}
article.contact {{ background: #e8f1fb; }}
article.note {{ background: #fdf6d8; }}
p {{ margin: 0; font-size: 13px; }}
time {{ color: #475467; }}
div {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
<h1>{title}</h1>
<table>{facts}</table>
{lines}
</html>
""")
