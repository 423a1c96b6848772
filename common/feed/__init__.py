"""The feed: how anything live reaches anyone.

**The idea.** What happens is written once, as an event ``(topic, seq, at, kind, data)``, in the
same transaction as the change it tells of. ``seq`` counts 1, 2, 3, … within its topic, without
gaps. So there is never a change without its event, or an event whose change was undone.

**Reading.** A reader keeps one number for each topic, its *cursor*: the last ``seq`` it has
dealt with. It asks for "everything after N", and nothing else: the server remembers nothing about
readers. A connection that breaks, a reader or a server that dies, costs nothing; the reader
comes back with its cursor, to any node, and gets each event once and in order.

**Three ways, the same events.** At one address:

- poll: ``GET …?topic=T&after=N`` answers at once ``{"topic", "events": […], "cursor": M}``;
- long poll: the same with ``&wait=25`` answers when there is something, or after 25 s;
- WebSocket: send ``{"subscribe": T, "after": N}``, get ``{"topic", "events": […], "cursor": M}``
  as they happen; ``{"unsubscribe": T}`` ends one. ``{"heartbeat": "<time>"}`` comes every 20 to
  25 s, so that a page notices a dead connection. A frame with ``do`` is a command (`commands`): it
  is answered under its own ``id`` after the commit, or refused with a sentence.

**Reload.** Events are kept for a while only (`prune`). A cursor from before that, or from after
the last event (the database was restored from a backup), cannot be continued: 410, or on the
WebSocket a frame, ``{"topic", "reload": true, "cursor": M}``. The reader then reads the state
itself afresh and follows on from M. So events are hints with ids, small, and the state
must be readable without them.

**Who reads.** A room looks at the connection (`Asker`): a client certificate, a session's cookie,
or a key. A page of another site, such as a web shop's with our chat on it, has a key and no cookie.

**Waking.** A writer's commit wakes the process's own waiters (`Wakeups.notify` as the
Store's ``on_commit``). A commit by another process, such as the command line, is seen within a
second through SQLite's ``data_version``. Waking is a hint too: a waiter then reads the database.

**Moments.** What is worth telling now or never (somebody types) is no event: `Passing` carries it
to the WebSockets that are open, without a commit, and drops it for everybody else.

**Slow readers.** Nothing is queued for a reader. A WebSocket gets one batch, and the next is read
only when the socket has taken the one before. A reader that takes nothing misses its heartbeat
and is closed.

Files: `schema` the tables; `events` append, read, prune; `storage` what another database would
have to offer; `wakeups` who waits for what; `asker` who they are; `app` and `socket` the ASGI
side; `rights` asks again what open sockets may read; `commands` what a socket asks for; `passing`
moments; `client` a reader.
"""

from __future__ import annotations

from common.feed.app import FeedApp, FeedLimits
from common.feed.asker import Asker
from common.feed.commands import Answer, Commander
from common.feed.events import CursorGoneError, Event, FeedReader, append, prune
from common.feed.passing import Passing
from common.feed.rights import MayReadAll
from common.feed.storage import Fresh
from common.feed.wakeups import Wakeups

__all__ = [
    "Answer",
    "Asker",
    "Commander",
    "CursorGoneError",
    "Event",
    "FeedApp",
    "FeedLimits",
    "FeedReader",
    "Fresh",
    "MayReadAll",
    "Passing",
    "Wakeups",
    "append",
    "prune",
]
