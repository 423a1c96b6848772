"""`callstead comm rollout`: the dry run in plain words, and every order by command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from comm_server.rollout.plan import make_plan
from comm_server.rollout.sizes import Sizes
from comm_server.rollout.telling import plan_text, size
from common.cli import main
from common.window import Window
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from tests.unit.comm_server.rollout.world import RolloutWorld

SEATS = [f"seat-{n}" for n in range(1, 11)]


@pytest.fixture
def ringed(world: RolloutWorld, monkeypatch: pytest.MonkeyPatch) -> RolloutWorld:
    monkeypatch.setattr("comm_server.parts.SystemClock", lambda: world.site.clock)
    world.settings(rings=("canary", "all approve"), at_once=30, quiet=600.0)
    world.join(*SEATS)
    world.orders.set_ring("seat-1", "canary", "Ann")
    world.ship("1.0.2")
    return world


def lay_out(world: RolloutWorld, *versions: str) -> RepositorySimulator:
    """Give the mirror the lists of a vendor."""
    vendor = RepositorySimulator("companion")
    for version in versions:
        vendor.ship("companion", version)
    folder = world.site.parts.mirror.live
    for name, data in vendor.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return vendor


def plan_of(world: RolloutWorld) -> Any:
    return make_plan(world.rollout, world.site.parts.mirror.live, world.row())


def call(*words: str) -> Any:
    done = CliRunner().invoke(main, ["comm", "rollout", *words])
    assert done.exit_code == 0, done.output
    return json.loads(done.output) if "--json" in words else done.output


def test_it_says_who_when_and_what_is_waited_for(ringed: RolloutWorld):
    lay_out(ringed, "1.0.2")
    text = plan_text(plan_of(ringed), "en")
    assert "Ring “canary”, 1 client(s), open" in text
    assert "Who: seat-1 (1)" in text
    assert "1 of the 1 in the ring “canary” must have installed it, and 10 minutes" in text
    assert "Somebody must let the ring “all” open." in text
    assert "at most 2 at once" in text
    assert "A client is assumed to take 60 s" in text
    assert "0 B still to come over the Internet" in text


def test_it_says_so_in_chinese(ringed: RolloutWorld):
    lay_out(ringed, "1.0.2")
    text = plan_text(plan_of(ringed), "zh-CN")
    assert "“canary”环，1 台客户端，已开放" in text
    assert "{" not in text


def test_bytes_are_those_of_the_smallest_way_from_what_each_client_runs(ringed: RolloutWorld):
    vendor = lay_out(ringed, "1.0.0", "1.0.2")
    packs = {p: len(d) for p, d in vendor.files.items() if p.endswith("full.tar.zst")}
    (full,) = [n for path, n in packs.items() if "/1.0.2/" in path]
    plan = plan_of(ringed)
    assert [ring.bytes for ring in plan.rings] == [full, 9 * full]
    assert plan.internet == 0
    sizes = Sizes(ringed.site.parts.mirror.live, "companion")
    assert sizes.of("9.9.9", PLATFORM, None) is None
    (pack,) = ringed.site.parts.mirror.live.rglob("1.0.2/*/*.full.tar.zst")
    pack.unlink()  # the mirror has not fetched it yet: over the Internet it comes once
    plan = plan_of(ringed)
    assert plan.internet == full
    assert plan.bytes == 10 * full


def test_a_delta_is_counted_where_there_is_one(ringed: RolloutWorld):
    from common.wire.release import delta_target

    vendor = RepositorySimulator("companion")
    before = vendor.add_release("companion", "1.0.0")
    vendor.add_release("companion", "1.0.2")
    vendor.add_target(delta_target("companion", "1.0.2", PLATFORM, before.digest), b"tiny")
    vendor.bump("companion")
    folder = ringed.site.parts.mirror.live
    for name, data in vendor.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    sizes = Sizes(folder, "companion")
    small, large = (sizes.of("1.0.2", PLATFORM, base) for base in ("1.0.0", "0.9.0"))
    assert small is not None
    assert large is not None
    assert (small.length, small.here) == (4, True)
    assert large.length > 4


def test_a_mirror_without_lists_leaves_the_bytes_out(ringed: RolloutWorld):
    plan = plan_of(ringed)
    assert plan.rings[0].bytes is None
    assert "Bytes" not in plan_text(plan, "en")


def test_times_follow_from_shares_quiet_and_windows(ringed: RolloutWorld):
    plan = plan_of(ringed)
    assert plan.rings[0].ends_at == "2026-11-21T09:01:00.000Z"
    assert plan.rings[1].opens_at == "2026-11-21T09:11:00.000Z"
    assert plan.rings[1].ends_at == "2026-11-21T09:16:00.000Z"  # nine clients, two at once
    ringed.orders.set_window(Window("0 20 * * *", 60, "UTC"), "Ann")
    plan = plan_of(ringed)
    assert plan.rings[0].ends_at == "2026-11-21T20:01:00.000Z"
    assert "Programs may be restarted again from" in plan_text(plan, "en")


def test_a_window_that_never_opens_is_said(ringed: RolloutWorld):
    ringed.orders.set_window(Window("0 0 31 2 *", 60, "UTC"), "Ann")
    plan = plan_of(ringed)
    assert plan.rings[1].opens_at is None
    assert "never opens" in plan_text(plan, "en")


def test_what_clients_took_before_is_measured(ringed: RolloutWorld):
    assert ringed.asks("seat-1")
    ringed.site.clock.advance(42)
    ringed.tell("seat-1")
    plan = plan_of(ringed)
    assert (plan.each_seconds, plan.measured) == (42.0, True)
    assert plan.rings[0].to_go == ()


def test_the_dry_run_changes_nothing(ringed: RolloutWorld):
    before = ringed.store.rows("SELECT * FROM rollouts"), len(ringed.hints())
    call("plan")
    call("status")
    assert (ringed.store.rows("SELECT * FROM rollouts"), len(ringed.hints())) == before


def test_the_command_answers_in_the_terminals_language(
    ringed: RolloutWorld, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "当前" in call("plan")
    assert "Now:" in call("plan", "--language", "en")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert "Now:" in call("plan")


def test_plan_and_status_as_json(ringed: RolloutWorld):
    (plan,) = call("plan", "companion", "1.0.2", "--json")
    assert plan["rings"][1]["waits"][-1]["code"] == "approval"
    assert [ring["name"] for ring in plan["rings"]] == ["canary", "all"]
    status = call("status", "--json")
    assert status["rollouts"][0]["rings"][0]["clients"] == 1
    assert status["decisions"][0]["code"] == "begins"
    assert call("plan", "nothing", "--json") == []


def test_every_order_by_command_line(ringed: RolloutWorld):
    about = ("companion", "1.0.2")
    call("ring", "seat-2", "canary", "--by", "Ann")
    assert ringed.asks("seat-2", step="fetch")
    call("ring", "seat-2")
    assert not ringed.asks("seat-2", step="fetch")
    call("hold", *about, "--hours", "2")
    assert not ringed.asks("seat-1")
    assert call("resume", *about, "--json") == {"lifted": True}
    assert call("resume", *about, "--json") == {"lifted": False}
    assert ringed.asks("seat-1")
    call("approve", *about)
    assert not ringed.asks("seat-3")
    call("approve", *about, "--now")
    assert ringed.asks("seat-3")
    call("window", "0 20 * * *", "--zone", "UTC", "--minutes", "60")
    assert not ringed.asks("seat-4")
    call("window", "--any-time", "--ring", "all")
    assert ringed.asks("seat-4")
    assert [w["ring"] for w in call("window", "--json")] == ["all"]
    assert call("return", *about, "--json") == {"clients": 0}
    assert ringed.rollout.go_back(*about)
    assert "sent_back" in ringed.said()


def test_an_order_that_cannot_be_is_said_in_words(ringed: RolloutWorld):
    done = CliRunner().invoke(main, ["comm", "rollout", "ring", "seat-1", "moon"])
    assert done.exit_code == 2
    assert "There is no ring 'moon'" in done.output


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (1023, "1023 B"), (2048, "2.0 KiB"), (5 * 2**40, "5120.0 GiB")]
)
def test_bytes_for_people(count: int, said: str):
    assert size(count) == said
