"""Writes the pages under docs/ that are made from the code: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path

from appliance.domain import agent_state, conversation, events, refusals
from common.settings import Key, keys_of, known_sections
from updater import states as updater

HERE = Path(__file__).resolve().parent

_HEAD = """\
# Settings

Made from the code by `make docs`; do not edit.

One TOML file for all programs: `callstead.toml` in `CALLSTEAD_HOME` (default `./var`), or the file
that `CALLSTEAD_SETTINGS` names. `callstead settings` prints it with every key at its default. A key
that is not known is refused, with the nearest known one. The environment overrides the file: the
variable of a key is `CALLSTEAD_` and the key in upper case with `_` for `.`, so `comm.mail.host` is
`CALLSTEAD_COMM_MAIL_HOST`. SIGHUP makes a program check the whole file, then take it over, or keep
what it had.
"""
_ROOMS = {
    "appliance": "The appliance",
    "comm": "The communications server",
    "home": "The vendor's home",
    "updater": "The updater",
}


def settings_page() -> str:
    """docs/settings.md: every key with its unit, default, limits and reason."""
    parts = [_HEAD]
    for name, kind in sorted(known_sections().items()):
        parts += [f"\n## {_ROOMS[name]}: `[{name}]`\n"]
        parts += ["| key | default | what for |", "|---|---|---|"]
        parts += [_row(key) for key in keys_of(kind, name)]
    return "\n".join(parts) + "\n"


def _row(key: Key) -> str:
    default = _toml(key)
    unit = f" {key.metadata['unit']}" if key.metadata["unit"] else ""
    doc = " ".join([key.metadata["doc"], *_limits(key)]).replace("|", "\\|")
    return f"| `{key.path}` | `{default}`{unit} | {doc} |"


def _limits(key: Key) -> Iterator[str]:
    low, high = key.metadata["min"], key.metadata["max"]
    if key.metadata["choices"]:
        yield "One of: " + ", ".join(f"`{choice}`" for choice in key.metadata["choices"]) + "."
    if low is not None and high is not None:
        yield f"From {low:g} to {high:g}."
    elif low is not None:
        yield f"At least {low:g}."
    elif high is not None:
        yield f"At most {high:g}."


def _toml(key: Key) -> str:
    if isinstance(key.default, tuple):
        return "[" + ", ".join(f'"{item}"' for item in key.default) + "]"
    if isinstance(key.default, bool):
        return str(key.default).lower()
    return f'"{key.default}"' if isinstance(key.default, str) else str(key.default)


def states_page(
    title: str, source: str, table: Mapping[tuple[StrEnum, StrEnum], StrEnum], begin: StrEnum
) -> str:
    """A diagram, then the table for those who read it as text."""
    steps = [(str(old), str(event), str(new)) for (old, event), new in table.items()]
    arrows = "".join(f"    {old} --> {new}: {event}\n" for old, event, new in steps)
    rows = "".join(f"| {old} | {event} | {new} |\n" for old, event, new in steps)
    events = {event for _old, event, _new in steps}
    illegal = len(type(begin)) * len(events) - len(steps)
    return (
        f"# {title}\n\n"
        f"Drawn from the table in `{source}` by `make docs`; do not edit. What each state\n"
        f"means is told at the top of that file.\n\n"
        f"```mermaid\nstateDiagram-v2\n    [*] --> {begin}\n{arrows}```\n\n"
        f"| state | event | next state |\n|---|---|---|\n{rows}\n"
        f"Everything else ({illegal} pairs) is illegal and refused.\n"
    )


_EVENTS = """\
# Events

Made from the table in `appliance/domain/events.py` by `make docs`; do not edit.

Everything that the call centre does is an event: `who` did it (`agent:5`, `contact:17`, `user:1`,
`system`), when, and what it is about (`conversation`, `agent`, `queue`: ids, or null). The live
pages read them from the feed's topics, reports and webhooks from the table of events. A webhook
gets `{"type": KIND, "timestamp": …, "data": {"event": NUMBER, "who": …, …}}`, signed as Standard
Webhooks say. What is told live alone is not in that table: neither what was said, nor marks. One
with a `batch_size` above 1 gets
`{"type": "events", "timestamp": …, "data": {"events": [EVENT, …]}}`.

