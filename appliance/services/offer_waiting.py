"""Looks at who waits and who is free, and makes the offers.

Conversation and agent are reserved in the one transaction that decides, so that neither is given
away twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from appliance.domain.conversation import Event
from appliance.domain.demand import Rule, rule_for
from appliance.domain.queue import Queue
from appliance.domain.records import Conversation, Offer
from appliance.domain.routing import Decision, Policy, Seat, Snapshot, Waiting, decisions
from appliance.domain.telephony.channels import PHONE, can_ring
from appliance.domain.work import Work
from appliance.services.moves import SYSTEM, move


def offer_waiting(work: Work) -> list[Offer]:
    """Make every offer that can be made now; to be called whenever anything frees or arrives.

    None while the program is drained: who waits keeps the place, and is offered after the update.
    No call while the switch is silent.
    """
    return [_offer(work, conversation, why) for conversation, why in _decided(work)]


def can_offer(work: Work) -> bool:
    """Whether `offer_waiting` would make any."""
    return bool(_decided(work))


def _decided(work: Work) -> list[tuple[Conversation, Decision]]:
    if work.drained:
        return []
    silent = work.switch_silent
    waiting = {
        one.id: one
        for one in work.waiting()
        if can_ring(one.channel, switch_silent=silent)
        and (one.not_before is None or one.not_before <= work.now)
    }
    if not waiting:
        return []
    seats = _seats(work)
    if not any(one.open for one in seats):
        return []  # who waits is not even looked at: there may be many
    at = _snapshot(work, list(waiting.values()), seats)
    return [(waiting[one.conversation], one) for one in decisions(at)]


def snapshot(work: Work, waiting: Sequence[Conversation], *, everybody: bool = False) -> Snapshot:
    """All that the decision depends on; ``everybody``: with those who are not available, too."""
    return _snapshot(work, waiting, _seats(work, everybody=everybody))


def _snapshot(work: Work, waiting: Sequence[Conversation], seats: Sequence[Seat]) -> Snapshot:
    queues = work.queues()
    return Snapshot(
        now=work.now.timestamp(),
        seats=seats,
        waiting=_waiting(waiting, queues),
        policies={
            queue.id: Policy(
                queue.priority, queue.ageing, queue.ring, queue.sticky, queue.reserve_after,
                queue.hours.open_at(work.now),
            )
            for queue in queues.values()
        },
    )  # fmt: skip


def _seats(work: Work, *, everybody: bool = False) -> list[Seat]:
    beside = work.participants.weigh()
    return work.seated.seats(
        work.agents(), work.loads(), work.queues(), beside, everybody=everybody
    )  # fmt: skip


def _waiting(waiting: Sequence[Conversation], queues: Mapping[int, Queue]) -> list[Waiting]:
    rules: dict[tuple[int, frozenset[str]], Rule] = {}
    found = []
    for one in waiting:
        since = one.waits_from
        if one.queue is None or since is None:
            continue
        key = (one.queue, one.tags)
        if key not in rules:
            rules[key] = rule_for(queues[one.queue].rules, one.tags)
        found.append(
            Waiting(
                conversation=one.id,
                queue=one.queue,
                since=since.timestamp(),
                weight=one.weight,
                priority=one.priority,
                rule=rules[key],
                last_agent=one.last_agent,
                only_agent=one.only_agent,
                declined=one.declined,
                on_the_line=one.channel == PHONE,
            )
        )
    return found


def _offer(work: Work, conversation: Conversation, decision: Decision) -> Offer:
    why = {
        "reason": str(decision.why.reason),
        "rule": decision.why.rule,
        "step": decision.why.step,
        "waited": round(decision.why.waited),
        "candidates": decision.why.candidates,
    }
    until = work.now + timedelta(seconds=decision.until - work.now.timestamp())
    move(work, conversation, Event.OFFER, SYSTEM, agent=decision.agent, data={"why": why})
    return work.add_offer(conversation.id, decision.agent, until, why)
