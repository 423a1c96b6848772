"""Find the bundle in a mail as it came over SMTP. Mails are written by strangers."""

from __future__ import annotations

import email
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32

from common.errors import RefusedError
from home.inbox.mailbox import Attachment, Headers

_MAGIC = b"callstead-bundle/"
_MOST_HEADER = 300  # characters shown of a stranger's header


def open_mail(data: bytes) -> Attachment:
    """The one attachment that is a sealed bundle.

    Raises:
        RefusedError: kind ``mail`` (not a mail), ``no-bundle`` or ``many-bundles``.
    """
    message = _parse(data)
    found = [content for part in message.walk() if (content := _bundle(part)) is not None]
    if not found:
        raise RefusedError("no-bundle", "The mail carries no bundle.")
    if len(found) > 1:
        raise RefusedError("many-bundles", f"The mail carries {len(found)} bundles, not one.")
    return Attachment(found[0], _text(message, "Message-ID"))


def read_headers(data: bytes) -> Headers:
    """Sender, subject and id, cut short; empty when they cannot be read."""
    try:
        message = _parse(data)
    except RefusedError:
        return Headers()
    return Headers(_text(message, "From"), _text(message, "Subject"), _text(message, "Message-ID"))


def _parse(data: bytes) -> Message:
    try:
        # compat32: the newer policy's header parser has raised on hostile input before.
        return email.message_from_bytes(data, policy=compat32)
    except (ValueError, LookupError, AssertionError, IndexError, TypeError) as error:
        raise RefusedError("mail", f"The mail cannot be read: {error}.") from error


def _bundle(part: Message) -> bytes | None:
    if part.is_multipart():
        return None
    try:
        content = part.get_payload(decode=True)
        name = part.get_filename() or ""
    except (ValueError, LookupError, AssertionError, TypeError):
        return None
    if not isinstance(content, bytes):
        return None
    return content if content.startswith(_MAGIC) or name.endswith(".csb") else None


def _text(message: Message, name: str) -> str:
    try:
        text = str(make_header(decode_header(str(message.get(name, "")))))
    except (ValueError, LookupError, AssertionError, TypeError):
        text = str(message.get(name, ""))
    return text.encode("utf-8", "replace").decode()[:_MOST_HEADER].strip()
