"""What people read of a bundle, as a small structure that text and HTML are drawn from. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from comm_server.alarms import readable
from comm_server.plain import one_line
from common.clock import ago, parse_stamp
from common.wire.bundle import Bundle

Translate = Callable[..., str]
_MOST_LISTED = 20
_MOST_NAMED = 10
_SILENT_HOURS = 1  # clients speak every minute
_WELL = frozenset({"committed", "returned"})
# What the digest and the bundle write into a manifest, by its text.
_DROPPED = {
    "counted only: many alike": "mail.dropped.alike",
    "too large for a mail": "mail.dropped.too_large",
}


# The rules of `comm_server.scrub` and `comm_server.leaving`, by their text.
_RULES = {
    rule: f"mail.rule.{rule.replace(' ', '_')}"
    for rule in ("key", "password", "token", "private key", "card", "phone", "too deep",
                 "attachment withheld")
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One problem, update or refusal: a headline, labelled facts, a next step (or empty).

    ``link`` leads to it on the vendor's console, when the kit names that.
    """

    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    next_step: str = ""
    link: str = ""


@dataclass(frozen=True)
class Section:
    """A titled list. ``tone`` is ``bad``, ``good`` or ``plain``."""

    title: str
    items: tuple[Item, ...]
    tone: str = "plain"


def subject(bundle: Bundle, t: Translate) -> str:
    """One line that says what matters most."""
    manifest = bundle.manifest
    new = [p for p in manifest["problems"] if p["status"] == "new"]
    failed = [r for r in bundle.receipts if r["statement"]["outcome"] not in _WELL]
    back = [p for p in manifest["problems"] if p["status"] == "regression"]
    parts = [t(f"alarm.{a['kind']}.short", **readable(a["facts"])) for a in _alarms(manifest)[:1]]
    if new:
        first = new[0]
        parts.append(
            t("mail.subject.new", count=len(new), type=first["type"], since=_release(first, t))
        )
    if back:
        parts.append(t("mail.subject.regression", count=len(back), type=back[0]["type"]))
    if failed:
        statement = failed[0]["statement"]
        parts.append(
            t("mail.subject.update", product=statement["product"], version=statement["version"])
        )
    if manifest["refusals"]:
        parts.append(t("mail.subject.refused", count=len(manifest["refusals"])))
    if not parts and manifest["problems"]:
        parts.append(t("mail.subject.known", count=len(manifest["problems"])))
    said = "; ".join(parts or [t("mail.subject.alive")])
    # A header is one line; what a program calls its error may be anything.
    return one_line(f"[Callstead] {manifest['site_name']}: {said}", 250)


def sections(bundle: Bundle, t: Translate, console: str = "") -> list[Section]:
    """New problems first, then regressions, then the busiest; updates, refusals; the site.

    ``console`` is the address of the vendor's console, for links; empty: there are none.
    """
    manifest = bundle.manifest
    names = {client["client"]: client["name"] for client in manifest["clients"]}
    new = [p for p in manifest["problems"] if p["status"] == "new"]
    back = [p for p in manifest["problems"] if p["status"] == "regression"]
    known = [p for p in manifest["problems"] if p["status"] not in {"new", "regression"}]
    found: list[Section] = []
    alarms = [
        Item(t(f"alarm.{a['kind']}", **readable(a["facts"])), ((t("mail.at"), when(a["at"])),))
        for a in _alarms(manifest)
    ]
    if alarms:
        found.append(Section(t("mail.alarms", count=len(alarms)), tuple(alarms), "bad"))
    for title, rows, tone in (
        ("mail.new", new, "bad"),
        ("mail.regressions", back, "bad"),
        ("mail.known", known, "plain"),
    ):
        if rows:
            items = [_problem(p, t, console) for p in rows[:_MOST_LISTED]]
            if len(rows) > _MOST_LISTED:
                items.append(Item(t("mail.more", count=len(rows) - _MOST_LISTED)))
            found.append(Section(t(title, count=len(rows)), tuple(items), tone))
    if bundle.receipts:
        items = [_receipt(r["statement"], names, t) for r in bundle.receipts[:_MOST_LISTED]]
        bad = any(r["statement"]["outcome"] not in _WELL for r in bundle.receipts)
        found.append(
            Section(
                t("mail.updates", count=len(bundle.receipts)),
                tuple(items),
                "bad" if bad else "good",
            )
        )
    if manifest["refusals"]:
        items = [
            Item(
                _told("refusal", r["kind"], r["sentence"], t),
                ((t("mail.at"), when(r["at"])), (t("mail.via"), r["via"])),
            )
            for r in manifest["refusals"][:_MOST_LISTED]
        ]
        found.append(Section(t("mail.refusals", count=len(items)), tuple(items), "bad"))
    if not (alarms or manifest["problems"] or bundle.receipts or manifest["refusals"]):
        found.append(Section(t("mail.alive"), (Item(t("mail.alive.text")),), "good"))
    found.append(_missing(manifest, t))
    found.append(_site(bundle, t))
    return [section for section in found if section.items]


