"""Users, and the record of who did what, for administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import jsonify, request
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field

from appliance.api.v1.here import blueprint_for, user
from appliance.api.v1.shapes import Answer, Page, Strict
from appliance.domain.audit import Audit, verify
from appliance.domain.roles import MANAGE_USERS, Role
from appliance.domain.users import User, Users, plain_name
from appliance.services.add_user import add_user


class UserBody(Strict):
    """A new user."""

    name: str = Field(min_length=1, max_length=64, description="What they type to sign in.")
    display_name: str = Field("", max_length=200)
    role: Role


class UserShape(BaseModel):
    """A user."""

    id: int
    name: str
    display_name: str
    role: Role
    must_change_password: bool
    last_sign_in: datetime | None


class NewUser(UserShape):
    """A user who was added."""

    one_time_password: str = Field(description="Told once; it must be changed at first sign-in.")


class People(BaseModel):
    """All users."""

    items: list[UserShape]


class AuditShape(BaseModel):
    """One line of the record."""

    number: int
    at: datetime
    who: str
    what: str
    subject: str
    address: str
    hash: str


class AuditLines(BaseModel):
    """Newest first; `cursor` is the next page's `after`, 0 at the end."""

    items: list[AuditShape]
    cursor: int


class VerdictShape(BaseModel):
    """Whether the record holds; `broken` is the first line that does not."""

    lines: int
    head: str
    broken: int | None


def people(users: Users, audit: Audit, hash_password: Callable[[str], str]) -> APIBlueprint:
    """The blueprint."""
    about = "Users, and the record of who did what."
    blueprint = blueprint_for("people", "", about, users, MANAGE_USERS)

    @blueprint.get("/users", summary="All users", responses={"200": People})
    def all_users() -> Answer:
        return jsonify(items=[_shape(one) for one in users.all()])

    @blueprint.post("/users", summary="A new user", responses={"201": NewUser})
    def new_user(body: UserBody) -> Answer:
        password = add_user(
            users, audit, hash_password, name=body.name, display_name=body.display_name,
            role=body.role, who=user().name,
        )  # fmt: skip
        added = users.by_name(plain_name(body.name))
        assert added is not None  # noqa: S101 - just added
        return jsonify(**_shape(added), one_time_password=password), 201

    @blueprint.get("/audit", summary="Who did what", responses={"200": AuditLines})
    def lines(query: Page) -> Answer:
        found = audit.latest(query.most, query.after)
        audit.record(user().name, "audit.read", "", request.remote_addr or "")
        items = [AuditShape(**vars(one)).model_dump(mode="json") for one in found]
        more = bool(found) and found[-1].number > 1
        return jsonify(items=items, cursor=found[-1].number if more else 0)

    @blueprint.get("/audit/verdict", summary="Whether the record holds",
                   responses={"200": VerdictShape})  # fmt: skip
    def verdict() -> Answer:
        return jsonify(vars(verify(audit.everything())))

    return blueprint


def _shape(one: User) -> dict[str, object]:
    values = {name: getattr(one, name) for name in UserShape.model_fields}
    return UserShape(**values).model_dump(mode="json")
