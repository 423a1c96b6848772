"""The visitor's side of files."""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify
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


def add_files(
    blueprint: APIBlueprint,
    floor: Floor,
    here: Callable[[], int],
    uploads: Uploads,
    addresses: FileAddresses,
) -> None:
    """Put them on the chat's blueprint; ``here`` is the conversation whose key was shown."""

    @add_upload(blueprint, "")
    def upload(form: UploadForm) -> Answer:
        return jsonify(uploads.take(here(), None, form))

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
