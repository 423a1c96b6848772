"""What can be done in a conversation: one table for each side, for REST and the feed's frames.

A verb is one line of `visitor_verbs` (`appliance.api.v1.chat`) or of `desk_verbs`
(`appliance.api.v1.desk_verbs`). It is then a POST at its path, described in the OpenAPI document,
and a frame on the feed's WebSocket (`appliance.api.v1.frames`); both check the same body, run the
same use case in one transaction, and answer the same JSON after its commit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from flask_openapi3 import APIBlueprint

from appliance.api.v1.gate import needs
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, ConversationId, Strict
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change_soon

_COMMIT_SECONDS = 60.0
Job = Callable[[Work], dict[str, Any]]
Aside = Callable[[Floor, Job], Future[dict[str, Any]]]


@dataclass(frozen=True)
class Here:
    """In which conversation, by whom (``agent`` None: the contact), from which ``address``."""

    conversation: int
    agent: int | None = None
    address: str = ""

    @property
    def by(self) -> int:
        """The agent, in verbs that only agents have."""
        assert self.agent is not None  # noqa: S101 - the desk's verbs always have one
        return self.agent


class Nothing(Strict):
    """A verb that needs no more than the conversation."""


@dataclass(frozen=True)
class Verb:
    """Something that can be done.

    Attributes:
        name: in a frame.
        path: of its POST, below the conversation; may be empty.
        summary: for people.
        shape: of the answer.
        run: the use case, with the body that was checked; answers JSON.
        body: the shape of what it takes.
        permission: what a person needs beyond their side of the conversation; empty: nothing.
        aside: runs what only looks and keeps nothing; None: the floor's writer does.
        short: see `appliance.domain.work.Floor.submit`.
    """

    name: str
    path: str
    summary: str
    shape: type[Shape]
    run: Callable[[Work, Here, Any], dict[str, Any]]
    body: type[Strict] = Nothing
    permission: str = ""
    aside: Aside | None = None
    short: bool = False

    def begin(
        self, floor: Floor, here: Here, body: Strict, *, in_loop: bool = False
    ) -> Future[dict[str, Any]]:
        """Queue it; the future is done after the commit. Raises BusyError.

        ``in_loop``: an event loop asks, and goes on meanwhile; whoever waits must not say so.
        """

        def job(work: Work) -> dict[str, Any]:
            return self.run(work, here, body)

        if self.aside is not None:
            return self.aside(floor, job)
        return change_soon(floor, job, short=self.short and in_loop)


def add_posts(
    blueprint: APIBlueprint,
    verbs: Sequence[Verb],
    floor: Floor,
    here: Callable[[Verb, int | None], Here],
    prefix: str = "",
) -> None:
    """Put ``verbs`` on a blueprint.

    Args:
        blueprint: whose other rules hold for them too.
        verbs: the table.
        floor: where they are run.
        here: who asks, and where: given the number in the path, if there is one; may refuse.
        prefix: before each path; with ``<int:conversation>``, if the path names it.
    """
    for verb in verbs:
        _add(blueprint, verb, floor, here, prefix)


def _add(
    blueprint: APIBlueprint,
    verb: Verb,
    floor: Floor,
    here: Callable[[Verb, int | None], Here],
    prefix: str,
) -> None:
    def view(**given: Any) -> Answer:
        path = given.get("path")
        where = here(verb, path.conversation if path else None)
        body = given.get("body") or Nothing()
        return jsonify(verb.begin(floor, where, body).result(_COMMIT_SECONDS))

    # The framework looks at a view's annotations to know what to check and describe.
    view.__annotations__ = {
        **({"path": ConversationId} if prefix else {}),
        **({} if verb.body is Nothing else {"body": verb.body}),
    }
    view.__name__ = f"do_{verb.name}"
    blueprint.post(f"{prefix}{verb.path}", summary=verb.summary,
                   responses={"200": verb.shape})(needs(verb.permission)(view))  # fmt: skip
