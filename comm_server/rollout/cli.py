"""`callstead comm rollout …`."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from comm_server.rollout.orders import Orders
from comm_server.rollout.plan import Plan, make_plan
from comm_server.rollout.service import Rollout
from comm_server.rollout.telling import counts, plan_text
from comm_server.rollout.words import LANGUAGES, TEXTS, language_here, local_time, say_row
from common.cli import Group, json_option, show
from common.cli import group as command_group
from common.spool import Row
from common.window import Window


@dataclass(frozen=True)
class Site:
    """What these commands work on; ``live`` is the mirror's folder."""

    rollout: Rollout
    orders: Orders
    live: Path


_by = click.option("--by", default="", help="Who orders it; you, if not given.")
_language = click.option(
    "--language",
    type=click.Choice(sorted(LANGUAGES)),
    default=None,
    help="Of the sentences; that of this terminal, if not given.",
)


def rollout_group(site: Callable[[], AbstractContextManager[Site]]) -> Group:
    """The group, on whatever ``site`` opens."""

    @command_group(name="rollout")
    def group() -> None:
        """How releases spread over the site's clients: rings, windows, holds, halts."""

    _reading_commands(group, site)
    _ordering_commands(group, site)
    _setting_commands(group, site)
    return group


def _reading_commands(group: Group, site: Callable[[], AbstractContextManager[Site]]) -> None:
    @group.command()
    @click.argument("product", required=False)
    @click.argument("version", required=False)
    @_language
    @json_option
    def plan(product: str | None, version: str | None, language: str | None, as_json: bool) -> None:
        """Tell what will happen, without doing it: who, when, how much, how long, what waits."""
        with site() as here:
            plans = [
                make_plan(here.rollout, here.live, row)
                for row in _wanted(here.rollout, product, version)
            ]
        language = language or language_here()
        text = "\n\n".join(plan_text(one, language) for one in plans if _tells(one))
        nothing = TEXTS.t("rollout.plan.none", language=language)
        show([one.as_dict() for one in plans], as_json, text or nothing)

    @group.command()
    @_language
    @json_option
    def status(language: str | None, as_json: bool) -> None:
        """Tell how each rollout stands, ring by ring, and the latest decisions."""
        with site() as here:
            value = [_status(here.rollout, row) for row in here.rollout.rollouts()]
            decisions = here.rollout.decisions(20)
            windows = here.orders.windows()
        language = language or language_here()
        lines = []
        for one in value:
            about = f"{one['product']} {one['version']} ({one['channel']})"
            lines.append(f"{about}: {say_row(one['row'], language)}")
            lines += [
                f"    {ring['ring']:<16} {'open' if ring['open'] else 'closed':<7} "
                f"{ring['installed']}/{ring['clients']}, at it {ring['going']}, "
                f"failed {ring['failed']}, missing {ring['missing']}"
                for ring in one["rings"]
            ]
        for one in reversed(decisions):
            name = f"{one['product']} {one['version']}".strip()
            lines.append(f"{local_time(one['at'])}  {name}  {say_row(one, language)}")
        for one in value:
            one["sentence"] = say_row(one.pop("row"), language)
        said = [
            {"at": d["at"], "product": d["product"], "version": d["version"], "code": d["code"],
             "by": d["person"], "sentence": say_row(d, language)}
            for d in decisions
        ]  # fmt: skip
        told = {"rollouts": value, "decisions": said, "windows": windows}
        show(told, as_json, "\n".join(lines) or "No release has reached the site yet.")