A webhook hears of its events in their order, each at least once: keep `data.event`, the number of
the event, and pass over one that came before (`webhook-id` names the request, the same when it is
sent again). What is not taken is sent again, after 5 s, 30 s and 2 min, and what is behind it
waits. While there is no answer at all, or 429 or 503, it goes on so, and the order is kept. With
any other answer an event that was refused three times more is set aside: the others go on, and it
comes by itself, for two days.

The topics: `floor` for whoever may see the floor, `agent/N` for that agent (and what changes at
every desk), `conversation/N` for the agents of a conversation, `visitor/N` for its contact (notes
are left out). A field in brackets is not always there.

A topic is read at `/api/v1/feed?topic=T&after=N` (`&wait=25` waits for news), or over a WebSocket
there: send `{"subscribe": "floor", "after": 0}`. A browser shows its session; a customer's program
shows an API key or an access token as `Authorization: Bearer` (in a browser: the subprotocols
`callstead` and `key.KEY`). `floor` and `agent/N` need the permission `floor.see`, one's own
`agent/N` and `conversation/N` need `conversations.take`. A right that is taken away (another role,
a session or a key that is over, an account that is closed) ends what is told within two seconds,
with `{"topic": T, "error": "refused"}`.

| kind | what happened | about | further | live alone | told in | kept |
|---|---|---|---|---|---|---|
"""


def events_page() -> str:
    """docs/events.md: every kind of event."""
    return _EVENTS + "".join(_event(kind, one) for kind, one in events.KINDS.items())


def _event(kind: str, one: events.EventKind) -> str:
    about = ", ".join(one.about)
    seen = ", ".join(events.seen_by(kind))
    kept = "yes" if one.kept else "no"
    return (
        f"| `{kind}` | {one.meaning} | {about} | {_fields(one.fields)} | {_fields(one.live)} "
        f"| {seen} | {kept} |\n"
    )


def _fields(fields: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}`: {text}" if text else f"`{name}`" for name, text in fields.items())


_REFUSALS = """\
# Refusals

Made from the tables in `appliance/domain/refusals.py` by `make docs`; do not edit.

What the REST interface refuses is answered as `application/problem+json` (RFC 9457), and a command
over the feed's WebSocket as `{"id": …, "problem": {…}}` with the same body:

```json
{"type": "not-sayable", "kind": "message-too-long", "parameters": {"length": 9000, "most": 4000},
 "title": "Unprocessable Entity", "status": 422,
 "detail": "The message has 9000 characters; at most 4000 are taken. Send it in parts, …."}
```

- `kind` is stable: a page in another language, or a customer's own system, has its own sentence for
  it and fills in `parameters`. The OpenAPI document lists the kinds. `type` is its family.
- `detail` is the same in English, for logs and for kinds that a program does not know.
- With `invalid`, `errors` has a line for each field or parameter: `where` (`body.name`), `what` (in
  English), `kind` (Pydantic's name, such as `string_too_long`, or one of the kinds below) and
  `parameters` (such as `{"max_length": 100}`).
- With 429, the header `Retry-After` says in how many seconds it is taken again.

| kind | parameters | the sentence in English |
|---|---|---|
"""
_OF_THE_WEB = """
## What HTTP itself says

| kind | when |
|---|---|
"""


def refusals_page() -> str:
    """docs/refusals.md: every kind of refusal."""
    rows = (
        f"| `{kind}` | {', '.join(f'`{one}`' for one in refusals.names_in(kind))} | {sentence}. |\n"
        for kind, sentence in refusals.KINDS.items()
    )
    web = (f"| `{kind}` | {when} |\n" for kind, when in refusals.WEB_KINDS.items())
    return _REFUSALS + "".join(rows) + _OF_THE_WEB + "".join(web)


PAGES = {
    "events.md": events_page,
    "refusals.md": refusals_page,
    "settings.md": settings_page,
    "states-updater.md": partial(
        states_page,
        "States of a program under the updater",
        "updater/states.py",
        updater.TABLE,
        updater.State.IDLE,
    ),
    "states-conversation.md": partial(
        states_page,
        "States of a conversation",
        "appliance/domain/conversation.py",
        conversation.TABLE,
        conversation.State.NEW,
    ),
    "states-presence.md": partial(
        states_page,
        "Presence of an agent",
        "appliance/domain/agent_state.py",
        agent_state.TABLE,
        agent_state.Presence.OFFLINE,
    ),
}


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
