"""Two edits of one version at the same moment, at two nodes with one PostgreSQL."""

from __future__ import annotations

import contextlib
import copy
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from appliance.api.v1.tags import Precondition
from tests.web.appliance.people import Person, Visitor, ready

EN, ZH = {"en": "One"}, {"zh-CN": "二"}
_BESIDE = 0.3  # seconds for the other one to come as far, which it must not


@pytest.fixture
def together(monkeypatch) -> None:
    """Who found its version unchanged waits for the other one to find the same, or for long."""
    met = threading.Barrier(2)
    check = Precondition.check

    def checked(seen: Precondition, shape: Any) -> None:
        check(seen, shape)
        with contextlib.suppress(threading.BrokenBarrierError):
            met.wait(_BESIDE)
        met.reset()

    monkeypatch.setattr(Precondition, "check", checked)


@pytest.mark.parametrize("nodes", [2], indirect=True, ids=["two nodes"])
def test_of_two_edits_of_one_version_at_two_nodes_one_is_refused(
    house, queues, admin, agents, together
):
    there = copy.copy(house)
    there.appliance = house.public
    both = (admin, Person(there, "admin"))
    ready(agents[0])
    visitor = Visitor(house, queues[0])
    card = agents[0].get(f"/desk/cards/{visitor.id}")
    there_already = {
        f"/queues/{queues[0]}": ("name", "a", "b"),
        f"/agents/{agents[0].get('/desk/me')['id']}": ("capacity", 50, 75),
        f"/desk/cards/{visitor.id}": ("tags", ["a"], ["b"]),
        f"/desk/contacts/{card['contact']}": ("note", "a", "b"),
    }
    edits = [(path, admin.get(path)["etag"], *change) for path, change in there_already.items()]
    block = {"kind": "network", "value": "192.0.2.7", "reason": "spam", "until": None}
    for kind, new, *change in (
        ("labels", {"kind": "tag", "word": "w", "names": EN}, "names", EN | {"zh-CN": "一"}, ZH),
        ("fields", {"subject": "contact", "key": "k", "names": EN}, "names", ZH, ZH | EN),
        ("canned", {"shortcut": "s", "texts": EN}, "shortcut", "a", "b"),
        ("teams", {"name": "day"}, "name", "night", "noon"),
        ("blocklist", block, "reason", "noise", "abuse"),
    ):
        made = admin.do("POST", f"/{kind}", new, 201)
        edits.append((f"/{kind}/{made['id']}", made["etag"], *change))

    def edit(who: Person, path: str, etag: str, change: dict[str, Any]) -> int:
        status: int = who.ask("PATCH", path, change, **{"If-Match": f'"{etag}"'}).status_code
        return status

    with ThreadPoolExecutor(2) as threads:
        for path, etag, name, *values in edits:
            begun = [
                threads.submit(edit, who, path, etag, {name: value})
                for who, value in zip(both, values, strict=True)
            ]
            assert sorted(one.result(60) for one in begun) == [200, 412], path
