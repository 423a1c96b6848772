"""What an agent or a supervisor looks at: a conversation, its messages and files, what came before.

Whoever has no part in a conversation and may look all the same is put on record, once for a look:
one at the desk reads several of these.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.chat_shapes import DetailShape, detail_shape
from appliance.api.v1.files import FileAddress, FileAddresses, UploadForm, Uploads, add_upload
from appliance.api.v1.gate import needs
from appliance.api.v1.here import agent_here, caller, on_record, whence, who
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import (
    Answer,
    ConversationId,
    ConversationShape,
    Messages,
    Page,
    conversation_shape,
    messages_shape,
)
from appliance.domain.audit import Audit
from appliance.domain.live import conversation_topic
from appliance.domain.records import Conversation
from appliance.domain.roles import HELP_OTHERS, SEE_FLOOR
from appliance.domain.work import Floor, UnknownError, Work
from appliance.services.take_part import has_part, listen, stop_listening
from appliance.services.transcript_reads import TranscriptReads
from appliance.services.trouble import NotYoursError

LOOK_SECONDS = 60.0  # a look at a conversation that pauses for as long is another one
_ONE = "/conversations/<int:conversation>"


class FileHere(ConversationId):
    """In the path."""

    file: str = Field(pattern="^[0-9a-f]{32}$")


class Earlier(Shape):
    """A contact's earlier conversations, newest first; `cursor` is the next page's `after`."""

    items: list[ConversationShape]
    cursor: int


def add_looks(
    blueprint: APIBlueprint,
    floor: Floor,
    reads: TranscriptReads,
    head: Callable[[str], int],
    addresses: FileAddresses,
) -> None:
    """Put them on the desk's blueprint."""
    looked = looking(floor, reads)

    @blueprint.get(_ONE, summary="One conversation, all but its messages",
                   responses={"200": DetailShape})  # fmt: skip
    def detail(path: ConversationId) -> Answer:
        looked(path.conversation)
        cursor = head(conversation_topic(path.conversation))
        mine = agent_here(floor).id
        return jsonify(
            floor.read(
                lambda work: detail_shape(work, work.conversation(path.conversation), mine, cursor)
            )
        )

    @blueprint.get(f"{_ONE}/messages", summary="What was said", responses={"200": Messages})
    def get_messages(path: ConversationId, query: Page) -> Answer:
        looked(path.conversation)
        found = floor.read(lambda work: work.messages(path.conversation, query.after, query.most))
        return jsonify(messages_shape(list(found), query.after))

    @blueprint.get(f"{_ONE}/earlier", summary="What came before with this contact",
                   responses={"200": Earlier})  # fmt: skip
    def earlier(path: ConversationId, query: Page) -> Answer:
        looked(path.conversation)
        before = query.after or path.conversation

        def job(work: Work) -> list[Conversation]:
            contact = work.conversation(path.conversation).contact
            return list(work.conversations_of(contact, before, query.most))

        found = floor.read(job)
        cursor = found[-1].id if len(found) == query.most else 0
        return jsonify(items=[conversation_shape(one) for one in found], cursor=cursor)

    @blueprint.get(f"{_ONE}/attachments/<string:file>", summary="Where a file can be fetched",
                   responses={"200": FileAddress})  # fmt: skip
    def address(path: FileHere) -> Answer:
        looked(path.conversation)
        found = floor.read(lambda work: work.attachments.one(path.file))
        if found.conversation != path.conversation:
            raise UnknownError("attachment", path.file)
        return jsonify(addresses.of(found))


def add_listening(blueprint: APIBlueprint, floor: Floor, audit: Audit, uploads: Uploads) -> None:
    """Put on the desk's blueprint what supervisors do unnoticed, and the way in for files."""

    @blueprint.post(f"{_ONE}/listen", summary="Read along, unnoticed; it is on record",
                    responses={"200": ConversationShape})  # fmt: skip
    @needs(HELP_OTHERS)
    def listens(path: ConversationId) -> Answer:
        mine = agent_here(floor).id
        floor.read(lambda work: work.conversation(path.conversation))
        on_record(audit, "conversation.listen", f"conversation {path.conversation}")
        found = floor.write(lambda work: listen(work, path.conversation, mine))
        return jsonify(conversation_shape(found))

    @blueprint.post(f"{_ONE}/unlisten", summary="Read along no more",
                    responses={"200": ConversationShape})  # fmt: skip
    def listens_no_more(path: ConversationId) -> Answer:
        mine = agent_here(floor).id
        found = floor.write(lambda work: stop_listening(work, path.conversation, mine))
        return jsonify(conversation_shape(found))

    @add_upload(blueprint, _ONE)
    def upload(path: ConversationId, form: UploadForm) -> Answer:
        return jsonify(uploads.take(path.conversation, agent_here(floor).id, form))


def looking(floor: Floor, reads: TranscriptReads) -> Callable[[int], None]:
    """What allows a look at a conversation, or refuses it; see the module."""

    def looked(conversation: int) -> None:
        """Allow the look: to those with a part; else to whom it may concern, with a line."""
        mine = agent_here(floor).id

        def theirs(work: Work) -> bool:
            found = work.conversation(conversation)
            if has_part(work, found, mine):
                return True
            if caller().may(SEE_FLOOR) or _same_contact(work, found, mine):
                return False
            raise NotYoursError(mine, conversation)

        if not floor.read(theirs):
            reads.record(who(), f"conversation {conversation}", whence())

    return looked


def _same_contact(work: Work, conversation: Conversation, agent: int) -> bool:
    """Whether the agent speaks with the same contact now: they may know what was said before."""
    return any(one.contact == conversation.contact for one in work.held_by(agent))