def _alarms(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = manifest.get("alarms", [])  # older bundles have none
    return found


def _problem(problem: dict[str, Any], t: Translate, console: str) -> Item:
    facts = [
        (t("mail.program"), problem["program"]),
        (t("mail.since"), _release(problem, t)),
        *([(t("mail.came_back"), _back(problem, t))] if problem.get("came_back_in") else []),
        (t("mail.place"), problem["place"] or t("mail.unknown")),
        *([(t("mail.line"), problem["line"])] if problem.get("line") else []),
        (
            t("mail.seen"),
            t(
                "mail.seen.value",
                count=problem["count"],
                machines=_some(problem["machines"]),
                first=when(problem["first_seen"]),
                last=when(problem["last_seen"]),
            ),
        ),
        (t("mail.releases"), _some(problem["releases"]) or t("mail.unknown")),
        (t("mail.fingerprint"), problem["fingerprint"]),
    ]
    if problem["status"] == "regression":
        step = "mail.step.regression"
    else:
        step = "mail.step.fatal" if problem["level"] == "fatal" else "mail.step.error"
    link = _link(console, problem) if console else ""
    next_step = t(step, fingerprint=problem["fingerprint"])
    return Item(problem["title"], tuple(facts), next_step, link)


def _link(console: str, problem: dict[str, Any]) -> str:
    fingerprint, program = (quote(str(problem[key]), safe="") for key in ("fingerprint", "program"))
    return f"{console}/find/{fingerprint}?program={program}"


def _receipt(statement: dict[str, Any], names: dict[str, str], t: Translate) -> Item:
    outcome = t(f"mail.outcome.{statement['outcome']}")
    name = names.get(str(statement["client"]), str(statement["client"]))
    headline = f"{statement['product']} {statement['version']} · {name}: {outcome}"
    reason = str(statement["reason"])
    if reason:
        reason = _told("update", str(statement["outcome"]), reason, t)
    facts = ((t("mail.reason"), reason), (t("mail.at"), when(statement["at"])))
    bad = statement["outcome"] in {"rolled_back", "failed"}
    return Item(headline, facts, t("mail.step.update") if bad else "")


def _missing(manifest: dict[str, Any], t: Translate) -> Section:
    items = [Item(_dropped(reason, count, t)) for reason, count in manifest["dropped"].items()]
    items += [
        Item(t("mail.scrubbed", rule=rule_in_words(rule, t), count=count))
        for rule, count in manifest["scrubbed"].items()
    ]
    if manifest.get("quarantined"):
        items.append(Item(t("mail.quarantined", count=len(manifest["quarantined"]))))
    return Section(t("mail.missing"), tuple(items))


def _told(what: str, kind: str, sentence: str, t: Translate) -> str:
    """A sentence that a machine wrote in English, led by its kind in the reader's language."""
    key = f"{what}.{kind}"
    words = key if t("mail.language") == "en" else t(key)
    return sentence if words == key else t("mail.told", words=words, sentence=sentence)


def rule_in_words(rule: str, t: Translate) -> str:
    """The name of a rule of `comm_server.scrub` for people."""
    return t(_RULES[rule]) if rule in _RULES else rule


def _dropped(reason: str, count: int, t: Translate) -> str:
    if reason in _DROPPED:
        return t(_DROPPED[reason], count=count)
    if reason.startswith("client: "):
        return t("mail.dropped.client", reason=reason.removeprefix("client: "), count=count)
    return f"{reason}: {count}"


def _site(bundle: Bundle, t: Translate) -> Section:
    manifest, server = bundle.manifest, bundle.environment.get("communications_server", {})
    gib = 2**30
    clients = [
        f"{c['name']} ("
        + (", ".join(f"{p['product']} {p['release'] or '-'}" for p in c["programs"]) or "-")
        + ")"
        for c in manifest["clients"]
    ]
    items = [Item(t("mail.site.clients", count=len(clients), names=", ".join(clients) or "-"))]
    if server:  # not kept here once the mail has gone home
        items += [
            Item(
                t(
                    f"mail.site.{what}",
                    version=server.get("version"),
                    free=f"{server.get(f'{what}_free', 0) / gib:.1f}",
                    total=f"{server.get(f'{what}_total', 0) / gib:.1f}",
                )
            )
            for what in ("disk", "memory")
        ]
    silent = _silent(manifest)
    if silent:
        items.append(Item(t("mail.site.silent", count=len(silent), names=_some(silent))))
    elif clients:
        items.append(Item(t("mail.site.heard")))
    totals = manifest["totals"]
    items.append(
        Item(t("mail.site.totals", reports=totals["reports"], problems=totals["problems"]))
    )
    return Section(t("mail.site"), tuple(items))


def _silent(manifest: dict[str, Any]) -> list[str]:
    """Clients that were not heard from in the hour before the bundle was made."""
    limit = ago(parse_stamp(manifest["created"]), hours=_SILENT_HOURS)
    return [
        f"{c['name']} ({when(c['last_seen'])})" if c["last_seen"] else str(c["name"])
        for c in manifest["clients"]
        if (c["last_seen"] or "") < limit
    ]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")


def _release(problem: dict[str, Any], t: Translate) -> str:
    return problem["since_release"] or t("mail.unknown")


def _back(problem: dict[str, Any], t: Translate) -> str:
    return t(
        "mail.came_back.value", release=problem["came_back_in"], resolved=problem["resolved_in"]
    )


def when(at: str) -> str:
    """A stamp as people read it: ``2026-11-21 05:37:35 UTC``."""
    return f"{at[:10]} {at[11:19]} UTC"
