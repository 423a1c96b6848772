"""Texts from outside, made fit for a database, a mail's header and a page. Pure."""

from __future__ import annotations

from typing import Any, cast

from common.as_json import read_json, write_json


def one_line(value: object, most: int = 200) -> str:
    """``value`` as one line of at most ``most`` printable characters.

    What reports call themselves stands in a mail's subject: a line break there would be a header
    of the sender's own making, and control characters would steer the reader's terminal.
    """
    text = str(value)[: most * 4]
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


def well_formed(value: dict[str, Any]) -> dict[str, Any]:
    """``value`` without lone surrogates: legal in JSON's escapes, but no UTF-8 can hold them."""
    return well_formed_text(value)[0]


def well_formed_text(value: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The same, and its JSON."""
    text = write_json(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
        return cast("dict[str, Any]", read_json(data)), data.decode()
    return value, text
