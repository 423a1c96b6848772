"""Releases: channels and who approved them, and how they fare across the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from packaging.version import Version

from common.clock import stamp
from common.errors import OperatorError
from common.spool import Row
from common.web.signin import signed_in
from common.web.texts import Texts
from common.wire.release import CHANNELS, Notice
from common.wire.rollout import Terms
from home import fleet, rollouts
from home.console.context import Context
from home.console.release_bars import release_bars, spread_rows, whole_bar
from home.inbox import fixes, problems
from home.publish.approvals import check_chain, history
from home.publish.releases import Releases
from home.ways import ways


@dataclass(frozen=True)
class Against:
    """The vendor's own word against a version: who said it, why and when."""

    kind: str  # halt or withdraw
    reason: str
    person: str
    at: str


@dataclass(frozen=True)
class ReleaseRow:
    """One version of one product: where it is, who let it in, what clients say of it."""

    product: str
    version: str
    platforms: list[str]
    channels: list[str]
    approvals: list[tuple[str, str, str]]  # channel, person, stamp
    progress: dict[str, int]
    notice: Against | None = None
    terms: dict[str, Terms] = field(default_factory=dict)  # by channel


def add_pages(blueprint: Blueprint, context: Context, texts: Texts) -> None:
    """Add the page to the console's blueprint."""

    @blueprint.get("/releases")
    @signed_in
    def releases() -> ResponseReturnValue:
        published = context.publication.exists
        return render_template(
            "home/releases.html",
            rows=list(_rows(context)) if published else [],
            expires=stamp(context.publication.timestamp().expires) if published else "",
            doubt=_doubt(context),
            running=fleet.latest(context.store),
            receipts=fleet.receipts(context.store, most=100),
            refusals=fleet.refusals(context.store),
            bars=release_bars(rollouts.by_release(context.store), texts),
        )

    @blueprint.get("/releases/of/<product>/<version>")
    @signed_in
    def release(product: str, version: str) -> ResponseReturnValue:
        found = [
            row
            for row in (_rows(context) if context.publication.exists else ())
            if (row.product, row.version) == (product, version)
        ]
        fixed = fixes.fixed_by(context.store, product, version)
        spread = rollouts.spreads(context.store, product, version)
        if not found and not fixed and not spread:
            abort(404)
        seen = problems.Filter(release=f"{product}@{version}", sort="busiest")
        return render_template(
            "home/release.html",
            row=found[0] if found else None,
            name=f"{product} {version}",
            fixed=fixed,
            seen=problems.list_problems(context.store, seen, 20),
            span="14d",
            trends={},
            release=f"{product}@{version}",
            spreads=spread_rows([(one.channel, one) for one in spread], texts),
            bar=whole_bar(spread, texts),
            ways=ways(context.store, product, version),
            receipts=fleet.receipts(context.store, product=product, version=version, most=50),
        )


def _rows(context: Context) -> Iterator[ReleaseRow]:
    """Every published version, newest first within its product."""
    releases = Releases(context.publication, context.store, context.clock)
    approvals = history(context.store)
    for product in context.publication.products():
        channels = releases.channels(product)
        notices, terms = releases.notices(product), releases.terms(product)
        for version, platforms in sorted(
            releases.versions(product).items(), key=lambda item: Version(item[0]), reverse=True
        ):
            yield ReleaseRow(
                product=product,
                version=version,
                platforms=platforms,
                channels=[name for name, at in channels.items() if version in at.values()],
                approvals=[
                    (row["channel"], row["by"], row["at"])
                    for row in approvals
                    if (row["product"], row["version"]) == (product, version)
                    and row["channel"] in CHANNELS
                ],
                progress=fleet.progress(context.store, product, version),
                notice=_against(notices.get(version), product, version, approvals),
                terms={
                    channel: said for (channel, about), said in terms.items() if about == version
                },
            )


def _against(
    notice: Notice | None, product: str, version: str, approvals: list[Row]
) -> Against | None:
    if notice is None:
        return None
    kind = "withdraw" if notice.withdrawn else "halt"
    said = [
        row
        for row in approvals
        if (row["product"], row["version"], row["channel"]) == (product, version, kind)
    ]
    person, at = (said[-1]["by"], said[-1]["at"]) if said else ("", "")
    return Against(kind, notice.reason, person, at)


def _doubt(context: Context) -> str:
    try:
        check_chain(context.store)
    except OperatorError as error:
        return str(error)
    return ""
