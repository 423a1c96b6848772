"""How often, how much and how long: limits of people, programs and visitors."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class LimitSettings:
    """How often, and how much; each process counts for itself."""

    requests_per_minute_per_address: int = setting(
        6000,
        minimum=0,
        unit="requests a minute",
        doc="Requests to the REST interface by people and programs from one address; many, because "
        "a whole shift may sit behind one. A tenth of it may come at once. 0: no limit.",
    )
    requests_per_minute_per_account: int = setting(
        600,
        minimum=0,
        unit="requests a minute",
        doc="The same for one person, with all of their programs; a desk needs some tens. "
        "A tenth of it may come at once. 0: no limit.",
    )
    chats_per_hour_per_address: int = setting(
        300,
        minimum=0,
        unit="conversations an hour",
        doc="Conversations that visitors of one address may begin; a company's people share one. "
        "All of them may come at once. 0: no limit.",
    )
    visitor_requests_per_minute_per_address: int = setting(
        1200,
        minimum=0,
        unit="requests a minute",
        doc="Requests of one address to the visitors' side without a conversation's key: how the "
        "chat looks, asked once by each page that shows it, and whatever shows a key that is none. "
        "A tenth of it may come at once. 0: no limit.",
    )
    messages_per_second: float = setting(
        5.0,
        minimum=0,
        unit="messages a second",
        doc="What one visitor may say; nobody types faster, a program does. Four seconds' worth "
        "may come at once, as after a lost connection. 0: no limit.",
    )
    idempotency_hours: int = setting(
        24,
        minimum=1,
        maximum=720,
        unit="hours",
        doc="For so long a creation that is sent again with its Idempotency-Key gets the first "
        "answer; longer than any program tries again.",
    )


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


@dataclass(frozen=True)
class ProgramSettings:
    """Programs that use the interface in a person's name."""

    access_minutes: int = setting(
        10,
        minimum=1,
        maximum=120,
        unit="minutes",
        doc="How long an access token is good for; short, because whoever copies it can use it.",
    )
    refresh_days: int = setting(
        30,
        minimum=1,
        maximum=365,
        unit="days",
        doc="How long a program stays signed in by renewing its token; then it must sign in again.",
    )
