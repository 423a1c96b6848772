"""Contacts, as agents see them and keep them true."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.catalogue_shapes import FILLED_IN
from appliance.api.v1.desk_shapes import ContactPage, ContactShape, contact_shape
from appliance.api.v1.here import agent_here, blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Strict, conversation_shape
from appliance.api.v1.tags import Precondition, asks_version, one_answer
from appliance.domain.audit import Audit
from appliance.domain.desk import MOST_NOTE
from appliance.domain.roles import TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.describe import describe_contact

_MOST_HISTORY = 50


class ContactId(Shape):
    """In the path."""

    contact: int = Field(ge=1, le=2**31 - 1)


class ContactBody(Strict):
    """What is known of a contact; whatever is left out stays."""

    name: str | None = Field(None, max_length=200)
    tags: list[str] | None = None
    note: str | None = Field(None, max_length=MOST_NOTE, description="For colleagues.")
    fields: dict[str, Any] | None = Field(None, description=FILLED_IN, repr=False)
    number: str | None = Field(
        None, max_length=40, description="One more: who calls from it is this contact."
    )


def contacts(floor: Floor, users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    about = "Contacts, with what was before."
    blueprint = blueprint_for("contacts", "/desk", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("/contacts/<int:contact>", summary="A contact, with what was before",
                   responses={"200": ContactPage})  # fmt: skip
    def contact(path: ContactId) -> Answer:
        def job(work: Work) -> dict[str, object]:
            found = work.desk.contact(path.contact)
            before = map(work.conversation, work.desk.history_of(found.id, _MOST_HISTORY))
            return {
                **contact_shape(work, found),
                "identities": [vars(one) for one in work.desk.identities_of(found.id)],
                "history": [conversation_shape(one) for one in before],
            }

        return jsonify(floor.read(job))

    @blueprint.patch("/contacts/<int:contact>", summary="What is known of a contact",
                     responses={"200": ContactShape})  # fmt: skip
    @asks_version
    def describe(path: ContactId, body: ContactBody, seen: Precondition) -> Answer:
        mine = agent_here(floor).id

        def job(work: Work) -> dict[str, object]:
            seen.check(contact_shape(work, work.desk.contact(path.contact)))
            changed = describe_contact(
                work,
                path.contact,
                mine,
                name=body.name,
                tags=body.tags,
                note=body.note,
                fields=body.fields,
                number=body.number,
            )
            return contact_shape(work, changed)

        changed = floor.write(job)
        on_record(audit, "contact.set", f"contact {path.contact}")
        return one_answer(changed)

    return blueprint
