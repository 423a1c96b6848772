"""Releases: channels and who approved them, and how they fare across the fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from packaging.version import Version

from common.clock import stamp
from common.errors import OperatorError
from common.web.signin import signed_in
from common.web.texts import Texts
from home import fleet, rollouts
from home.console.context import Context
from home.console.release_bars import release_bars, spread_rows, whole_bar
from home.inbox import fixes, problems
from home.publish.approvals import check_chain, history
from home.publish.releases import Releases


@dataclass(frozen=True)
class ReleaseRow:
    """One version of one product: where it is, who let it in, what clients say of it."""

    product: str
    version: str
    platforms: list[str]
    channels: list[str]
    approvals: list[tuple[str, str, str]]  # channel, person, stamp
    progress: dict[str, int]


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
            receipts=fleet.receipts(context.store, product=product, version=version, most=50),
        )


def _rows(context: Context) -> Iterator[ReleaseRow]:
    """Every published version, newest first within its product."""
    releases = Releases(context.publication, context.store, context.clock)
    approvals = history(context.store)
    for product in context.publication.products():
        channels = releases.channels(product)
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
                ],
                progress=fleet.progress(context.store, product, version),
            )


def _doubt(context: Context) -> str:
    try:
        check_chain(context.store)
    except OperatorError as error:
        return str(error)
    return ""
