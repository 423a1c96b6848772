"""A program that fails in many ways, each some frames deep, as a call centre's would."""

from __future__ import annotations

import asyncio
import configparser
import decimal
import json
import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sentry_sdk

log = logging.getLogger("dialler")


class CarrierError(Exception):
    """The line to the carrier broke."""


def _campaign(chance: random.Random) -> dict[str, Any]:
    return {
        "campaign": f"C{chance.randrange(90):03}",
        "agents": [f"seat-{chance.randrange(400)}" for _ in range(8)],
        "pace": round(chance.uniform(0.8, 3.5), 3),
        "numbers": [f"+49 30 {chance.randrange(10**6):06}" for _ in range(6)],
        "notes": f"retry after {chance.randrange(900)} s, carrier {chance.choice('ABCDE')}",
    }


def parse_answer(campaign: dict[str, Any]) -> Any:
    """Broken JSON from the telephone system."""
    text = json.dumps(campaign)[: 40 + len(campaign["notes"]) % 30]
    log.info("answer of the telephone system: %s", text)
    return json.loads(text)


def price_of(campaign: dict[str, Any]) -> decimal.Decimal:
    """A price that is no number."""
    return decimal.Decimal(campaign["notes"]) * decimal.Decimal(campaign["pace"])


def seat_of(campaign: dict[str, Any]) -> Any:
    """A seat that nobody has."""
    seats = dict.fromkeys(campaign["agents"])
    return seats[campaign["campaign"]]


def next_number(campaign: dict[str, Any]) -> str:
    """One number too far."""
    numbers = campaign["numbers"]
    return str(numbers[len(numbers)])


def read_settings(campaign: dict[str, Any]) -> str:
    """Settings with a hole."""
    parser = configparser.ConfigParser()
    parser.read_string(f"[carrier]\nname = {campaign['notes']}\nroute = %(missing)s\n")
    return parser.get("carrier", "route")


def connect_carrier(campaign: dict[str, Any]) -> None:
    """A chain: the cause below, the meaning above."""
    try:
        raise TimeoutError(f"no answer to SIP INVITE of {campaign['numbers'][0]} in 32 s")
    except TimeoutError as error:
        raise CarrierError(f"carrier {campaign['notes'][-1]} does not answer") from error


def average_wait(campaign: dict[str, Any]) -> float:
    """Nobody waited."""
    waits: list[float] = []
    log.warning("no calls yet in %s", campaign["campaign"])
    return sum(waits) / len(waits)


def in_a_thread(campaign: dict[str, Any]) -> Any:
    """Fails in a pool."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(seat_of, campaign).result()


def in_a_loop(campaign: dict[str, Any]) -> Any:
    """Fails in a coroutine."""

    async def dial() -> Any:
        await asyncio.sleep(0)
        return next_number(campaign)

    return asyncio.run(dial())


def wrong_type(campaign: dict[str, Any]) -> Any:
    """A list where a number was thought."""
    return campaign["pace"] + campaign["agents"]


WAYS: tuple[Callable[[dict[str, Any]], Any], ...] = (
    parse_answer, price_of, seat_of, next_number, read_settings, connect_carrier, average_wait,
    in_a_thread, in_a_loop, wrong_type,
)  # fmt: skip


def fail(number: int, deep: int) -> None:
    """Fail in the way that ``number`` chooses, below ``deep`` more frames."""
    chance = random.Random(number)
    campaign = _campaign(chance)
    for step in range(60):
        call, agent = chance.getrandbits(64), chance.choice(campaign["agents"])
        log.info("call %d of %s: %s %016x", step, campaign["campaign"], agent, call)
    _dispatch(WAYS[number % len(WAYS)], campaign, deep)


def reported(number: int, deep: int) -> None:
    """Fail, and report it."""
    try:
        fail(number, deep)
    except Exception:  # noqa: BLE001 - every way of failing is wanted
        sentry_sdk.capture_exception()


def _dispatch(way: Callable[[dict[str, Any]], Any], campaign: dict[str, Any], deep: int) -> Any:
    remaining = deep - 1
    state = {"queue": campaign["campaign"], "depth": remaining, "agents": len(campaign["agents"])}
    if remaining > 0:
        return _dispatch(way, campaign, remaining)
    return _run(way, campaign, state)


def _run(
    way: Callable[[dict[str, Any]], Any], campaign: dict[str, Any], state: dict[str, Any]
) -> Any:
    attempt = state["depth"] + 1
    return way({**campaign, "attempt": attempt})
