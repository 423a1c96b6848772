"""The visitor's side of files."""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify, request
from flask_openapi3 import APIBlueprint

from appliance.api.v1.files import (
    FileAddress,
    FileAddresses,
    FileId,
    UploadForm,
    Uploads,
    add_upload,
)
from appliance.api.v1.shapes import Answer
from appliance.domain.attachment import Attachment
from appliance.domain.work import Floor, UnknownError, Work
from appliance.services.visitor_door import VisitorDoor


def add_files(
    blueprint: APIBlueprint,
    floor: Floor,
    here: Callable[[], int],
    uploads: Uploads,
    addresses: FileAddresses,
    door: VisitorDoor,
) -> None:
    """Put them on the chat's blueprint; ``here`` is the conversation whose key was shown."""

    @add_upload(blueprint, "")
    def upload(form: UploadForm) -> Answer:
        mine, address = here(), request.remote_addr or ""
        # A file is something said: the same limits, and nobody who is blocked, before it is kept.
        floor.read(lambda work: door.speaks(work, mine, address))
        return jsonify(uploads.take(mine, None, form))

    @blueprint.get("/attachments/<string:file>", summary="Where a file can be fetched",
                   responses={"200": FileAddress})  # fmt: skip
    def address(path: FileId) -> Answer:
        mine = here()

        def job(work: Work) -> Attachment:
            found = work.attachments.one(path.file)
            if found.conversation != mine or work.attachments.internal(path.file):
                raise UnknownError("attachment", path.file)
            return found

        return jsonify(addresses.of(floor.read(job)))
