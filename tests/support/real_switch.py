"""The real switch on ports of its own, with sipp as callers and desk phones."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template

import psutil

from appliance.domain.telephony.phones import Phone, digest_of
from appliance.settings.telephony import TelephonySettings
from appliance.telephony.ari.provider import AriProvider
from appliance.telephony.configure import ari_password, way_out
from appliance.telephony.install import install
from appliance.telephony.places import Places
from appliance.telephony.running import Switch, running_pid
from appliance.telephony.tree import Tree
from common.clock import SystemClock

SCENARIOS = Path(__file__).parent / "sipp"
TRIAL = Path("packaging/telephony/caller.xml").resolve()
PASSWORD = "secret-of-tests"
_OUTSIDE = "127.0.0.2"  # the trunk's address; phones have 127.0.0.1
# The data folder with the installed switch, kept from one run to the next; the Makefile names it.
CACHE = "CALLSTEAD_TEST_SWITCH"


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """One that nobody has at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _free_sip_port() -> int:
    """One that nobody has for UDP nor for TCP."""
    while True:
        number = free_port()
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", number))
            return number


class RealSwitch:
    """Started; `caller` and `phone` are people with telephones."""

    def __init__(self, folder: Path, extensions: list[str], silent_seconds: int = 60) -> None:
        clock = SystemClock()
        cache = Places(Path(os.environ.get(CACHE, "build/switch")).resolve() / "telephony")
        install(cache, TelephonySettings(), clock, print)
        self.places = Places(folder)
        self.places.make()
        self.places.tree.symlink_to(cache.tree)
        self._outbound = free_port()
        self.settings = TelephonySettings(
            host="127.0.0.1", sip_port=_free_sip_port(), ari_port=free_port(socket.SOCK_STREAM),
            trunks=(_OUTSIDE,), outbound=f"{_OUTSIDE}:{self._outbound}",
            rtp_first=27000, rtp_last=27999, silent_seconds=silent_seconds,
        )  # fmt: skip
        assert Tree(self.places.tree).about
        self.switch = Switch(self.places, self.settings, clock)
        self.switch.start([Phone(e, 1, digest_of(e, PASSWORD)) for e in extensions])
        self._folder = folder
        (folder / "tone.alaw").write_bytes(_tone())
        (folder / "silence.alaw").write_bytes(b"\xd5" * 8000)
        self._programs: list[subprocess.Popen[bytes]] = []
        self._numbers = itertools.count()

    def provider(self) -> AriProvider:
        """A new connection to it; not started."""
        return AriProvider(
            self.settings.ari_port, ari_password(self.places),
            lambda number: way_out(self.settings, number),
        )  # fmt: skip

    def caller(
        self, number: str, stays: float, keys: Sequence[tuple[float, str]] = (), *,
        says: str = "tone", number_of: int = 1,
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        """Somebody calls, presses each key so many seconds after the one before, and stays.

        ``says``: a ``tone`` all the time, or ``silence``.
        """
        presses = "".join(
            Template((SCENARIOS / "key.xml").read_text("utf-8")).substitute(
                wait=int(wait * 1000), key=key, number=number_ + 2
            )
            for number_, (wait, key) in enumerate(keys)
        )
        text = (SCENARIOS / "caller.xml").read_text("utf-8")
        text = text.replace("CSeq: 2 BYE", f"CSeq: {len(keys) + 2} BYE")
        scenario = self._folder / f"caller-{next(self._numbers)}.xml"
        text = text.replace("<!-- keys -->", presses).replace("tone.alaw", f"{says}.alaw")
        scenario.write_text(text, "utf-8")
        many = str(number_of)
        return self._sipp(scenario, _OUTSIDE, free_port(), "-s", number, "-m", many, "-l", many,
                          "-r", "50", "-d", str(int(stays * 1000)))  # fmt: skip

    def newcomer(self, number: str, key: str, stays: float) -> None:
        """The caller whom the documents give to who tries it; it says back what it hears."""
        self._sipp(TRIAL, _OUTSIDE, free_port(), "-s", number, "-m", "1", "-rtp_echo",
                   "-d", str(int(stays * 1000)), "-key", "press", key,
                   "-key", "from", "+8613800000000")  # fmt: skip

    def phone(
        self, extension: str, does: str, after: float = 0.2, *, says: str = "silence"
    ) -> subprocess.Popen[bytes]:
        """A phone signs in, and ``answers`` or ``declines`` after so many seconds of ringing.

        ``says``: ``silence``, a ``tone``, or the ``echo`` of what it hears.
        """
        port = free_port()
        signing = self._sipp(SCENARIOS / "register.xml", "127.0.0.1", port, "-s", extension,
                             "-m", "1", "-au", extension, "-ap", PASSWORD)  # fmt: skip
        assert signing.wait(60) == 0
        scenario, more = SCENARIOS / f"{does}.xml", ["-d", str(int(after * 1000))]
        if says != "silence":
            text = scenario.read_text("utf-8")
            scenario = self._folder / f"{extension}-{says}.xml"
            voice = '<action><exec rtp_stream="silence.alaw,-1,8"/></action>'
            assert voice in text
            if says == "echo":
                more.append("-rtp_echo")
                text = text.replace(voice, "")
            scenario.write_text(text.replace("silence.alaw", f"{says}.alaw"), "utf-8")
        return self._sipp(scenario, "127.0.0.1", port, *more)

    def party(self, does: str, after: float = 0.2) -> None:
        """Whoever has the next number outside that is called ``answers`` or ``declines``."""
        self._sipp(SCENARIOS / f"{does}.xml", _OUTSIDE, self._outbound, "-m", "1",
                   "-d", str(int(after * 1000)))  # fmt: skip

    def hush(self) -> None:
        """All telephones are gone without a word."""
        while self._programs:
            program = self._programs.pop()
            program.kill()
            program.wait(60)

    def close(self) -> None:
        """All of it."""
        self.hush()
        pid = running_pid(self.places)
        if pid is not None:  # it would tell telephones of its end that are gone already
            killed = psutil.Process(pid)
            killed.kill()
            killed.wait(20)
        self.switch.stop()

    def _sipp(self, scenario: Path, address: str, port: int, *more: str) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(
            ["sipp", f"127.0.0.1:{self.settings.sip_port}", "-nostdin",
             "-sf", str(scenario), "-i", address, "-p", str(port),
             "-mp", str(20000 + 2 * (port % 3000)), *more],
            cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._programs.append(program)
        return program


def _tone() -> bytes:
    """A second of 400 Hz in A-law (G.711): what callers say."""
    return bytes(alaw(round(8000 * math.sin(2 * math.pi * n / 20))) for n in range(8000))


def alaw(sample: int) -> int:
    """A sample of 16 bits as the telephone carries it (G.711)."""
    sign, value = (0x80, sample) if sample >= 0 else (0, -sample)
    value = min(value >> 3, 4095)
    exponent = max(value.bit_length() - 5, 0)
    mantissa = (value >> max(exponent, 1)) & 0x0F
    return (sign | (exponent << 4) | mantissa) ^ 0x55


@contextmanager
def real_switch(
    folder: Path, extensions: list[str], silent_seconds: int = 60
) -> Iterator[RealSwitch]:
    """Started, and ended."""
    found = RealSwitch(folder, extensions, silent_seconds)
    try:
        yield found
    finally:
        found.close()
