"""Myself: who I am, where I am signed in, which programs ask in my name."""

from __future__ import annotations

from datetime import datetime

from flask import Response, jsonify, session
from flask_openapi3 import APIBlueprint
from pydantic import Field
from werkzeug.exceptions import NotFound

from appliance.api.v1.here import blueprint_for, caller, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer
from appliance.domain.audit import Audit
from appliance.domain.programs import TokenFamilies
from appliance.domain.roles import PERMISSIONS, Role
from appliance.domain.users import Users
from common.web.sessions import Sessions


class MeShape(Shape):
    """Who I am."""

    id: int
    name: str
    display_name: str
    role: Role
    team: int | None
    permissions: list[str]
    program: str = Field(description="Which program asks in my name; empty: I do, in a browser.")


class SessionPath(Shape):
    """In the path."""

    session: str = Field(max_length=64)


class SessionShape(Shape):
    """One sign-in."""

    id: str
    began_at: datetime
    seen_at: datetime
    address: str
    browser: str
    here: bool = Field(description="The one that asks.")


class SessionList(Shape):
    """All of mine; at most 20 are kept."""

    items: list[SessionShape]


class ProgramPath(Shape):
    """In the path."""

    program: str = Field(max_length=64)


class ProgramShape(Shape):
    """A program that signed in with my password."""

    id: str
    name: str
    scopes: list[str]
    began_at: datetime
    until: datetime


class ProgramList(Shape):
    """All of mine."""

    items: list[ProgramShape]


def me(users: Users, audit: Audit, sessions: Sessions, families: TokenFamilies) -> APIBlueprint:
    """The blueprint."""
    about = "Myself: sessions, programs."
    blueprint = blueprint_for("me", "/me", about, users, "")

    @blueprint.get("", summary="Who I am", responses={"200": MeShape})
    def myself() -> Answer:
        mine = user()
        may = sorted(one for one in PERMISSIONS[mine.role] if caller().may(one))
        return jsonify(
            id=mine.id, name=mine.name, display_name=mine.display_name, role=mine.role,
            team=mine.team, permissions=may, program=caller().program,
        )  # fmt: skip

    @blueprint.get("/sessions", summary="Where I am signed in", responses={"200": SessionList})
    def my_sessions() -> Answer:
        here = session.get("id")
        found = sessions.of(user().name)
        items = [
            SessionShape(**{**vars(one), "id": one.id[:16]}, here=one.id == here) for one in found
        ]
        return jsonify(items=[one.model_dump(mode="json") for one in items])

    @blueprint.delete("/sessions/<string:session>", summary="End one of them",
                      responses={"204": None})  # fmt: skip
    def end_session(path: SessionPath) -> Answer:
        name = user().name
        found = [one for one in sessions.of(name) if one.id[:16] == path.session]
        if not found or not sessions.end(name, found[0].id):
            raise NotFound("There is no such session; it may have ended.")
        on_record(audit, "session.ended", name)
        return Response(status=204)

    @blueprint.delete("/sessions", summary="Sign out everywhere, here included",
                      responses={"204": None})  # fmt: skip
    def end_all() -> Answer:
        users.end_sessions(user().id)
        session.clear()
        on_record(audit, "session.all_ended", user().name)
        return Response(status=204)

    @blueprint.get("/programs", summary="Programs that signed in with my password",
                   responses={"200": ProgramList})  # fmt: skip
    def programs() -> Answer:
        found = [
            ProgramShape(
                id=one.id, name=one.name, scopes=list(one.scopes), began_at=one.began_at,
                until=one.until,
            ).model_dump(mode="json")
            for one in families.of(user().id)
        ]  # fmt: skip
        return jsonify(items=found)

    @blueprint.delete("/programs/<string:program>", summary="Revoke one",
                      responses={"204": None})  # fmt: skip
    def revoke(path: ProgramPath) -> Answer:
        if all(one.id != path.program for one in families.of(user().id)):
            raise NotFound("There is no such program; it may have signed out.")
        families.revoke(path.program, "revoked")
        on_record(audit, "program.revoked", path.program)
        return Response(status=204)

    return blueprint
