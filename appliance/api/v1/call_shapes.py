"""The JSON of what belongs to a call beside its conversation."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from appliance.api.v1.shape import Shape
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call
from appliance.domain.work import Work
from appliance.services.telephony.mute import phones_in
from appliance.services.telephony.numbers import numbers_in
from appliance.services.telephony.supervise import policy_of, seen_by_agent


class PrivateShape(Shape):
    """What is left out of the recording now."""

    since: datetime | None = Field(description="Null: nothing is left out.")
    until: datetime | None = Field(description="When it ends by itself.")


class SupervisorShape(Shape):
    """A supervisor in the call, as its agent may know it."""

    agent: int
    name: str
    rung: str = Field(description="`listen`, `whisper`, `join`.")


class NumberInCall(Shape):
    """A number outside in a call."""

    number: str
    there: bool = Field(description="Whether somebody answered; else it rings.")
    transfer: bool = Field(description="The caller goes on with it alone when somebody answers.")


class MissedGuest(Shape):
    """Who was asked in last, and was not reached: a number outside, or a colleague."""

    number: str = Field(description="Empty: a colleague.")
    name: str = Field(description="The colleague's; empty: a number.")
    because: str = Field(
        description="`busy`, `no_answer`, `congested`, `no_number`, `unreachable`, `failed`."
    )


class CallShape(Shape):
    """A call that goes on."""

    recorded: bool = Field(description="Whether its queue lets talks be recorded.")
    private: PrivateShape
    supervisors: list[SupervisorShape]
    at_phone: list[int] = Field(description="Agents whose phone was picked up in it.")
    muted: list[int] = Field(description="Those of them whom the switch lets nobody hear.")
    numbers: list[NumberInCall] = Field(description="Outside, beside who called.")
    missed: MissedGuest | None = Field(description="Null: the last one was reached, or none was.")
    onward: bool = Field(description="The caller and a number outside speak on without us.")


def call_shape(work: Work, conversation: Conversation) -> dict[str, object] | None:
    """None: it is no call, or nothing of it is left at the switch."""
    call = work.calls.of(conversation.id)
    if call is None or call.over:
        return None
    phones = phones_in(work, call)
    return CallShape(
        recorded=policy_of(work, conversation).record and not call.onward,
        private=PrivateShape(since=call.private_since, until=call.private_until),
        supervisors=[
            SupervisorShape(agent=one.agent, name=work.agent(one.agent).name, rung=str(one.rung))
            for one in seen_by_agent(work, conversation)
        ],
        numbers=[
            NumberInCall(number=one.number, there=one.spoken, transfer=one.blind)
            for one in numbers_in(work, conversation.id)
        ],
        at_phone=sorted(phones),
        muted=sorted(agent for agent, leg in phones.items() if leg in call.muted),
        missed=_missed(work, call) if call.missed else None,
        onward=bool(call.onward),
    ).model_dump(mode="json")


def _missed(work: Work, call: Call) -> MissedGuest:
    agent = call.missed.removeprefix("agent:")
    if agent == call.missed:
        return MissedGuest(number=call.missed, name="", because=call.missed_why)
    return MissedGuest(number="", name=work.agent(int(agent)).name, because=call.missed_why)
