"""The chat widget for customers' web pages, and an example page that shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    render_template,
    request,
)
from flask.typing import ResponseReturnValue

from appliance.api.built import send_built
from common.errors import OperatorError
from common.serving.headers import CONTENT_SECURITY_POLICY
from common.web.texts import current_language

BUILT = Path(__file__).resolve().parents[1] / "static" / "built"

# The tag that a customer puts on the page never changes; what it loads has a new name each time.
# What the page's policy asks of a script (a nonce, a trusted address), the tag hands on.
_LOADER = """\
(() => {
  const tag = document.currentScript;
  const script = document.createElement("script");
  Object.assign(script.dataset, tag.dataset, { callsteadChat: "" });
  script.nonce = tag.nonce;
  const address = new URL("/widget/%s", tag.src).href;
  const trusting = { createScriptURL: () => address };
  const trusted = window.trustedTypes?.createPolicy("callstead", trusting);
  script.src = trusted ? trusted.createScriptURL("") : address;
  document.head.append(script);
})();
"""
_FOREVER = "public, max-age=31536000, immutable"
_A_WHILE = "public, max-age=300"


def widget(built: Path = BUILT) -> Blueprint:
    """The blueprint; ``built`` is where `setup.py` put the front ends."""
    blueprint = Blueprint("widget", __name__, template_folder="templates")

    @blueprint.get("/widget.js")
    def loader() -> ResponseReturnValue:
        answer = Response(_LOADER % _names(built)["widget.js"], mimetype="text/javascript")
        return _for_any_page(answer, _A_WHILE)

    @blueprint.get("/widget/<name>")
    def file(name: str) -> ResponseReturnValue:
        if name not in _names(built).values():
            abort(404)
        return _for_any_page(send_built(built, name), _FOREVER)

    @blueprint.get("/example")
    def example() -> ResponseReturnValue:
        def asked(name: str, form: str, default: str) -> str:
            """What the address asks for, when it looks as it should."""
            value = request.args.get(name, "")
            return value if re.fullmatch(form, value, re.ASCII) else default

        page = render_template(
            "example.html",
            queue=asked("queue", r"\d{1,9}", "1"),
            chat_language=asked("language", "zh|en", current_language()),
            theme=asked("theme", "auto|light|dark", "auto"),
            plain="plain" in request.args,
        )
        answer = make_response(page)
        # The designer of the administrator's pages shows it in a frame.
        answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
            "frame-ancestors 'none'", "frame-ancestors 'self'"
        )
        return answer

    return blueprint


def _for_any_page(answer: Response, keep: str) -> Response:
    answer.headers["Cache-Control"] = keep
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _names(built: Path) -> dict[str, str]:
    try:
        names: dict[str, str] = json.loads((built / "names.json").read_bytes())
    except FileNotFoundError as error:
        raise OperatorError(
            "The chat widget was not built into this installation. Install Callstead again, or run "
            "`make setup` in a work tree."
        ) from error
    return names
