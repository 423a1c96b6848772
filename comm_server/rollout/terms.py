"""What the vendor asks of this site for one release, and how it counts. Pure."""

from __future__ import annotations

from dataclasses import replace

from comm_server.rollout.rules import Limits
from comm_server.rollout.words import TEXTS
from common.wire.rollout import Terms


def tightened(limits: Limits, terms: Terms) -> Limits:
    """The site's limits, where the vendor asks for more care; never for less."""
    return replace(
        limits, at_once=min(limits.at_once, terms.at_once), quiet=max(limits.quiet, terms.quiet)
    )


def in_words(terms: Terms, language: str | None = None) -> str:
    """What the vendor asks, in one line; empty when it leaves everything to the site."""

    def t(key: str, **values: object) -> str:
        return TEXTS.t(f"rollout.terms.{key}", language=language, **values)

    parts = []
    if terms.rings:
        parts.append(t("rings", rings=", ".join(terms.rings)))
    if terms.at_once < 100:
        parts.append(t("at_once", percent=terms.at_once))
    if terms.quiet:
        parts.append(t("quiet", minutes=round(terms.quiet / 60)))
    parts.append(t("may_return") if terms.may_return else t("no_return"))
    return t("vendor", what=t("and").join(parts))
