"""How a report in a file would be grouped; needs no site."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from comm_server.grouping import Grouping, from_text, group
from comm_server.scrub import DEFAULT_PHONES, Phones, scrub
from common.errors import OperatorError


def explain(path: Path, phones: Phones = DEFAULT_PHONES) -> dict[str, Any]:
    """Fingerprint, grouper and parts of a Sentry event (JSON) or of a text with a stack trace.

    Raises:
        OperatorError: the file cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}.") from error
    found = grouping_of(text, phones)
    return {
        "file": str(path),
        "fingerprint": found.fingerprint,
        "grouper": found.grouper,
        "parts": list(found.parts),
        "type": found.type,
        "title": found.title,
        "place": found.place,
    }


def grouping_of(text: str, phones: Phones = DEFAULT_PHONES) -> Grouping:
    """As the digest would group it: scrubbed first, pasted traces read."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        event = {"message": text}
    clean, _ = scrub(event, phones)
    return group(with_trace(clean))


def with_trace(event: dict[str, Any]) -> dict[str, Any]:
    """``event``; when it has no exception but its message holds a stack trace, with that."""
    if event.get("exception"):
        return event
    entry = event.get("logentry")
    texts = [event.get("message")]
    if isinstance(entry, dict):
        texts += [entry.get("formatted"), entry.get("message")]
    for text in texts:
        if isinstance(text, str) and "\n" in text.strip():
            read = from_text(text)
            if "exception" in read:
                return {"platform": read["platform"], **event, "exception": read["exception"]}
    return event
