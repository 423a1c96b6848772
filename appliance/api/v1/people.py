"""Users, for administrators; `GET /users` is for whoever sees the floor, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record, refuse_beyond, whence, who
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import ETAG, Precondition, asks_version, etag_of, one_answer
from appliance.domain.audit import Audit
from appliance.domain.roles import MANAGE_USERS, PERMISSIONS, Role
from appliance.domain.users import Teams, User, Users, plain_name
from appliance.domain.work import Floor, UnknownError
from appliance.services.add_user import add_user
from appliance.services.change_user import UserChange, change_user
from appliance.services.first_sign_in import FirstSignInFile
from appliance.services.keep_moving import change as change_floor
from appliance.services.leave_work import leave_work
from appliance.services.own_account import ManagedFactors
from appliance.services.reset_password import reset_password
from common.web.second_factor import Need


class UserBody(Strict):
    """A new user."""

    name: str = Field(
        min_length=1, max_length=64, description="What they type to sign in.", examples=["anna"]
    )
    display_name: str = Field("", max_length=200, examples=["Anna Lee"])
    role: Role


class UserEdit(Strict):
    """What shall be different; whatever is left out stays."""

    display_name: str | None = Field(None, min_length=1, max_length=200)
    role: Role | None = None
    team: int | None = Field(None, ge=0, le=2**31 - 1, description="0: no team.")
    disabled: bool | None = None


class UserPath(Shape):
    """In the path."""

    user: int = Field(ge=1, le=2**31 - 1)


class UserShape(Shape):
    """A user."""

    id: int
    name: str
    display_name: str
    role: Role
    team: int | None
    disabled: bool
    must_change_password: bool
    last_sign_in: datetime | None
    locked_until: datetime | None = Field(description="Too many wrong passwords; null: not locked.")
    second_factor: bool
    etag: str = Field(description=ETAG)


class NewUser(UserShape):
    """A user who was added."""

    one_time_password: str = Field(description="Told once; it must be changed at first sign-in.")


class NewPassword(Shape):
    """In place of a forgotten one."""

    one_time_password: str = Field(description="Told once; it must be changed at first sign-in.")


class People(Shape):
    """Some users; `cursor` is the next page's `after`, 0 at the end."""

    items: list[UserShape]
    cursor: int


@dataclass(frozen=True)
class Staff:
    """What the views of people need."""

    floor: Floor
    users: Users
    teams: Teams
    audit: Audit
    factors: ManagedFactors
    first: FirstSignInFile
    hash_password: Callable[[str], str]


def people(staff: Staff) -> APIBlueprint:
    """The blueprint."""
    users, audit, factors = staff.users, staff.audit, staff.factors
    blueprint = blueprint_for("people", "/users", "Users.", users, MANAGE_USERS)

    @blueprint.get("", summary="Users", responses={"200": People})
    def all_users(query: Page) -> Answer:
        found, cursor = part_of(users.all(), query)
        locked = users.locked_until()
        return jsonify(items=[shape(one, locked.get(one.name)) for one in found], cursor=cursor)

    @blueprint.get("/<int:user>", summary="One user", responses={"200": UserShape})
    def one_user(path: UserPath) -> Answer:
        return one_answer(full(known(path.user)))

    @blueprint.post("", summary="A new user", responses={"201": NewUser})
    def new_user(body: UserBody) -> Answer:
        refuse_beyond(PERMISSIONS[body.role])
        password = add_user(
            users, audit, staff.hash_password, name=body.name, display_name=body.display_name,
            role=body.role, who=who(), address=whence(),
        )  # fmt: skip
        added = users.by_name(plain_name(body.name))
        assert added is not None  # noqa: S101 - just added
        return one_answer({**full(added), "one_time_password": password}, 201)

    @blueprint.patch("/<int:user>", summary="Change a user", responses={"200": UserShape})
    @asks_version
    def change(path: UserPath, body: UserEdit, seen: Precondition) -> Answer:
        refuse_beyond(PERMISSIONS[body.role] if body.role else ())
        changed = change_user(
            users, audit, [one.id for one in staff.teams.all()], path.user,
            UserChange(body.display_name, body.role, body.team, body.disabled),
            check=lambda user: seen.check({"etag": _etag(user)}), who=who(), address=whence(),
        )  # fmt: skip
        _leave_floor(staff.floor, changed)
        return one_answer(full(changed))

    @blueprint.post("/<int:user>/password", summary="A new one-time password",
                    responses={"200": NewPassword})  # fmt: skip
    def password(path: UserPath) -> Answer:
        name = _entered(known(path.user)).name
        new = reset_password(
            users, audit, staff.first, staff.hash_password, name=name, who=who(), address=whence()
        )
        answer = jsonify(one_time_password=new)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.delete("/<int:user>/second-factor", responses={"204": None},
                      summary="Take the second factor away (phone and codes lost)")  # fmt: skip
    def remove_factor(path: UserPath) -> Answer:
        user = _entered(known(path.user))
        factors.remove(user.name)
        users.end_sessions(user.id)
        on_record(audit, "second_factor.removed", user.name)
        return Response(status=204)

    @blueprint.delete("/<int:user>/sessions", summary="Sign them out everywhere",
                      responses={"204": None})  # fmt: skip
    def end_sessions(path: UserPath) -> Answer:
        user = known(path.user)
        users.end_sessions(user.id)
        on_record(audit, "session.all_ended", user.name)
        return Response(status=204)

    def known(id: int) -> User:  # noqa: A002
        found = users.by_id(id)
        if found is None:
            raise UnknownError("user", id)
        return found

    def full(user: User) -> dict[str, object]:
        return shape(user, users.locked_until().get(user.name))

    def shape(user: User, locked: datetime | None) -> dict[str, object]:
        values = {
            name: getattr(user, name) for name in UserShape.model_fields if hasattr(user, name)
        }
        on = factors.need(user.name) is Need.CODE
        made = UserShape(**values, locked_until=locked, second_factor=on, etag=_etag(user))
        return made.model_dump(mode="json")

    return blueprint


def _leave_floor(floor: Floor, user: User) -> None:
    if user.disabled:
        change_floor(floor, lambda work: leave_work(work, user.id))


def _entered(user: User) -> User:
    """Whose account whoever asks could sign in to, after what they are about to do."""
    refuse_beyond(PERMISSIONS[user.role])
    return user


def _etag(user: User) -> str:
    """Of what an administrator edits: a sign-in is no edit."""
    return etag_of(
        {name: getattr(user, name) for name in ("id", "display_name", "role", "team", "disabled")}
    )
