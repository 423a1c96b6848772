"""A release through the rings of a site, by clients that speak the real protocol over mutual TLS.

Short: six clients. `make bench-rollout` is the long form, with 200.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rollout_site import RolloutSite
from tests.support.simulated_client import SimulatedClient
from tests.support.waiting import until

CLIENTS = 6
PAYLOAD = 2_000_000  # beside it, what the mirror asks while it waits counts for nothing


class World:
    def __init__(self, site: RolloutSite, folder: Path) -> None:
        self.site = site
        codes = site.codes(CLIENTS)
        self.clients = []
        for number, code in enumerate(codes):
            client = SimulatedClient(
                folder / f"client-{number}", site.address, site.root, f"seat-{number}",
                gate=0.2,
            )  # fmt: skip
            client.join(code)
            self.clients.append(client)

    def versions(self) -> list[str]:
        return [client.version for client in self.clients]

    def words(self) -> list[str]:
        return [f"{c.name}: {c.version} {c.last_words}" for c in self.clients]

    def all_on(self, version: str) -> None:
        wanted = [version] * CLIENTS
        until(lambda: self.versions() == wanted, 120, f"all on {version}", self.words)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    site = RolloutSite(
        tmp_path / "site",
        COMM_ROLLOUT_RINGS="canary 30%,all",
        COMM_ROLLOUT_QUIET=0,
        COMM_MIRROR_EVERY=3,
        COMM_ROLLOUT_ENOUGH=50,
    )
    with site.serving():
        # Random bytes: nothing can be saved by compressing them.
        site.publish("1.0.0", os.urandom(PAYLOAD))
        world = World(site, tmp_path)
        for client in world.clients:
            client.start()
        try:
            yield world
        finally:
            for client in world.clients:
                client.stop()
            for client in world.clients:
                client.close()


def test_a_release_goes_through_the_rings_and_a_bad_one_is_taken_back_from_all(
    world: World,
) -> None:
    site = world.site
    before = site.relay.bytes_in
    # Every byte is another: a delta cannot save anything, so each client fetches it whole.
    site.publish("1.0.1", os.urandom(PAYLOAD))
    world.all_on("1.0.1")
    assert all(client.fetched >= PAYLOAD for client in world.clients)
    over_the_internet = site.relay.bytes_in - before
    assert PAYLOAD < over_the_internet < 2 * PAYLOAD  # once, however many clients there are
    told = site.rollout("status")
    (rollout,) = [r for r in told["rollouts"] if r["version"] == "1.0.1"]
    assert [ring["installed"] for ring in rollout["rings"]] == [2, 4]
    codes = [d["code"] for d in reversed(told["decisions"]) if d["version"] == "1.0.1"]
    assert codes[:2] == ["begins", "widens"]

    # A release that holds on one of the canaries, and on nobody after it.
    canaries = [c for c in world.clients if c.name in _canaries(site)]
    assert len(canaries) == 2
    site.publish("1.0.2", os.urandom(1000))
    until(lambda: "1.0.2" in world.versions(), 120, "the first on 1.0.2", world.words)
    site.command("comm", "rollout", "return", "companion", "1.0.2", "--by", "Ann")
    world.all_on("1.0.1")
    returned = [client for client in world.clients if "returned" in client.told]
    assert returned
    assert all("rolled_back" not in client.told for client in world.clients)
    decisions = site.rollout("status")["decisions"]
    assert "Ann ordered every client that runs it to return" in str(decisions)


def _canaries(site: RolloutSite) -> tuple[str, ...]:
    (plan,) = site.rollout("plan", "companion", "1.0.1")
    return tuple(plan["rings"][0]["clients"])
