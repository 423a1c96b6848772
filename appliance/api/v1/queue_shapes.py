"""What an administrator edits of a queue, as JSON; what it means is judged in the domain."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Strict
from appliance.domain.wrap_up import AfterWork

_MOST_POINTS = 1_000_000
_WEEK = 7 * 86_400
_SPANS = "Local times, such as `09:00-12:30`; `00:00-00:00` is the whole day."


class HoursForm(Strict):
    """When it is open."""

    zone: str = Field(max_length=64, description="A time zone, such as `Asia/Shanghai`.")
    week: dict[str, list[str]] = Field(
        description=f"By weekday, `0` (Monday) to `6`. {_SPANS}", examples=[{"0": ["09:00-18:00"]}]
    )
    days: dict[str, list[str]] = Field(
        description="By date, in place of its weekday; an empty list is a holiday.",
        examples=[{"2026-12-25": []}],
    )


class StepForm(Strict):
    """Whom a rule asks for from ``after`` seconds of waiting on."""

    after: float = Field(ge=0, le=_WEEK)
    groups: list[str] = Field(max_length=100, description="One of these; empty: anybody.")
    skills: dict[str, int] = Field(
        description="Each at this level or above.", examples=[{"english": 3}]
    )


class RuleForm(Strict):
    """Whom conversations with all of these tags need."""

    name: str = Field(max_length=200)
    tags: list[str] = Field(max_length=100)
    priority: int = Field(ge=-_MOST_POINTS, le=_MOST_POINTS, description="Added to theirs.")
    steps: list[StepForm] = Field(min_length=1, max_length=100)


class TargetForm(Strict):
    """The service level: which share of conversations is answered within so many seconds."""

    share: float = 0.8
    within: float = 20.0
    short: float = Field(
        default=5.0, description="Who leaves sooner does not count as one who gave up."
    )


class WrapUpForm(Strict):
    """After-call work."""

    kind: AfterWork
    seconds: float = Field(ge=0, le=_WEEK, description="Of the kind `timed`.")


class OverflowForm(Strict):
    """Where it waits after so many seconds."""

    after: float = Field(ge=0, le=_WEEK)
    to: int = Field(ge=1, le=2**31 - 1, description="A queue.")


class LookForm(Strict):
    """Of the chat on web pages; texts by language."""

    accent: str = Field(default="", description="Like `#0b6bcb`; empty: the widget's own.")
    side: str = "right"
    title: dict[str, str] = Field(default_factory=dict)
    greeting: dict[str, str] = Field(default_factory=dict)
    comfort: dict[str, str] = Field(default_factory=dict)


class PhoneForm(Strict):
    """How callers are treated."""

    language: str = "zh-CN"
    announce: float = Field(default=45.0, description="Seconds between announcements; 0: none.")
    wait: bool = Field(default=True, description="The expected wait is told.")
    record: bool = False
    keep_days: int = 0
    banner: bool = Field(default=True, description="Callers are told that they are recorded.")
    beep: str = "agent"
    beep_every: float = 0.0
    callback: str = ""
    number: str = ""


def _always() -> HoursForm:
    return HoursForm(zone="UTC", week={str(day): ["00:00-00:00"] for day in range(7)}, days={})


def _optional() -> WrapUpForm:
    return WrapUpForm(kind=AfterWork.OPTIONAL, seconds=0)


class QueueForm(Shape):
    """What is left out keeps its value, or has its default in a new queue."""

    model_config = ConfigDict(extra="allow")  # what a queue does not have is refused by its name

    hours: HoursForm = Field(default_factory=_always)
    priority: int = Field(default=0, ge=-_MOST_POINTS, le=_MOST_POINTS)
    ageing: float = Field(
        default=1.0,
        le=_MOST_POINTS,
        description="Points of priority that a minute of waiting adds.",
    )
    rules: list[RuleForm] = Field(default_factory=list, max_length=200)
    target: TargetForm = Field(default_factory=TargetForm)
    ring: float = Field(default=20.0, le=_WEEK, description="Seconds that an offer rings.")
    sticky: float = Field(
        default=0.0,
        ge=0,
        le=_WEEK,
        description="Seconds that it waits for the contact's last agent.",
    )
    reserve_after: float = Field(default=10.0, ge=0, le=_WEEK)
    most_waiting: int = Field(default=0, ge=0, le=_MOST_POINTS, description="0: no limit.")
    wrap_up: WrapUpForm = Field(default_factory=_optional)
    overflow: OverflowForm | None = None
    closed_to: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="The queue that takes over out of hours."
    )
    weights: dict[str, int] = Field(
        default_factory=dict, description="What one takes of an agent, by channel.",
        examples=[{"chat": 25}],
    )  # fmt: skip
    look: LookForm = Field(default_factory=LookForm)
    phone: PhoneForm = Field(default_factory=PhoneForm)
