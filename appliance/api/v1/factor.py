"""My second factor; a program cannot change what guards its person."""

from __future__ import annotations

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, caller, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Strict
from appliance.domain.blocklist import TooOftenError
from appliance.domain.refusals import ConflictError, ForbiddenError
from appliance.domain.users import Users
from appliance.services.own_account import OwnAccount
from common.web.second_factor import Need, shown


class FactorShape(Shape):
    """My second factor."""

    on: bool
    required: bool = Field(description="My role must have one.")
    recovery_codes_left: int


class NewFactor(Shape):
    """A secret that counts once a code of it was shown."""

    secret: str = Field(description="Base32, in groups, to be typed in.")
    address: str = Field(description="`otpauth://…`, what the QR code holds.")
    picture: str = Field(description="The QR code as a `data:` address of an SVG.")


class CodeBody(Strict):
    """A code of the authenticator, or a recovery code."""

    code: str = Field(min_length=4, max_length=32)


class Codes(Shape):
    """Recovery codes, told once; each opens the second step once."""

    recovery_codes: list[str]


def factor(users: Users, account: OwnAccount) -> APIBlueprint:
    """The blueprint."""
    about = "My second factor."
    blueprint = blueprint_for("factor", "/me/second-factor", about, users, "")

    @blueprint.get("", summary="My second factor", responses={"200": FactorShape})
    def my_factor() -> Answer:
        return factor_now()

    def factor_now() -> Answer:
        name = user().name
        return jsonify(
            on=account.factors.need(name) is Need.CODE,
            required=account.factors.required(name),
            recovery_codes_left=account.factors.codes_left(name),
        )

    @blueprint.post("", summary="Make one", responses={"201": NewFactor})
    def begin_factor() -> Answer:
        _person()
        name = user().name
        if account.factors.need(name) is Need.CODE:
            raise ConflictError("factor-there")
        return jsonify(shown(account.factors.begin(name), name, "Callstead")), 201

    @blueprint.post("/confirm", summary="Show a code of it: it counts from now on",
                    responses={"200": Codes})  # fmt: skip
    def confirm_factor(body: CodeBody) -> Answer:
        name, address = guarded()
        codes = account.turn_on(name, body.code, address)
        return _codes(codes)

    @blueprint.post("/recovery-codes", summary="New recovery codes",
                    responses={"200": Codes})  # fmt: skip
    def new_codes(body: CodeBody) -> Answer:
        name, address = guarded()
        codes = account.renew_codes(name, body.code, address)
        return _codes(codes)

    @blueprint.post("/remove", summary="Take it away",
                    responses={"200": FactorShape})  # fmt: skip
    def remove_factor(body: CodeBody) -> Answer:
        name, address = guarded()
        if not account.turn_off(name, body.code, address):
            raise ForbiddenError("factor-kept")
        return factor_now()

    def guarded() -> tuple[str, str]:
        _person()
        name, address = user().name, request.remote_addr or ""
        if account.guesses_too_often(name, address):
            raise TooOftenError("too-many-wrong", 30)
        return name, address

    return blueprint


def _person() -> None:
    """A program must not change what guards its person."""
    if caller().scopes is not None:
        raise ForbiddenError("factor-person")


def _codes(codes: list[str] | None) -> Response:
    if codes is None:
        raise ForbiddenError("factor-code")
    answer = jsonify(recovery_codes=codes)
    answer.headers["Cache-Control"] = "no-store"
    return answer
