"""What an administrator does with flows: draft, look what is wrong, publish, try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.flow import Check, Draft, Flows
from appliance.domain.telephony.flow_check import Known, Trouble, troubles
from appliance.domain.telephony.flow_form import read_flow
from appliance.domain.telephony.flow_try import Stop, walk
from appliance.domain.work import Floor, Work


def wrong_with(floor: Floor, flows: Flows, form: Mapping[str, object]) -> list[Trouble]:
    """What is wrong with a flow. Raises InvalidError: it is none."""
    recordings = {one.id for one in flows.recordings()}
    return troubles(read_flow(form), floor.read(lambda work: _known(work, recordings)))


def publish(floor: Floor, flows: Flows, id: int, by: str, check: Check) -> Draft:  # noqa: A002
    """Let callers go through what is drafted; ``check`` may refuse it.

    Raises InvalidError, UnknownError.
    """

    def sound(draft: Draft) -> None:
        check(draft)
        found = wrong_with(floor, flows, draft.form)
        if found:
            raise InvalidError("flow-troubles", troubles=[str(one) for one in found])

    return flows.publish(id, by, sound)


def try_it(
    floor: Floor, flows: Flows, form: Mapping[str, object], keys: Sequence[str], at: datetime
) -> list[Stop]:
    """Walk through it at the moment ``at``. Raises InvalidError."""
    found = wrong_with(floor, flows, form)
    if found:
        raise InvalidError("flow-troubles", troubles=[str(one) for one in found])
    queues = floor.read(lambda work: work.queues())
    return walk(read_flow(form), keys, lambda queue: queues[queue].hours.open_at(at))


def used_recordings(flows: Flows) -> dict[int, str]:
    """Recordings that drafts and what callers hear still need, and the name of a flow that does."""
    found: dict[int, str] = {}
    for draft in flows.all():
        running = None if draft.version is None else flows.running(draft.version)
        for flow in (read_flow(draft.form), *([running.flow] if running else [])):
            for step in flow.steps.values():
                found |= {one.recording: draft.name for one in step.say if one.recording}
    return found


def _known(work: Work, recordings: set[int]) -> Known:
    return Known(set(work.queues()), {agent.id for agent in work.agents()}, recordings)
