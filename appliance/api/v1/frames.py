"""The verbs as frames on the feed's WebSocket: ``{"do": "say", "id": "k1", "with": {…}}``.

``with`` is the body that REST takes; an agent's frame also names the ``conversation``. The answer
is ``{"id": "k1", "answer": {…}}`` after the commit or ``{"id": "k1", "problem": {…}}``, with the
JSON that REST answers. Whoever hears no answer sends the same again: what is said has its own key,
and is kept once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from pydantic import Field
from werkzeug.exceptions import Forbidden, InternalServerError, NotFound, Unauthorized

from appliance.api.v1.bodies import refuse_unkeepable
from appliance.api.v1.here import agent_of
from appliance.api.v1.problems import problem_of
from appliance.api.v1.shapes import Strict
from appliance.api.v1.verbs import Here, Verb
from appliance.domain.programs import Caller
from appliance.domain.refusals import ForbiddenError, InvalidError
from appliance.domain.roles import TAKE_CONVERSATIONS
from appliance.domain.work import Floor
from common.feed import Answer, Asker, Commander
from common.logs import get_logger

log = get_logger(__name__)


class KnownCallers(Protocol):
    """`appliance.live.callers.Callers`."""

    def find(self, asker: Asker) -> Caller | None:
        """Ask the database; None: nobody."""
        ...

    def known(self, asker: Asker) -> Caller | None:
        """As of a moment ago, without asking; None: nobody, or nobody knows."""
        ...


class _Frame(Strict):
    """One command."""

    do: str = Field(max_length=64)
    id: str
    conversation: int | None = Field(None, ge=1, le=2**31 - 1)
    given: dict[str, Any] = Field(default_factory=dict, alias="with")


class Frames:
    """Makes what carries out the commands of one connection; see `common.feed.commands`.

    Args:
        floor: where verbs are run.
        visitor: the contact's table.
        desk: the agents' table.
        conversation_of: whose key it is; None: nobody's.
        callers: who is behind a connection of an agent.
    """

    def __init__(
        self,
        floor: Floor,
        visitor: Sequence[Verb],
        desk: Sequence[Verb],
        conversation_of: Callable[[str], int | None],
        callers: KnownCallers,
    ) -> None:
        self._floor = floor
        self._visitor = {verb.name: verb for verb in visitor}
        self._desk = {verb.name: verb for verb in desk}
        self._conversation_of = conversation_of
        self._callers = callers

    def __call__(self, asker: Asker) -> Commander:
        """For one connection."""
        if not asker.key:
            return _Agent(self._floor, self._desk, self._callers, asker)
        conversation = self._conversation_of(asker.key)
        return _Visitor(self._floor, self._visitor, conversation, asker.address)


class _Commander:
    """What both sides share."""

    @staticmethod
    def problem(error: BaseException) -> Answer:
        """How it is told that something cannot be done, or failed."""
        told = problem_of(error)
        if told is None:
            log.error("frames.failed", exc_info=error)
            told = problem_of(InternalServerError("It failed here; it can be tried again."))
        return {"problem": told}


class _Visitor(_Commander):
    """The commands of whoever holds a conversation's key."""

    def __init__(
        self, floor: Floor, verbs: Mapping[str, Verb], conversation: int | None, address: str
    ) -> None:
        self._floor, self._verbs, self._conversation = floor, verbs, conversation
        self._address = address

    async def __call__(self, frame: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Begin one command; the future is done after its commit."""
        try:
            if self._conversation is None:
                raise Unauthorized("The key opens no conversation.")
            asked = _read(frame)
            if asked.conversation not in {None, self._conversation}:
                raise Forbidden("The key opens another conversation.")
            verb = _verb(self._verbs, asked)
            here = Here(self._conversation, address=self._address)
            return _begin(self._floor, verb, here, asked)
        except Exception as error:  # noqa: BLE001 - told, or logged, by `problem`
            return _refused(error)


class _Agent(_Commander):
    """The commands of a person who is signed in."""

    def __init__(
        self,
        floor: Floor,
        verbs: Mapping[str, Verb],
        callers: KnownCallers,
        asker: Asker,
    ) -> None:
        self._floor, self._verbs, self._callers, self._asker = floor, verbs, callers, asker
        self._met = False  # here, before

    async def __call__(self, frame: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Begin one command; the future is done after its commit."""
        try:
            caller = await self._caller()
            asked = _read(frame)
            verb = _verb(self._verbs, asked)
            if verb.permission:
                _require(caller, verb.permission)
            if asked.conversation is None:
                raise InvalidError("frame-conversation")
            return _begin(self._floor, verb, Here(asked.conversation, caller.user.id), asked)
        except Exception as error:  # noqa: BLE001 - told, or logged, by `problem`
            return _refused(error)

    async def _caller(self) -> Caller:
        caller = self._callers.known(self._asker)
        if caller is None or not self._met:
            caller = await asyncio.to_thread(self._look, caller)
        if caller is None:
            raise Unauthorized("The session has ended; sign in again.")
        _require(caller, TAKE_CONVERSATIONS)
        return caller

    def _look(self, known: Caller | None) -> Caller | None:
        caller = known or self._callers.find(self._asker)
        if not self._met and caller is not None and caller.may(TAKE_CONVERSATIONS):
            agent_of(self._floor, caller.user)
            self._met = True
        return caller


def _require(caller: Caller, permission: str) -> None:
    """What a program was not given it may not do here either."""
    if not caller.may(permission):
        raise ForbiddenError("permission-missing", permission=permission)


def _read(frame: Mapping[str, Any]) -> _Frame:
    refuse_unkeepable(frame)
    return _Frame.model_validate(frame)


def _verb(verbs: Mapping[str, Verb], asked: _Frame) -> Verb:
    verb = verbs.get(asked.do)
    if verb is None:
        raise NotFound(f"There is no command {asked.do!r}; there are: {', '.join(verbs)}.")
    return verb


def _begin(floor: Floor, verb: Verb, here: Here, asked: _Frame) -> Future[dict[str, Any]]:
    return verb.begin(floor, here, verb.body.model_validate(asked.given), in_loop=True)


def _refused(error: Exception) -> Future[dict[str, Any]]:
    refused: Future[dict[str, Any]] = Future()
    refused.set_exception(error)
    return refused
