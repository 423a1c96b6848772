from __future__ import annotations

import pytest

from appliance.process_roles import (
    ALL,
    ProcessRole,
    carriers_of,
    in_order,
    port_key,
    roles_of,
    topic_allowed,
)
from common.errors import OperatorError

VISITOR, DESK, PHONE, WORKER = ProcessRole


def test_roles_are_named_with_commas():
    assert roles_of("visitor,desk,phone,worker") == ALL
    assert roles_of(" worker , phone ") == {WORKER, PHONE}
    assert in_order({WORKER, VISITOR}) == "visitor, worker"


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ("visitors", "There is no role 'visitors'; the roles are visitor, desk, phone, worker."),
        ("", "Name at least one role"),
    ],
)
def test_roles_that_would_do_nothing_are_refused_in_words(named, sentence):
    with pytest.raises(OperatorError, match=sentence):
        roles_of(named)


@pytest.mark.parametrize(
    ("path", "carriers"),
    [
        ("/widget.js", {VISITOR}),
        ("/widget/abc.js", {VISITOR}),
        ("/example", {VISITOR}),
        ("/api/v1/chat", {VISITOR}),
        ("/api/v1/chat/messages", {VISITOR}),
        ("/api/v1/chats", {DESK}),
        ("/api/v1/feed", {VISITOR, DESK}),
        ("/", {DESK}),
        ("/widgets", {DESK}),
        ("/sign-in", {DESK}),
        ("/api/v1/desk/me", {DESK}),
        ("/what-comes-later", {DESK}),
        ("/healthz", ALL),
        ("/metrics", ALL),
    ],
)
def test_every_path_has_somebody_who_answers(path, carriers):
    assert carriers_of(path) == carriers


def test_a_process_tells_of_its_own_topics_alone():
    topics = ("visitor/7", "conversation/7", "agent/1", "floor")
    told = {role: [t for t in topics if topic_allowed(frozenset({role}), t)] for role in ALL}
    assert told == {
        VISITOR: ["visitor/7"], DESK: ["conversation/7", "agent/1", "floor"], PHONE: [], WORKER: [],
    }  # fmt: skip


def test_a_process_listens_at_the_port_of_what_it_carries():
    ports = {named: port_key(roles_of(named)) for named in ("visitor,worker", "worker", "desk")}
    assert ports == {"visitor,worker": "visitor_port", "worker": "worker_port", "desk": "port"}
    assert port_key(ALL) == "port"
