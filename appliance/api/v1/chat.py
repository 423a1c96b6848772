"""What a web visitor does: begin a chat, speak, read, leave. Nobody is signed in here.

A conversation has a key, given to whoever began it; with it, and nothing else, its visitor's side
can be read and spoken in. It travels in the ``Authorization`` header, never in an address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from flask import jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import Field
from werkzeug.exceptions import Unauthorized

from appliance.api.v1.again import answer_is, answered_before, remember_answer
from appliance.api.v1.chat_files import add_files
from appliance.api.v1.files import FileAddresses, Uploads
from appliance.api.v1.looks import Looks, add_look
from appliance.api.v1.part_verbs import MOST_AT_ONCE, VisitBody
from appliance.api.v1.problems import Problem, answer_problems
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Messages, MessageShape, Page, Strict, message_shape
from appliance.api.v1.standing import Standing, standing_shape
from appliance.api.v1.verbs import Here, Nothing, Verb, add_posts
from appliance.domain.contact import Identity
from appliance.domain.conversation import WAITING, State
from appliance.domain.live import visitor_topic
from appliance.domain.queue import Entry
from appliance.domain.work import Floor, Work
from appliance.services import talk
from appliance.services.arrive import Arrival, Arrived, arrive
from appliance.services.keep_moving import change
from appliance.services.say_message import Saying, say_message
from appliance.services.visited import visited
from appliance.services.visitor_door import VisitorDoor
from appliance.services.waiting_places import Places

CHANNEL = "chat"
WEIGHT = 25  # of the 100 that an agent usually has; see `appliance.domain.capacity`


class BeginBody(Strict):
    """A visitor who wants to chat."""

    queue: int = Field(ge=1, le=2**31 - 1)
    visitor: str = Field(min_length=16, max_length=64, description="The browser's own random id.")
    name: str = Field("", max_length=100)
    page: str = Field("", max_length=2000, description="Where on the web page the visitor is.")
    subject: str = Field("", max_length=200)
    visits: list[VisitBody] = Field(
        default_factory=list,
        max_length=MOST_AT_ONCE,
        description="The pages before this one, oldest first.",
    )
    leaves_message: bool = Field(
        default=False, description="Out of hours: keep it for the next shift."
    )


class Begun(Shape):
    """What became of it."""

    conversation: int
    key: str = Field(description="To be sent as `Authorization: Bearer`.")
    entry: str = Field(description="`taken`, or why not: `closed`, `full`.")
    opens_at: str | None


class SayBody(Strict):
    """A message; the same `key` again is the same message."""

    key: str
    text: str


def chat(
    floor: Floor,
    keys: ConversationKeys,
    head: Callable[[str], int],
    verbs: Sequence[Verb],
    uploads: Uploads,
    addresses: FileAddresses,
    places: Places,
    looks: Looks,
    door: VisitorDoor,
) -> APIBlueprint:
    """The blueprint.

    Args:
        floor: where it is kept.
        keys: the conversations'.
        head: the newest number of a topic of the feed.
        verbs: `visitor_verbs`.
        uploads: takes files.
        addresses: where they are fetched.
        places: of those who wait.
        looks: how the chat looks.
        door: lets visitors in, and not too often.
    """
    blueprint = APIBlueprint(
        "chat", __name__, url_prefix="/api/v1/chat",
        abp_tags=[Tag(name="chat", description="What a web visitor does.")],
        abp_security=[{"conversation": []}], abp_responses={"4XX": Problem},
    )  # fmt: skip
    answer_problems(blueprint)

    @blueprint.post("", summary="Begin a chat", security=[{}], responses={"201": Begun})
    def begin(body: BeginBody) -> Answer:
        arrival = Arrival(
            channel=CHANNEL, queue=body.queue, weight=WEIGHT,
            identities=[Identity("cookie", body.visitor, sure=False)], name=body.name,
            subject=body.subject or body.page, leaves_message=body.leaves_message,
        )  # fmt: skip
        door.arrives(request.remote_addr or "", arrival.identities)
        again = answered_before(f"visitor:{body.visitor}")
        if again:
            return again

        def job(work: Work) -> Arrived:
            arrived = arrive(work, arrival)
            door.contact(arrived.conversation.contact)
            for one in body.visits:
                visited(work, arrived.conversation.id, one.url, one.title, MOST_AT_ONCE)
            return arrived

        answer_is(begun)
        return jsonify(begun(change(floor, job))), 201

    def begun(arrived: Arrived) -> dict[str, object]:
        opens = arrived.opens_at if arrived.entry is Entry.CLOSED else None
        return {
            "conversation": arrived.conversation.id,
            "key": keys.of(arrived.conversation.id),
            "entry": str(arrived.entry),
            "opens_at": opens.isoformat() if opens else None,
        }

    def mine_here() -> int:
        try:
            mine = keys.here()
        except Unauthorized:
            door.looks(request.remote_addr or "")
            raise
        door.asks(mine)
        return mine

    @blueprint.get("/standing", summary="How it stands", responses={"200": Standing})
    def standing() -> Answer:
        mine = mine_here()
        cursor = head(visitor_topic(mine))
        place = places.of(mine)
        return jsonify(floor.read(lambda work: standing_shape(work, mine, cursor, place)))

    @blueprint.get("/messages", summary="What was said", responses={"200": Messages})
    def get_messages(query: Page) -> Answer:
        mine = mine_here()
        found = floor.read(lambda work: work.messages(mine, query.after, query.most))
        cursor = found[-1].number if found else query.after
        seen = [message_shape(one) for one in found if not one.internal]
        return jsonify(items=seen, cursor=cursor)

    def here() -> Here:
        return Here(mine_here(), address=request.remote_addr or "")

    blueprint.after_request(remember_answer)
    add_posts(blueprint, verbs, floor, lambda _verb, _path: here())
    add_files(blueprint, floor, mine_here, uploads, addresses, door)
    add_look(blueprint, floor, looks, door)
    return blueprint


def visitor_verbs(
    head: Callable[[str], int], most_length: Callable[[], int], door: VisitorDoor
) -> tuple[Verb, ...]:
    """What a visitor can do in their conversation; ``most_length`` of a message, in characters."""

    def say(work: Work, here: Here, body: SayBody) -> dict[str, object]:
        door.speaks(work, here.conversation, here.address)
        saying = Saying(here.conversation, body.key, body.text)
        return message_shape(say_message(work, saying, most_length()))

    def leave(work: Work, here: Here, _body: Nothing) -> dict[str, object]:
        state = work.conversation(here.conversation).state
        if state in WAITING:
            talk.leave(work, here.conversation)
        elif state in {State.ACTIVE, State.HELD, State.SNOOZED}:
            talk.end(work, here.conversation, None)
        cursor = head(visitor_topic(here.conversation))
        return standing_shape(work, here.conversation, cursor)

    return (
        Verb("say", "/messages", "Say something", MessageShape, say, SayBody, short=True),
        Verb("leave", "/leave", "Go", Standing, leave),
    )


_MOST_KEY = 128  # characters; ours have half as many
_MOST_KNOWN = 16_384  # keys that were judged, of those who are here just now


class ConversationKeys:
    """The key of each conversation's visitor: its number, signed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """``keys``: oldest first; the newest signs, all are good."""
        self._signer = URLSafeSerializer(list(keys), salt="conversation")
        self._known = lru_cache(_MOST_KNOWN)(self._signed)  # judging one costs as much as a message

    def of(self, conversation: int) -> str:
        """The key."""
        key = self._signer.dumps(conversation)
        return key if isinstance(key, str) else key.decode()

    def read(self, key: str) -> int | None:
        """Whose key it is; None: nobody's."""
        return self._known(key) if len(key) <= _MOST_KEY else None

    def _signed(self, key: str) -> int | None:
        try:
            found = self._signer.loads(key)
        except BadSignature:
            return None
        return found if isinstance(found, int) else None

    def here(self) -> int:
        """The conversation whose key the request shows; 401 without one."""
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        found = self.read(key.strip()) if kind.lower() == "bearer" else None
        if found is None:
            raise Unauthorized("Show the conversation's key as `Authorization: Bearer`.")
        return found
