"""What the site sends home, and when its programs may restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.site import SiteTrouble, SiteView
from appliance.domain.users import Users
from common.wire.site_report import SiteReport

_STAMP = "Empty: not yet."


class SiteMailShape(Shape):
    """One mail home: when, and how much it holds; never what it says."""

    sequence: int
    reason: str = Field(description="`urgent`, `scheduled` or `alive`.")
    state: str = Field(description="`frozen` (it waits), `sent` or `delivered`.")
    created_at: str
    sent_at: str = Field(description=_STAMP)
    delivered_at: str = Field(description=_STAMP)
    problems: int
    reports: int
    updates: int
    masked: int = Field(description="Secrets that were blackened before it left.")
    bytes: int


class SiteNextShape(Shape):
    """The next mail if nothing else happens."""

    reason: str
    at: str


class SiteWindowShape(Shape):
    """When programs of a ring may be restarted."""

    ring: str = Field(description="Empty: all that have no window of their own.")
    cron: str = Field(description="Empty: at any time.")
    minutes: int
    zone: str
    open: bool
    opens_at: str


class SiteReleaseShape(Shape):
    """How far a release has come at this site."""

    product: str
    channel: str
    version: str
    state: str
    sentences: dict[str, str]
    installed: int
    clients: int


class SiteReportShape(Shape):
    """What the communications server told."""

    site: str
    at: str
    recipient: str
    mails: list[SiteMailShape]
    next: SiteNextShape
    windows: list[SiteWindowShape]
    rings: list[str]
    releases: list[SiteReleaseShape]


class SiteShape(Shape):
    """What is known; `trouble` says why nothing is."""

    console: str = Field(description="The communications server's own pages; empty: none is set.")
    trouble: SiteTrouble | None
    report: SiteReportShape | None


def site(users: Users, look: Callable[[], SiteView[SiteReport]]) -> APIBlueprint:
    """The blueprint; ``look`` asks the communications server, which may take seconds."""
    about = "What the site sends home, and its updates."
    blueprint = blueprint_for("site", "/site", about, users, MANAGE_FLOOR)

    @blueprint.get("", summary="What the communications server tells of the site",
                   responses={"200": SiteShape})  # fmt: skip
    def one() -> Answer:
        found = look()
        return jsonify(
            console=found.address,
            trouble=found.trouble,
            report=asdict(found.report) if found.report else None,
        )

    return blueprint
