"""`make bench-phone`: calls routed and bridged to 200 agents, beside the switch's own `app_queue`.

The same switch, the same sipp as callers and as desk phones, the same machine, one after the other
in one run. See bench/README.md for what each figure is, and docs/benchmarks.md for results.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import phone_house
import phone_sound
from errors import CACHE, environment
from phone_house import NUMBER, OUTSIDE, House

from tests.support.real_switch import free_port

_TALK = 0.4  # seconds; then the agent ends the call
_MOST = 400  # callers at a time
_GRACE = 20  # seconds after the last caller came; who has not spoken by then is lost
_ROW = (
    "| {offered} | {name} | {bridged:.0f} | {p50:.0f} | {p99:.0f} | {failed} | {core} | {switch} |"
)


def calls(made: House, phones: Path, name: str, rate: int, seconds: int, run: int) -> bool:
    """Callers come at ``rate`` a second for so long; whether every one of them spoke."""
    before = made.cpu()
    room = made.sipp(
        "callers", OUTSIDE, free_port(), "-s", NUMBER, "-r", str(rate), "-m",
        str(rate * seconds), "-l", str(_MOST), "-key", "run", str(run),
    )  # fmt: skip
    phone_house.until_done(made, seconds + _GRACE)
    after = made.cpu()
    time.sleep(2)  # logs are written, the last after-call work is over
    called, heard = phone_house.times(room)["calls"], phone_house.times(phones)
    mine = [number for number in called if number in heard["up"]]
    rang = sorted((heard["rings"][one] - called[one]) * 1000 for one in mine)
    ups = sorted(heard["up"][one] for one in mine)
    # Of the middle: neither the first second nor what was still open at the end.
    inner = [one for one in ups if ups[0] + 1 <= one <= ups[0] + seconds] if ups else []
    used = {one: after[one] - before[one] for one in after}
    each = {one: f"{1000 * used[one] / max(1, len(mine)):.1f}" for one in used}
    print(_ROW.format(
        offered=rate, name=name, bridged=len(inner) / max(1, seconds - 1),
        p50=rang[len(rang) // 2] if rang else 0, p99=rang[int(len(rang) * 0.99)] if rang else 0,
        failed=len(called) - len(mine), core=each.get("appliance", ""), switch=each["switch"],
    ), flush=True)  # fmt: skip
    return len(called) == len(mine)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[50, 100, 150])
    parser.add_argument("--seconds", type=int, default=12, help="of each rate")
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--recorded", type=int, default=150, help="calls at a time; 0: not tried")
    parser.add_argument("--no-peer", action="store_true", help="leave the switch's own queue out")
    arguments = parser.parse_args()
    print(time.strftime("%Y-%m-%d"), environment())
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:  # not /tmp: fsync must cost
        folder = Path(name)
        routed = _rates(folder / "rates", arguments)
        sound = phone_sound.measure(folder / "sound", arguments.recorded)
    if not (routed and sound):
        raise SystemExit("Calls or sound were lost, or something stayed behind: see above.")


def _rates(folder: Path, arguments: argparse.Namespace) -> bool:
    phone_house.furnish(folder / phone_house.DATA, arguments.agents, record=False)
    with phone_house.house(folder, arguments.agents, _TALK) as (made, phones):
        print(f"Asterisk {made.switch.console.ask('core show version').split()[1]}, "
              f"{arguments.agents} agents, each talk {_TALK} s\n")  # fmt: skip
        print("| calls/s | routed by | bridged/s | rings after p50, ms | p99, ms | lost | "
              "processor a call, ms: appliance | switch |\n" + "|---" * 8 + "|")  # fmt: skip
        whole, run = True, 100
        if not arguments.no_peer:
            phone_house.queue_answers_late(made)
            for rate in arguments.rates:
                run += 1
                calls(made, phones, "app_queue", rate, arguments.seconds, run)
        with phone_house.appliance(made):
            for rate in arguments.rates:
                run += 1
                whole = calls(made, phones, "Callstead", rate, arguments.seconds, run) and whole
            whole = phone_sound.nothing_left(made) and whole
    return whole


if __name__ == "__main__":
    main()
