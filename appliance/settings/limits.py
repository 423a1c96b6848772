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
