"""Teams, and what roles may and must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import ETAG, Precondition, asks_version, one_answer, tagged
from appliance.domain.audit import Audit
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_USERS, PERMISSIONS, Role
from appliance.domain.users import NameTakenError, RoleRules, Teams, Users
from appliance.domain.work import UnknownError

T = TypeVar("T")


class TeamPath(Shape):
    """In the path."""

    team: int = Field(ge=1, le=2**31 - 1)


class TeamBody(Strict):
    """A team."""

    name: str = Field(min_length=1, max_length=100)


class TeamShape(Shape):
    """A team; its people name it in `/users`."""

    id: int
    name: str
    etag: str = Field(description=ETAG)


class TeamList(Shape):
    """Some teams; `cursor` is the next page's `after`, 0 at the end."""

    items: list[TeamShape]
    cursor: int


class RolePath(Shape):
    """In the path."""

    role: Role


class RoleBody(Strict):
    """What an administrator wants of a role."""

    second_factor_required: bool


class RoleShape(Shape):
    """A role."""

    role: Role
    permissions: list[str]
    second_factor_required: bool
    etag: str = Field(description=ETAG)


class RoleList(Shape):
    """All of them."""

    items: list[RoleShape]


def teams(users: Users, audit: Audit, kept: Teams) -> APIBlueprint:
    """The blueprint of teams."""
    blueprint = blueprint_for("teams", "/teams", "Teams of people.", users, MANAGE_USERS)

    @blueprint.get("", summary="Teams", responses={"200": TeamList})
    def all_teams(query: Page) -> Answer:
        found, cursor = part_of(kept.all(), query)
        return jsonify(items=[tagged(vars(one)) for one in found], cursor=cursor)

    @blueprint.get("/<int:team>", summary="One team", responses={"200": TeamShape})
    def one_team(path: TeamPath) -> Answer:
        found = next((one for one in kept.all() if one.id == path.team), None)
        if found is None:
            raise UnknownError("team", path.team)
        return one_answer(tagged(vars(found)))

    @blueprint.post("", summary="A new team", responses={"201": TeamShape})
    def new_team(body: TeamBody) -> Answer:
        added = _unique(lambda: kept.add(body.name), body.name)
        on_record(audit, "team.added", body.name)
        return one_answer(tagged(vars(added)), 201)

    @blueprint.patch("/<int:team>", summary="Rename a team", responses={"200": TeamShape})
    @asks_version
    def rename(path: TeamPath, body: TeamBody, seen: Precondition) -> Answer:
        renamed = _unique(
            lambda: kept.rename(path.team, body.name, lambda one: seen.check(tagged(vars(one)))),
            body.name,
        )
        if renamed is None:
            raise UnknownError("team", path.team)
        on_record(audit, "team.renamed", body.name)
        return one_answer(tagged(vars(renamed)))

    @blueprint.delete("/<int:team>", summary="Remove a team", responses={"204": None})
    @asks_version
    def remove(path: TeamPath, seen: Precondition) -> Answer:
        gone = kept.remove(path.team, lambda one: seen.check(tagged(vars(one))))
        if gone is None:
            raise UnknownError("team", path.team)
        on_record(audit, "team.removed", gone.name)
        return Response(status=204)

    return blueprint


def roles(users: Users, audit: Audit, rules: RoleRules) -> APIBlueprint:
    """The blueprint of roles."""
    about = "Roles: what each may do, by name, and whether it must have a second factor."
    blueprint = blueprint_for("roles", "/roles", about, users, MANAGE_USERS)

    @blueprint.get("", summary="Roles", responses={"200": RoleList})
    def all_roles() -> Answer:
        wanted = rules.second_factor()
        return jsonify(items=[_role(one, wanted) for one in Role])

    @blueprint.get("/<string:role>", summary="One role", responses={"200": RoleShape})
    def one_role(path: RolePath) -> Answer:
        return one_answer(_role(path.role, rules.second_factor()))

    @blueprint.patch("/<string:role>", summary="Require a second factor, or do not",
                     responses={"200": RoleShape})  # fmt: skip
    @asks_version
    def change(path: RolePath, body: RoleBody, seen: Precondition) -> Answer:
        rules.require_second_factor(
            path.role, body.second_factor_required, lambda now: seen.check(_role(path.role, now))
        )
        wanted = "required" if body.second_factor_required else "not required"
        on_record(audit, "role.second_factor", f"{path.role}: {wanted}")
        return one_answer(_role(path.role, rules.second_factor()))

    return blueprint


def _role(role: Role, wanted: Mapping[Role, bool]) -> dict[str, object]:
    return tagged(
        {
            "role": str(role),
            "permissions": sorted(PERMISSIONS[role]),
            "second_factor_required": wanted[role],
        }
    )


def _unique(make: Callable[[], T], name: str) -> T:
    try:
        return make()
    except NameTakenError as error:
        raise InvalidError("team-taken", name=name) from error
