"""A bug of ours, as the person who met it sees it: calm words, and a number to name it by."""

from __future__ import annotations

import uuid
from http import HTTPStatus

import sentry_sdk
from flask import Flask, make_response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import InternalServerError

from appliance.api.v1.problems import problem
from common.logs import get_logger
from common.web.errors import FOR_PROGRAMS, wants_json
from common.web.texts import Texts

log = get_logger(__name__)


def show_fault_numbers(flask: Flask, texts: Texts) -> None:
    """Let every unexpected error of ``flask`` answer with the number of its report."""

    def fault(_error: InternalServerError) -> ResponseReturnValue:
        # Sentry's Flask integration has seen the exception already; without it we make a number.
        number = sentry_sdk.last_event_id() or uuid.uuid4().hex
        log.info("web.fault", number=number)  # an error line would be a second report
        if wants_json():
            sentence = texts.t("fault.sentence", language=FOR_PROGRAMS)
            answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", sentence, number=number)
        else:
            sentence = f"{texts.t('fault.sentence')} {texts.t('fault.number', number=number)}"
            answer = make_response(render_template("web/error.html", status=500, sentence=sentence))
        answer.headers["Cache-Control"] = "no-store"
        return answer, 500

    flask.register_error_handler(InternalServerError, fault)
