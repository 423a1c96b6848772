"""An offer rings: the agent takes it, declines it, or does not answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.domain.agent_state import Said
from appliance.domain.conversation import Event
from appliance.domain.records import Conversation, Offer, OfferEnd
from appliance.domain.refusals import RefusalError
from appliance.domain.telephony.channels import can_ring
from appliance.domain.work import UnknownError, Work
from appliance.services.moves import SYSTEM, by_agent, move, say_presence


class OfferGoneError(RefusalError):
    """It rings no more at this agent: it was withdrawn, or its time was over."""


def accept_offer(
    work: Work, conversation: int, agent: int, *, at_phone: bool = False
) -> Conversation:
    """The agent answers, ``at_phone`` without the desk. Raises OfferGoneError, UnknownError."""
    offer = _mine(work, conversation, agent)
    work.end_offer(offer.id, OfferEnd.ACCEPTED)
    before = work.conversation(conversation)
    return move(
        work, before, Event.ACCEPT, by_agent(agent),
        data={"at_phone": True} if at_phone else None,
        answered_at=before.answered_at or work.now, only_agent=None, last_agent=agent,
        declined=frozenset(),
    )  # fmt: skip


def decline_offer(work: Work, conversation: int, agent: int) -> Conversation:
    """The agent says no: it goes back to its place, and not to this agent again for a while."""
    offer = _mine(work, conversation, agent)
    work.end_offer(offer.id, OfferEnd.DECLINED)
    return _back(work, work.conversation(conversation), Event.DECLINE, by_agent(agent))


def expire_offers(work: Work) -> list[Offer]:
    """End what nobody answered in time; its agents are not responding from now on.

    What could not ring goes back to its place alone: its agents did nothing wrong.
    """
    late = list(work.ringing_until(work.now))
    for offer in late:
        conversation = work.conversation(offer.conversation)
        if can_ring(conversation.channel, switch_silent=work.switch_silent):
            _miss(work, offer)
        else:
            work.end_offer(offer.id, OfferEnd.WITHDRAWN)
            move(work, conversation, Event.WITHDRAW, SYSTEM, agent=None)
    return late


def miss_offer(work: Work, conversation: int, agent: int) -> None:
    """It cannot ring at the agent, who is not responding from now on. Raises OfferGoneError."""
    _miss(work, _mine(work, conversation, agent))


def _miss(work: Work, offer: Offer) -> None:
    work.end_offer(offer.id, OfferEnd.MISSED)
    _back(work, work.conversation(offer.conversation), Event.MISS, SYSTEM)
    say_presence(work, work.agent(offer.agent), Said.MISS_OFFER, SYSTEM)


def _mine(work: Work, conversation: int, agent: int) -> Offer:
    offer = work.ringing(conversation)
    if offer is None or offer.agent != agent or offer.until <= work.now:
        work.conversation(conversation)  # UnknownError comes before "gone"
        raise OfferGoneError("offer-gone", conversation=conversation, agent=agent)
    return offer


def _back(work: Work, before: Conversation, event: Event, who: str) -> Conversation:
    """To its old place. What was for one agent alone is for everybody when that agent did not."""
    assert before.agent is not None  # noqa: S101 - an offer always has its agent
    went = move(
        work, before, event, who, agent=None, only_agent=None,
        declined=before.declined | {before.agent},
    )  # fmt: skip
    if went.queue is None:
        raise UnknownError("queue", None)
    return went


def refused_long_ago(work: Work, pause: timedelta) -> list[Conversation]:
    """Those that wait, and were declined or missed last ``pause`` ago or earlier."""
    return [
        one for one in work.waiting()
        if one.declined and one.state_since is not None and one.state_since + pause <= work.now
    ]  # fmt: skip


def forget_refusals(work: Work, pause: timedelta) -> None:
    """Whom nobody else took in that time is offered to those again who did not want them."""
    for one in refused_long_ago(work, pause):
        work.save(replace(one, declined=frozenset()))
