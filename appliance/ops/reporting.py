"""The appliance's own errors go where everybody's go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.integrations.sqlalchemy import SqlalchemyIntegration
from sentry_sdk.scrubber import DEFAULT_DENYLIST, EventScrubber

from appliance.domain.running import Reporting
from appliance.settings import ApplianceSettings
from common import __version__
from common.reporting import SpoolTransport, set_up

# Names of variables, here and in common.web, that hold what nobody may read in a report.
_SECRET_NAMES = (
    *("old", "new", "form", "hashed", "password_hash", "local_token", "token", "dsn", "settings"),
    *("account", "person", "renewed", "user", "state"),
    # what is filled in, which may be confidential
    *("body", "fields", "of_contact", "given", "values", "value", "secrets"),
)


def start_reporting(settings: ApplianceSettings) -> SpoolTransport:
    """Report this process's errors from now on; they wait in ``<data_dir>/reports``."""
    return set_up(
        spool=settings.folder / "reports",
        dsn=settings.dsn or None,
        release=f"appliance@{__version__}",
        ca_file=Path(settings.ca_file) if settings.ca_file else None,
        integrations=[FlaskIntegration()],
        # A note of each statement costs 0.1 ms, which is more than most of them take.
        disabled_integrations=[SqlalchemyIntegration()],
        max_request_body_size="never",  # forms carry passwords
        event_scrubber=EventScrubber(denylist=[*DEFAULT_DENYLIST, *_SECRET_NAMES], recursive=True),
    )


def reporting_facts(transport: SpoolTransport) -> Callable[[], Reporting]:
    """Asks whether reporting is on, and how many reports wait."""

    def ask() -> Reporting:
        return Reporting(
            on=transport.parsed_dsn is not None, waiting=len(transport.reports.waiting())
        )

    return ask
