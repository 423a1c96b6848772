"""A plan and a status in plain words, for the command line."""

from __future__ import annotations

from typing import Any

from comm_server.rollout.plan import Plan, RingPlan
from comm_server.rollout.rules import Snapshot, Stand
from comm_server.rollout.terms import in_words
from comm_server.rollout.words import TEXTS, local_time, say

_MOST_NAMES = 12


def plan_text(plan: Plan, language: str) -> str:
    """The dry run, line by line."""

    def t(key: str, **values: object) -> str:
        return TEXTS.t(f"rollout.plan.{key}", language=language, **values)

    head = t("head", product=plan.product, version=plan.version, channel=plan.channel)
    lines = [head, "  " + t("now", sentence=say(plan.now, language))]
    lines.append("  " + in_words(plan.terms, language))
    if plan.halted:
        return "\n".join([*lines, "  " + t("halted")])
    for ring in plan.rings:
        lines += ["", *("  " + line for line in _ring_lines(ring, language))]
    each = t("measured" if plan.measured else "assumed", seconds=f"{plan.each_seconds:.0f}")
    total = t("total", count=plan.to_go, size=size(plan.bytes), internet=size(plan.internet))
    return "\n".join([*lines, "", "  " + total, "  " + each])


def _ring_lines(ring: RingPlan, language: str) -> list[str]:
    def t(key: str, **values: object) -> str:
        return TEXTS.t(f"rollout.plan.{key}", language=language, **values)

    title = t("ring_open" if ring.open else "ring", ring=ring.name, count=len(ring.clients))
    if not ring.to_go:
        return [title, "  " + t("nobody")]
    lines = [title, "  " + t("who", names=_some(ring.to_go, language), count=len(ring.to_go))]
    if ring.silent:
        lines.append("  " + t("silent", names=_some(ring.silent, language)))
    lines += ["  " + t("waits", sentence=say(why, language)) for why in ring.waits]
    if ring.opens_at and ring.ends_at:
        times = {"begin": local_time(ring.opens_at), "end": local_time(ring.ends_at)}
        lines.append("  " + t("when", **times, at_once=ring.at_once))
    if ring.bytes is not None:
        lines.append("  " + t("bytes", size=size(ring.bytes)))
    return lines


def counts(s: Snapshot) -> list[dict[str, Any]]:
    """For each ring ``{ring, open, approve, clients, STAND: how many}``."""
    found = []
    for place, ring in enumerate(s.rings):
        members = s.of(place)
        stands = {stand.value: sum(m.stand is stand for m in members) for stand in Stand}
        found.append(
            {
                "ring": ring.name,
                "open": place <= s.open,
                "approve": ring.approve,
                "clients": len(members),
                **stands,
            }
        )
    return found


def size(count: int) -> str:
    """Bytes for people."""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"


def _some(names: tuple[str, ...], language: str) -> str:
    more = len(names) - _MOST_NAMES
    shown = ("、" if language == "zh-CN" else ", ").join(names[:_MOST_NAMES])
    return shown + (
        " " + TEXTS.t("rollout.plan.more", language=language, count=more) if more > 0 else ""
    )
