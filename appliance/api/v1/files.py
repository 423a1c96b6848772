"""The files of conversations: sent with a message, fetched from a signed address that expires.

The address opens one file and nothing else; whoever may read the conversation is given one. What
is fetched is never run: it is for saving, in a sandbox, with the type that was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, request, send_file
from flask_openapi3 import APIBlueprint, FileStorage, OpenAPI, Tag
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import ConfigDict, Field, field_validator
from werkzeug.datastructures import FileStorage as SentFile
from werkzeug.exceptions import Gone, NotFound

from appliance.api.v1.problems import Problem, answer_problems
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import MessageShape, message_shape
from appliance.domain.attachment import Attachment, Rules, too_large
from appliance.domain.work import Floor, UnknownError
from appliance.services.attach import Files, attach
from appliance.services.say_message import Saying
from appliance.settings.chat import ChatSettings
from common.clock import Clock

_WORDS = 64 * 1024  # bytes of a form beside its file
_UPLOADS = "/attachments"


def a_file(sent: object) -> object:
    """What was sent as a file. Raises ValueError: it is a plain field."""
    if not isinstance(sent, SentFile):
        # pydantic takes a ValueError alone.
        raise ValueError("a file is sent with its name (`filename`)")  # noqa: TRY004
    return sent


class UploadForm(Shape):
    """A file and the message it comes with; the same `key` again is the same message."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    key: str = Field(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]+$")
    text: str = Field("", description="What is said beside it; may be empty.")
    internal: bool = Field(default=False, description="For agents alone; a visitor cannot set it.")
    file: FileStorage

    @field_validator("file")
    @classmethod
    def _is_a_file(cls, file: object) -> object:
        return a_file(file)


class FileId(Shape):
    """In the path."""

    file: str = Field(pattern="^[0-9a-f]{32}$")


class FileAddress(Shape):
    """Where a file can be fetched, and until when."""

    address: str
    until: datetime


class FileToken(Shape):
    """In the path: what was signed."""

    token: str = Field(max_length=400)


@dataclass(frozen=True)
class Uploads:
    """All that taking a file needs."""

    floor: Floor
    files: Files
    settings: Callable[[], ChatSettings]

    @property
    def rules(self) -> Rules:
        """As they are set now."""
        now = self.settings().attachments
        return Rules(now.most_mib * 2**20, frozenset(one.lower() for one in now.types))

    def take(self, conversation: int, agent: int | None, form: UploadForm) -> dict[str, Any]:
        """Keep the file with its message; the message as JSON."""
        now = self.settings()
        saying = Saying(
            conversation, form.key, form.text, agent, form.internal and agent is not None
        )
        message = attach(
            self.floor, self.files, form.file.stream, saying, form.file.filename or "", self.rules,
            now.attachments.most_files, now.most_length,
        )  # fmt: skip
        return message_shape(message)


class FileAddresses:
    """Signed addresses: the file's id and the second after which it opens nothing."""

    def __init__(self, keys: Sequence[bytes], clock: Clock, minutes: Callable[[], int]) -> None:
        self._signer = URLSafeSerializer(list(keys), salt="attachment")
        self._clock = clock
        self._minutes = minutes

    def of(self, file: Attachment) -> dict[str, Any]:
        """The same address for a while, so that a browser keeps what it fetched."""
        hold = timedelta(minutes=self._minutes())
        now = self._clock.now()
        until = now + hold + (hold - timedelta(seconds=now.timestamp() % hold.total_seconds()))
        token = self._signer.dumps([file.id, int(until.timestamp())])
        text = token if isinstance(token, str) else token.decode()
        return FileAddress(address=f"/api/v1/files/{text}", until=until).model_dump(mode="json")

    def read(self, token: str) -> str:
        """Whose address it is. Raises NotFound, Gone."""
        try:
            id_, until = self._signer.loads(token)
        except (BadSignature, ValueError, TypeError) as error:
            raise NotFound("There is no file at this address.") from error
        if until < self._clock.now().timestamp():
            raise Gone("This address holds no more; ask for the file again where it was shown.")
        return str(id_)


def allow_uploads(application: OpenAPI, uploads: Uploads) -> None:
    """Let bodies be as large as a file may be, at the addresses that take files."""

    @application.before_request
    def _limit() -> None:
        rule = request.url_rule
        if rule is None or not rule.rule.endswith(_UPLOADS) or request.method != "POST":
            return
        most = uploads.rules.most + _WORDS
        request.max_content_length = most
        if (request.content_length or 0) > most:
            raise too_large(uploads.rules)


def files(floor: Floor, kept: Files, addresses: FileAddresses) -> APIBlueprint:
    """The blueprint under which files are fetched."""
    blueprint = APIBlueprint(
        "files", __name__, url_prefix="/api/v1/files", abp_responses={"4XX": Problem},
        abp_tags=[Tag(name="files", description="Files of conversations.")],
    )  # fmt: skip
    answer_problems(blueprint)

    @blueprint.get("/<string:token>", summary="A file", security=[], responses={"200": None})
    def fetch(path: FileToken) -> Response:
        id_ = addresses.read(path.token)
        try:
            file = floor.read(lambda work: work.attachments.one(id_))
            answer = send_file(
                kept.open(file), mimetype=file.type, as_attachment=True, download_name=file.name,
                etag=file.sha256, max_age=3600, conditional=False,
            )  # fmt: skip
        except (UnknownError, FileNotFoundError) as error:
            raise NotFound("The file is not there any more.") from error
        answer.make_conditional(request, accept_ranges=True, complete_length=file.size)
        answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a preview in the widget
        answer.headers["Cache-Control"] = "private, max-age=3600"
        return answer

    return blueprint


def add_upload(blueprint: APIBlueprint, path: str, **options: Any) -> Callable[..., Any]:
    """The decorator of a view that takes a file at ``path``; see `allow_uploads`."""
    decorator: Callable[..., Any] = blueprint.post(
        f"{path}{_UPLOADS}", summary="Send a file", responses={"200": MessageShape}, **options
    )
    return decorator
