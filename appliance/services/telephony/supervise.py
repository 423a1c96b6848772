"""A supervisor listens to a call, whispers to its agent, joins it, or leaves; in the core.

The agent's desk shows a banner as the queue's policy says, and always when the supervisor is heard:
then the agent knows anyhow. Whoever asks puts it on record first.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.conversation import SPOKEN_IN, State
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.telephony.supervision import Rung, Supervision
from appliance.domain.work import Work
from appliance.services.moves import SYSTEM, by_agent
from appliance.services.telephony.ringer import new_leg

_AT_A_PHONE = SPOKEN_IN | {State.OFFERED}


class NotSupervisedError(InvalidError):
    """This call cannot be listened to now, or not by this supervisor; the sentence says why."""


def may_supervise(work: Work, conversation: int, supervisor: int) -> Conversation:
    """The conversation, if ``supervisor`` could be in its call now.

    Raises:
        NotSupervisedError, UnknownError.
    """
    found = work.conversation(conversation)
    call = work.calls.of(conversation)
    if call is None:
        raise NotSupervisedError("supervise-no-call")
    if call.over or call.outgoing or found.state not in SPOKEN_IN:
        raise NotSupervisedError("supervise-not-spoken")
    if found.agent == supervisor:
        raise NotSupervisedError("supervise-own")
    if any(one.agent == supervisor for one in work.guests.of(conversation)):
        raise NotSupervisedError("supervise-takes-part")
    if any(
        one.state in _AT_A_PHONE and work.calls.of(one.id) is not None
        for one in work.held_by(supervisor)
    ):
        raise NotSupervisedError("supervise-busy")
    return found


def supervise(work: Work, conversation: int, supervisor: int, rung: Rung) -> Supervision:
    """From now on, on this rung; what they listened to before is left. Raises as above."""
    found = may_supervise(work, conversation, supervisor)
    for other in work.supervisions.by(supervisor):
        if other.conversation != conversation:
            leave_call(work, other.conversation, supervisor)
    before = of(work, conversation, supervisor)
    if before is not None and before.rung is rung and before.refused is None:
        return before
    now = (
        Supervision(conversation, supervisor, rung, new_leg())
        if before is None
        else replace(before, rung=rung, refused=None)
    )
    work.supervisions.save(now)
    was = None if before is None else before.rung
    _tell(work, found, now, was, rung, by_agent(supervisor))
    return now


def leave_call(
    work: Work, conversation: int, supervisor: int, *, by_system: bool = False
) -> Conversation:
    """No more. The phone is hung up by whoever follows the call."""
    found = work.conversation(conversation)
    there = of(work, conversation, supervisor)
    if there is not None:
        work.supervisions.remove(there)
        who = SYSTEM if by_system else by_agent(supervisor)
        _tell(work, found, there, there.rung, None, who)
    return found


def of(work: Work, conversation: int, supervisor: int) -> Supervision | None:
    """What ``supervisor`` does in a call; None: nothing."""
    there = work.supervisions.of(conversation)
    return next((one for one in there if one.agent == supervisor), None)


def seen_by_agent(work: Work, conversation: Conversation) -> list[Supervision]:
    """Those of whom the call's agent is shown a banner."""
    policy = policy_of(work, conversation)
    there = work.supervisions.of(conversation.id)
    return [one for one in there if one.spoken and _shown(policy, one.rung)]


def policy_of(work: Work, conversation: Conversation) -> PhonePolicy:
    """Of its queue."""
    if conversation.queue is None:
        return PhonePolicy()
    return work.queue(conversation.queue).phone


def tell_there(work: Work, supervision: Supervision) -> None:
    """Their phone was picked up: from now on they hear."""
    found = work.conversation(supervision.conversation)
    _tell(work, found, supervision, None, supervision.rung, SYSTEM, there=True)


def follows(work: Work, supervision: Supervision, *, reached: bool) -> None:
    """The switch is at the rung that was asked for; or (``reached`` false) no more."""
    now = replace(supervision, reached=supervision.rung if reached else None)
    work.supervisions.save(now)
    found = work.conversation(now.conversation)
    _tell(work, found, now, supervision.rung, now.rung, SYSTEM)


def refuses(work: Work, supervision: Supervision) -> None:
    """The switch does not do it: back to where they were, or out where they were nowhere."""
    found = work.conversation(supervision.conversation)
    refused, back = supervision.rung, supervision.reached
    if back is None or back is refused:
        leave_call(work, supervision.conversation, supervision.agent, by_system=True)
        return
    now = replace(supervision, rung=back, refused=refused)
    work.supervisions.save(now)
    _tell(work, found, now, refused, back, SYSTEM)


def _shown(policy: PhonePolicy, rung: Rung | None) -> bool:
    return rung is not None and (policy.banner or rung is not Rung.LISTEN)


def _tell(
    work: Work, conversation: Conversation, supervision: Supervision,
    before: Rung | None, now: Rung | None, who: str, *, there: bool = False,
) -> None:  # fmt: skip
    policy = policy_of(work, conversation)
    work.tell(
        "conversation.supervise", who=who, conversation=conversation.id, agent=conversation.agent,
        queue=conversation.queue,
        data={
            "by": supervision.agent, "name": work.agent(supervision.agent).name,
            "channel": conversation.channel, "rung": "" if now is None else str(now),
            "there": there, "reached": str(supervision.reached or ""),
            "refused": str(supervision.refused or ""),
            "shown": _shown(policy, before) or _shown(policy, now),
        },
    )  # fmt: skip
