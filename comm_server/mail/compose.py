"""A finished mail: the readable part as text and HTML, the sealed bundle beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial

from markupsafe import Markup

from comm_server.bundle import Collected
from comm_server.mail.readable import Section, Translate, sections, subject
from comm_server.outbox import Mail
from common.clock import parse_stamp
from common.web.texts import Texts

# Set aside for the readable part; a mail with more words than this carries less beside them.
_WORDS = 96 * 1024
_TONES = {"bad": "#b42318", "good": "#067647", "plain": "#344054"}


def room_in(most: int) -> int:
    """Bytes of a sealed bundle in a mail of ``most``: base64 in lines of 76, words beside it."""
    return max((most - min(_WORDS, most // 4)) * 3 // 4 * 76 // 78, 0)


def compose(
    collected: Collected,
    texts: Texts,
    languages: Sequence[str],
    sender: str,
    recipient: str,
    console: str = "",
) -> Mail:
    """The mail of a bundle; its Message-ID follows from the bundle.

    ``console`` is the address of the vendor's console, for links.
    """
    bundle, sealed = collected.bundle, collected.sealed
    manifest = bundle.manifest
    digest = hashlib.sha256(sealed).hexdigest()
    domain = sender.rpartition("@")[2] or "callstead.invalid"
    translators: list[Translate] = [partial(texts.t, language=language) for language in languages]
    # 7bit: a relay on the way that knows no 8BITMIME changes nothing of it.
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject(bundle, translators[0])
    message["Date"] = format_datetime(parse_stamp(manifest["created"]))
    message["Message-ID"] = f"<{manifest['site']}.{manifest['sequence']}.{digest[:16]}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    pages = [
        (t("mail.heading", **_heading(collected)), sections(bundle, t, console))
        for t in translators
    ]
    message.set_content("\n\n".join(_text(title, page) for title, page in pages))
    message.add_alternative(_html(pages), subtype="html")
    message.add_attachment(
        sealed,
        maintype="application",
        subtype="octet-stream",
        filename=f"bundle-{manifest['sequence']:06}.csb",
    )
    return Mail(str(message["Message-ID"]), message.as_bytes())


def _heading(collected: Collected) -> dict[str, object]:
    manifest = collected.bundle.manifest
    return {"site": manifest["site_name"], "sequence": manifest["sequence"]}


def _text(title: str, page: list[Section]) -> str:
    lines = [title, "=" * len(title)]
    for section in page:
        lines += ["", section.title, "-" * len(section.title)]
        for item in section.items:
            lines.append(f"* {item.headline}")
            lines += [f"    {label}: {value}" for label, value in item.facts]
            if item.next_step:
                lines.append(f"    -> {item.next_step}")
            if item.link:
                lines.append(f"    {item.link}")
    return "\n".join(lines)


def _html(pages: list[tuple[str, list[Section]]]) -> str:
    body = Markup("")  # escapes every text put into it
    for title, page in pages:
        body += Markup("<h1 style='font-size:20px'>{}</h1>").format(title)
        for section in page:
            body += Markup("<h2 style='font-size:16px;color:{}'>{}</h2>").format(
                _TONES[section.tone], section.title
            )
            for item in section.items:
                # What has facts below it is a headline; a line by itself is read as text.
                if item.facts:
                    body += Markup("<p style='margin:8px 0 2px'><b>{}</b></p>").format(
                        item.headline
                    )
                else:
                    body += Markup("<p style='margin:2px 0'>{}</p>").format(item.headline)
                if item.facts:
                    rows = Markup("").join(
                        Markup(
                            "<tr><td style='color:#667085;padding:1px 12px 1px 0'>{}</td>"
                            "<td>{}</td></tr>"
                        ).format(label, value)
                        for label, value in item.facts
                    )
                    body += Markup("<table style='font-size:13px'>{}</table>").format(rows)
                if item.next_step:
                    body += Markup("<p style='margin:2px 0 8px'>→ {}</p>").format(
                        Markup("<a href='{}'>{}</a>").format(item.link, item.next_step)
                        if item.link
                        else item.next_step
                    )
    return Markup(
        "<html><body style='font-family:system-ui,sans-serif;font-size:14px;color:#101828'>"
        "{}</body></html>"
    ).format(body)
