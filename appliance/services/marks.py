"""A side says how far it has received and read: told to the other one, no event of the record."""

from __future__ import annotations

from appliance.domain.marks import Marks, Side, moved
from appliance.domain.work import Work
from appliance.services.moves import by_agent, by_contact
from appliance.services.take_part import speaks
from appliance.services.trouble import NotYoursError


def mark(
    work: Work, conversation: int, agent: int | None, *, delivered: int = 0, read: int = 0
) -> dict[Side, Marks]:
    """Move one side's marks forward (``agent`` None: the contact's); answers those of both.

    Raises:
        ValueError, NotYoursError, UnknownError.
    """
    found = work.conversation(conversation)
    if agent is not None and not speaks(work, found, agent):
        raise NotYoursError(agent, conversation)
    side = Side.CONTACT if agent is None else Side.AGENT
    both = work.marks.of(conversation)
    after = moved(both[side], delivered, read, found.messages)
    if after == both[side]:
        return both
    work.marks.set(conversation, side, after)
    work.tell(
        "message.marked",
        who=by_contact(found.contact) if agent is None else by_agent(agent),
        conversation=conversation, agent=found.agent, queue=found.queue,
        data={"side": str(side), "delivered": after.delivered, "read": after.read}, kept=False,
    )  # fmt: skip
    return {**both, side: after}
