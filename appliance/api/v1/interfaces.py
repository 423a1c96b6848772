"""Makes the application that carries the REST interface, and its description at one address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Info, OpenAPI

from appliance.api.v1.agents import agents
from appliance.api.v1.board import board
from appliance.api.v1.bodies import check_bodies
from appliance.api.v1.canned import canned
from appliance.api.v1.chat import ConversationKeys, chat
from appliance.api.v1.confidential import confidential
from appliance.api.v1.contacts import contacts
from appliance.api.v1.described import description_of
from appliance.api.v1.desk import desk
from appliance.api.v1.fields import fields
from appliance.api.v1.files import FileAddresses, Uploads, allow_uploads, files
from appliance.api.v1.floor import floor_seen
from appliance.api.v1.labels import labels
from appliance.api.v1.looks import Looks
from appliance.api.v1.problems import Problem, not_valid
from appliance.api.v1.queues import queues
from appliance.api.v1.record import record
from appliance.api.v1.reports import reports
from appliance.api.v1.shapes import Answer
from appliance.api.v1.verbs import Verb
from appliance.api.v1.would_get import would_get_it
from appliance.domain.audit import Audit
from appliance.domain.reports.book import Book
from appliance.domain.users import Users
from appliance.domain.work import Floor
from appliance.services.set_queue import QueueForms
from appliance.services.transcript_reads import TranscriptReads
from appliance.services.visitor_door import VisitorDoor
from appliance.services.waiting_places import Places
from common import __version__
from common.clock import Clock
from common.web.texts import Texts

_FOR_OTHER_SITES = {
    "Access-Control-Allow-Origin": "*",  # no cookie counts there: the conversation's key alone
    "Access-Control-Allow-Headers": "authorization, content-type, idempotency-key",
    "Access-Control-Expose-Headers": "retry-after",
    "Access-Control-Max-Age": "86400",
}


def described_application() -> OpenAPI:
    """An empty application that knows how to describe what is put on it."""
    return OpenAPI(
        "appliance",
        info=Info(title="Callstead appliance", version=__version__),
        security_schemes={
            "session": {
                "type": "apiKey", "in": "cookie", "name": "__Host-callstead-appliance",
                "description": "Sign in at /sign-in; changes need the header X-CSRF-Token.",
            },
            "program": {
                "type": "http", "scheme": "bearer",
                "description": "An API key, or an access token from `POST /api/v1/tokens`.",
            },
            "conversation": {
                "type": "http", "scheme": "bearer",
                "description": "The key that `POST /api/v1/chat` answered.",
            },
        },
        validation_error_model=Problem,
        validation_error_callback=not_valid,
        doc_ui=False,
        static_folder=None,
    )  # fmt: skip


def add_interfaces(
    application: OpenAPI,
    *,
    floor: Floor,
    users: Users,
    audit: Audit,
    reads: TranscriptReads,
    forms: QueueForms,
    keys: ConversationKeys,
    head: Callable[[str], int],
    book: Book,
    texts: Texts,
    clock: Clock,
    visitor: Sequence[Verb],
    at_desk: Sequence[Verb],
    uploads: Uploads,
    addresses: FileAddresses,
    most_length: Callable[[], int],
    most_private: Callable[[], timedelta],
    places: Places,
    looks: Looks,
    door: VisitorDoor,
    further: Sequence[APIBlueprint] = (),
) -> None:
    """Put everything under ``/api/v1`` on it, and the description at ``/api/openapi.json``."""
    allow_uploads(application, uploads)
    for blueprint in (
        desk(floor, users, at_desk, audit, reads, head, uploads, addresses, most_private, texts),
        board(floor, users, audit, reads, head, most_length),
        contacts(floor, users, audit),
        queues(floor, users, audit, forms),
        agents(floor, users, audit),
        record(users, audit),
        chat(floor, keys, head, visitor, uploads, addresses, places, looks, door),
        canned(floor, users, audit),
        fields(floor, users, audit),
        confidential(floor, users, audit),
        labels(floor, users, audit),
        files(floor, uploads.files, addresses),
        floor_seen(floor, book, users, audit, head),
        reports(book, floor, users, audit, texts, clock),
        would_get_it(floor, users, texts),
        *further,
    ):
        application.register_api(blueprint)
    check_bodies(application)

    @application.get("/api/openapi.json", doc_ui=False)
    def description() -> Answer:
        return jsonify(description_of(application))

    @application.after_request
    def _from_other_sites(response: Response) -> Response:
        if request.path.startswith("/api/v1/chat"):
            response.headers.update(_FOR_OTHER_SITES)
        return response
