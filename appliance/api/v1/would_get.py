"""Who would get this? Routing, asked with a conversation that does not exist."""

from __future__ import annotations

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Strict
from appliance.domain.demand import ANYBODY
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.try_out import Choice, TryOut
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.would_get import Hypothetical, would_get
from common.web.texts import Texts


class AskedBody(Strict):
    """A conversation that might come."""

    queue: int = Field(ge=1, le=2**31 - 1)
    weight: int = Field(25, ge=1, le=1000, description="What it takes of an agent: a chat 25.")
    tags: list[str] = Field(default_factory=list, max_length=50)
    priority: int = Field(0, ge=-1000, le=1000)
    waited: float = Field(0, ge=0, le=86400, description="Seconds: rules relax with time.")
    last_agent: int | None = Field(None, description="Who spoke with the contact before.")
    everybody: bool = Field(
        default=False, description="As if everybody were available and had nothing to do."
    )


class ChoiceShape(Shape):
    """One agent; `place` 1 is asked first, null is not asked."""

    agent: int
    name: str
    place: int | None
    why: str = Field(description="One sentence, in the asker's language.")


class WouldGetShape(Shape):
    """Who would be asked, in order, then who would not."""

    rule: str = Field(description="The rule that decides, and which step of it.")
    holds: str = Field(description="Why nobody would be asked now; empty: nothing holds it.")
    items: list[ChoiceShape]


def would_get_it(floor: Floor, users: Users, texts: Texts) -> APIBlueprint:
    """The blueprint."""
    blueprint = blueprint_for(
        "routing", "/routing", "Who would get a conversation, and why.", users, MANAGE_FLOOR
    )

    @blueprint.post("/try", summary="Who would get this?", responses={"200": WouldGetShape})
    def try_it(body: AskedBody) -> Answer:
        asked = Hypothetical(
            queue=body.queue, weight=body.weight, tags=frozenset(body.tags),
            priority=body.priority, waited=body.waited, last_agent=body.last_agent,
            everybody=body.everybody,
        )  # fmt: skip

        def job(work: Work) -> tuple[TryOut, dict[int, str]]:
            return would_get(work, asked), {agent.id: agent.name for agent in work.agents()}

        found, names = floor.read(job)
        return jsonify(
            rule=texts.t("routing.why.no_rule")
            if found.rule == ANYBODY.name
            else texts.t("routing.why.rule", rule=found.rule, step=found.step),
            holds=texts.t(f"routing.why_not.{found.holds}") if found.holds else "",
            items=[
                {"agent": one.agent, "name": names.get(one.agent, ""), "place": one.place,
                 "why": _why(one, texts)}
                for one in found.choices
            ],
        )  # fmt: skip

    return blueprint


def _why(one: Choice, texts: Texts) -> str:
    table = "why_not" if one.place is None else "why"
    return texts.t(f"routing.{table}.{one.word}", **one.blanks)
