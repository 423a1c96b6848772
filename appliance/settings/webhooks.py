"""What is told to the customer's own systems."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class WebhookSettings:
    """Events told to the customer's systems."""

    private_networks: tuple[str, ...] = setting(
        (),
        unit="networks",
        doc="Networks that webhooks may reach although they are not open to the world, such as "
        "that of your CRM: 192.168.7.0/24. None by default: whoever may set a webhook could else "
        "make this server ask machines that they cannot reach themselves.",
    )
    ca_file: str = setting(
        "",
        unit="file",
        doc="Authorities (PEM) that may sign the certificates of your own systems, beside those "
        "that this machine knows; empty: those alone. Read once: a change, of the file, too, holds "
        "from the next start on.",
    )
    timeout_seconds: float = setting(
        10.0,
        minimum=0.5,
        maximum=20,
        unit="seconds",
        doc="How long a system may take to answer; it should keep the event and answer at once.",
    )
    stop_after_days: float = setting(
        5.0,
        minimum=0.01,
        maximum=60,
        unit="days",
        doc="A webhook at which nothing arrives for so long is turned off, and the status page "
        "says so; longer than a weekend.",
    )
    keep_days: int = setting(
        14,
        minimum=1,
        maximum=365,
        unit="days",
        doc="The log of deliveries reaches back so far.",
    )
    most: int = setting(
        50,
        minimum=1,
        maximum=1000,
        unit="webhooks",
        doc="No more are taken; each is looked at with every event.",
    )
    log_every: int = setting(
        100,
        minimum=1,
        maximum=1000,
        unit="events",
        doc="What became of a webhook's events, and how far it has come, is written once for so "
        "many of them, or after a second: so much is sent again, under the same ids, when the "
        "program is killed before. 1: after each event, and slower.",
    )
