"""A queue as JSON and back: what an administrator edits stands in one readable value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from operator import index
from typing import Any

from appliance.domain.demand import Need, Rule, Step
from appliance.domain.hours import Hours, Span
from appliance.domain.look import Look
from appliance.domain.queue import Overflow, Queue
from appliance.domain.service_level import Target
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.wrap_up import AfterWork, WrapUp

_PLAIN = (
    "priority", "ageing", "ring", "sticky", "reserve_after", "most_waiting", "closed_to",
)  # fmt: skip


def to_form(queue: Queue) -> dict[str, Any]:
    """All of a queue but its id and name."""
    return {
        **{name: getattr(queue, name) for name in _PLAIN},
        "hours": {
            "zone": queue.hours.zone,
            "week": {str(day): _spans(spans) for day, spans in queue.hours.week.items()},
            "days": {day.isoformat(): _spans(spans) for day, spans in queue.hours.days.items()},
        },
        "rules": [_rule(rule) for rule in queue.rules],
        "target": {
            "share": queue.target.share,
            "within": queue.target.within,
            "short": queue.target.short,
        },
        "wrap_up": {
            "kind": str(queue.wrap_up.kind),
            "seconds": queue.wrap_up.time.total_seconds(),
        },
        "look": {
            "accent": queue.look.accent,
            "side": queue.look.side,
            "title": dict(queue.look.title),
            "greeting": dict(queue.look.greeting),
            "comfort": dict(queue.look.comfort),
        },
        "weights": dict(queue.weights),
        "phone": vars(queue.phone).copy(),
        "overflow": queue.overflow and {"after": queue.overflow.after, "to": queue.overflow.to},
    }


def from_form(id: int, name: str, form: Mapping[str, Any]) -> Queue:  # noqa: A002
    """The queue. Raises ValueError, KeyError or TypeError when the form is none of ours."""
    hours, overflow = form["hours"], form["overflow"]
    return Queue(
        id=id,
        name=name,
        **{plain: form[plain] for plain in _PLAIN},
        hours=Hours(
            hours["zone"],
            {int(day): _read_spans(spans) for day, spans in hours["week"].items()},
            {date.fromisoformat(day): _read_spans(s) for day, s in hours["days"].items()},
        ),
        rules=tuple(_read_rule(rule) for rule in form["rules"]),
        target=Target(**form["target"]),
        wrap_up=WrapUp(
            AfterWork(form["wrap_up"]["kind"]), timedelta(seconds=form["wrap_up"]["seconds"])
        ),
        overflow=Overflow(**overflow) if overflow else None,
        weights={one: index(weight) for one, weight in form.get("weights", {}).items()},
        look=Look(**form.get("look", {})),  # queues of before have none
        phone=PhonePolicy(**form.get("phone", {})),
    )


def _spans(spans: Sequence[Span]) -> list[str]:
    return [f"{span.start:%H:%M}-{span.end:%H:%M}" for span in spans]


def _read_spans(texts: Sequence[str]) -> tuple[Span, ...]:
    halves = (text.split("-", 1) for text in texts)
    return tuple(Span(time.fromisoformat(start), time.fromisoformat(end)) for start, end in halves)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "tags": sorted(rule.tags),
        "priority": rule.priority,
        "steps": [
            {
                "after": step.after,
                "groups": sorted(step.need.groups),
                "skills": dict(step.need.skills),
            }
            for step in rule.steps
        ],
    }


def _read_rule(form: Mapping[str, Any]) -> Rule:
    return Rule(
        form["name"],
        frozenset(form["tags"]),
        tuple(
            Step(step["after"], Need(frozenset(step["groups"]), dict(step["skills"])))
            for step in form["steps"]
        ),
        form["priority"],
    )
