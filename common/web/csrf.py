"""The token that tells our own forms from those of another site's page."""

from __future__ import annotations

import hmac
import secrets

from flask import request, session
from werkzeug.exceptions import Forbidden


class StaleFormError(Forbidden):
    """A change without this session's token."""

    description = "A change by a browser's session needs the header X-CSRF-Token."


def csrf_token() -> str:
    """This session's token, for a form field named ``csrf``."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def csrf_holds() -> bool:
    """Whether the request carries this session's token."""
    given = request.form.get("csrf") or request.headers.get("X-CSRF-Token", "")
    expected = session.get("csrf", "")
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())