def _ordering_commands(group: Group, site: Callable[[], AbstractContextManager[Site]]) -> None:
    @group.command()
    @click.argument("product")
    @click.argument("version")
    @click.option("--hours", type=float, default=None, help="Ends by itself after so long.")
    @_by
    @json_option
    def hold(product: str, version: str, hours: float | None, by: str, as_json: bool) -> None:
        """Let no further client install VERSION until it is resumed, or for some hours."""
        with site() as here:
            here.orders.hold(product, version, by or _me(), hours)
        text = f"{product} {version} is held; clients that are at it finish."
        show({"held": True, "hours": hours}, as_json, text)

    @group.command()
    @click.argument("product")
    @click.argument("version")
    @_by
    @json_option
    def resume(product: str, version: str, by: str, as_json: bool) -> None:
        """Lift the halt or the hold of VERSION."""
        with site() as here:
            lifted = here.orders.resume(product, version, by or _me())
        text = f"{product} {version} may be installed again." if lifted else "It was not halted."
        show({"lifted": lifted}, as_json, text)

    @group.command()
    @click.argument("product")
    @click.argument("version")
    @click.option("--now", is_flag=True, help="Open it at once, without receipts and quiet.")
    @_by
    @json_option
    def approve(product: str, version: str, now: bool, by: str, as_json: bool) -> None:
        """Let the next ring of VERSION open when its time has come, or at once with --now."""
        with site() as here:
            ring = here.orders.approve(product, version, by or _me(), at_once=now)
        text = f"The ring {ring} opens " + ("now." if now else "when enough receipts have come.")
        show({"ring": ring, "now": now}, as_json, text)

    @group.command("return")
    @click.argument("product")
    @click.argument("version")
    @_by
    @json_option
    def send_back(product: str, version: str, by: str, as_json: bool) -> None:
        """Halt VERSION, and let every client that runs it return to the release before."""
        with site() as here:
            count = here.orders.send_back(product, version, by or _me())
        text = f"{count} client(s) that run {product} {version} return to the release before."
        show({"clients": count}, as_json, text)


def _setting_commands(group: Group, site: Callable[[], AbstractContextManager[Site]]) -> None:
    @group.command()
    @click.argument("client")
    @click.argument("ring", required=False, default="")
    @_by
    @json_option
    def ring(client: str, ring: str, by: str, as_json: bool) -> None:
        """Put CLIENT (its name or id) into RING; without RING, leave it to the lots again."""
        with site() as here:
            name = here.orders.set_ring(client, ring, by or _me())
        text = f"{name} is in the ring {ring}." if ring else f"{name} gets its ring by lot."
        show({"client": name, "ring": ring or None}, as_json, text)

    @group.command()
    @click.argument("cron", required=False)
    @click.option("--minutes", type=int, default=480, show_default=True, help="How long it lasts.")
    @click.option("--zone", default="", help="E.g. Europe/Berlin; this server's, if not given.")
    @click.option("--ring", default="", help="For this ring alone.")
    @click.option("--any-time", is_flag=True, help="Programs may be restarted at any time.")
    @_by
    @json_option
    def window(
        cron: str | None, minutes: int, zone: str, ring: str, any_time: bool, by: str, as_json: bool
    ) -> None:
        """Let programs be restarted in the window CRON only, e.g. '0 20 * * mon-fri'.

        Without CRON and --any-time the settings hold again.
        """
        with site() as here:
            given = Window("" if any_time else cron or "", minutes, zone)
            here.orders.set_window(given if cron or any_time else None, by or _me(), ring)
            windows = here.orders.windows()
        show(windows, as_json, "The window is set.")


def _wanted(rollout: Rollout, product: str | None, version: str | None) -> list[Row]:
    return [
        row
        for row in rollout.rollouts()
        if product in {None, row["product"]}
        and version in {None, row["version"]}
        and (version is not None or row["done_at"] is None)
    ]


def _tells(plan: Plan) -> bool:
    return plan.halted or plan.to_go > 0


def _status(rollout: Rollout, row: Row) -> dict[str, Any]:
    return {
        "product": row["product"],
        "channel": row["channel"],
        "version": row["version"],
        "began_at": row["began_at"],
        "done_at": row["done_at"],
        "code": row["code"],
        "rings": counts(rollout.look(row)),
        "row": row,
    }


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a list of users
        return "command line"
