"""What this process does not carry is answered in words: another process does."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue

from appliance.api.v1.problems import problem
from appliance.process_roles import Roles, carriers_of, in_order
from common.web.errors import FOR_PROGRAMS, wants_json
from common.web.texts import Texts


def keep_to_roles(flask: Flask, roles: Roles, texts: Texts) -> None:
    """Let ``flask`` answer what ``roles`` carry, and 421 to the rest (RFC 9110, 15.5.20)."""

    @flask.before_request
    def elsewhere() -> ResponseReturnValue | None:
        wanted = carriers_of(request.path)
        if wanted & roles:
            return None
        programs = wants_json()
        sentence = texts.t(
            "elsewhere.sentence", language=FOR_PROGRAMS if programs else None,
            here=in_order(roles), wanted=in_order(wanted),
        )  # fmt: skip
        if programs:
            return problem(HTTPStatus.MISDIRECTED_REQUEST, "elsewhere", sentence)
        page = render_template("web/error.html", status=421, sentence=sentence)
        answer = make_response(page, HTTPStatus.MISDIRECTED_REQUEST)
        answer.headers["Cache-Control"] = "no-store"
        return answer
