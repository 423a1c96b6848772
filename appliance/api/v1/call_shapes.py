"""The JSON of what belongs to a call beside its conversation."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from appliance.domain.records import Conversation
from appliance.domain.work import Work
from appliance.services.telephony.supervise import policy_of, seen_by_agent


class PrivateShape(BaseModel):
    """What is left out of the recording now."""

    since: datetime | None = Field(description="Null: nothing is left out.")
    until: datetime | None = Field(description="When it ends by itself.")


class SupervisorShape(BaseModel):
    """A supervisor in the call, as its agent may know it."""

    agent: int
    name: str
    rung: str = Field(description="`listen`, `whisper`, `join`.")


class CallShape(BaseModel):
    """A call that goes on."""

    recorded: bool = Field(description="Whether its queue lets talks be recorded.")
    private: PrivateShape
    supervisors: list[SupervisorShape]


def call_shape(work: Work, conversation: Conversation) -> dict[str, object] | None:
    """None: it is no call, or nothing of it is left at the switch."""
    call = work.calls.of(conversation.id)
    if call is None or call.over:
        return None
    return CallShape(
        recorded=policy_of(work, conversation).record,
        private=PrivateShape(since=call.private_since, until=call.private_until),
        supervisors=[
            SupervisorShape(agent=one.agent, name=work.agent(one.agent).name, rung=str(one.rung))
            for one in seen_by_agent(work, conversation)
        ],
    ).model_dump(mode="json")
