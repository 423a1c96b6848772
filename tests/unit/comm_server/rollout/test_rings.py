from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comm_server.rollout.rings import assign, plan_rings, share, site_rings
from common.errors import OperatorError
from common.wire.rollout import Ring, read_ring, read_rings

CLIENTS = [f"c-{n}" for n in range(20)]


@pytest.mark.parametrize("text", ["canary 10%", "front-desk", "all approve", "客服 5% approve",
     "canary 5% <=5% approve"])  # fmt: skip
def test_a_ring_is_read_and_written_the_same(text: str):
    assert read_ring(text).as_text() == text


@pytest.mark.parametrize(
    "text",
    ["", "canary ten%", "canary 101%", "canary <=101%", "a b c", "x" * 41, "a/b"],
)
def test_a_ring_that_is_not_well_written_is_refused_in_words(text: str):
    with pytest.raises(OperatorError, match="Write it like"):
        read_ring(text)


@pytest.mark.parametrize("texts", [[], ["all", "all"]])
def test_a_plan_needs_rings_each_once(texts: list[str]):
    with pytest.raises(OperatorError, match="must be 1 to 20"):
        read_rings(texts)


def test_lots_fill_the_canary_and_the_last_ring_takes_the_rest():
    rings = read_rings(["canary 10%", "desk", "all"])
    given_to = assign(rings, [(c, "desk" if c == "c-3" else None) for c in CLIENTS])
    assert given_to["c-3"] == 1
    assert sum(place == 0 for place in given_to.values()) == 2
    assert sum(place == 2 for place in given_to.values()) == 17


def test_who_was_named_to_the_canary_counts_into_its_per_cent():
    rings = read_rings(["canary 10%", "all"])
    named = {"c-7", "c-9"}
    given_to = assign(rings, [(c, "canary" if c in named else None) for c in CLIENTS])
    assert {c for c, place in given_to.items() if place == 0} == named


def test_one_computer_alone_is_the_canary():
    assert assign(read_rings(["canary 10%", "all"]), [("c-1", None)]) == {"c-1": 0}


_rings = st.lists(
    st.builds(Ring, st.text("abcdef", min_size=1, max_size=3), st.integers(0, 100)),
    min_size=1, max_size=4, unique_by=lambda ring: ring.name,
)  # fmt: skip
_clients = st.lists(
    st.tuples(st.text("abcdefgh", min_size=1), st.none() | st.text("abcdef", min_size=1)),
    max_size=30, unique_by=lambda one: one[0],
)  # fmt: skip


@given(_rings, _clients)
def test_every_client_has_exactly_one_ring_and_the_same_each_time(rings, clients):
    given_to = assign(rings, clients)
    assert given_to.keys() == {client for client, _ring in clients}
    assert all(0 <= place < len(rings) for place in given_to.values())
    assert assign(rings, list(reversed(clients))) == given_to
    names = [ring.name for ring in rings]
    assert all(given_to[c] == names.index(ring) for c, ring in clients if ring in names)


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_a_share_is_at_least_one_and_never_more_than_its_per_cent(members: int, percent: int):
    at_once = share(members, percent)
    assert at_once >= 1
    assert at_once == 1 or at_once * 100 <= members * percent


def plan(setting, asked):
    return [ring.as_text() for ring in plan_rings(setting, asked)]


ASKED = ("canary 5%", "early 25%", "all approve")


@pytest.mark.parametrize(
    ("setting", "asked", "expected"),
    [
        ((), (), ["canary 10%", "all"]),
        (("desk", "all"), (), ["desk", "all"]),
        ((), ASKED, ["canary 5% <=5%", "early 25% <=25%", "all approve"]),
        (("all",), ASKED, ["canary 5% <=5%", "early 25% <=25%", "all approve"]),
        (("pilot 50%", "all"), ASKED, ["pilot 5% <=5%", "early 25% <=25%", "all approve"]),
        (("pilot 2% approve", "desk", "shop", "all"), ASKED,
         ["pilot 2% <=5% approve", "desk <=25%", "shop approve", "all"]),
        (("pilot", "all approve"), ("all",), ["pilot", "all approve"]),
        (("canary",), ("canary 5%", "all"), ["canary-1 5% <=5%", "canary"]),
    ],
)  # fmt: skip
def test_a_plan_joins_what_the_site_set_and_what_the_vendor_terms(setting, asked, expected):
    assert plan(setting, asked) == expected


def test_beyond_its_most_a_ring_hands_those_who_were_named_to_it_on_to_the_next():
    rings = read_rings(["canary 5% <=5%", "desk", "all"])
    given_to = assign(rings, [(c, "canary") for c in CLIENTS])
    assert sorted(given_to.values()) == [0] + [2] * 19


_asked = st.lists(st.tuples(st.integers(1, 100), st.booleans()), min_size=1, max_size=4)


@given(_rings, _asked, _clients)
def test_however_a_site_is_set_it_is_never_laxer_than_the_vendor_terms(rings, asked, clients):
    vendor = [Ring(f"v{n}", percent, approve) for n, (percent, approve) in enumerate(asked)]
    found = plan_rings([one.as_text() for one in rings], [one.as_text() for one in vendor])
    assert len(found) >= len(vendor)
    assert len({one.name for one in found}) == len(found)
    given_to = assign(found, clients)
    may = 0
    for place, wanted in enumerate(vendor):
        assert found[place].approve or not wanted.approve
        if place < len(vendor) - 1:
            may += share(len(clients), wanted.percent)
            assert sum(at <= place for at in given_to.values()) <= may


@given(_rings, _clients)
def test_where_the_vendor_asks_nothing_the_site_is_as_it_was_set(rings, clients):
    texts = [one.as_text() for one in rings]
    assert assign(plan_rings(texts, ()), clients) == assign(site_rings(texts), clients)
