"""The ports on which the switch listens: whether they are free for it, or it lacks one.

It starts without a port that another program has, and says so in its log alone: it would be deaf.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from appliance.settings.telephony import TelephonySettings

_LEAST_FREE = 4  # of the voice's ports: one call
_NAMES = {socket.SOCK_DGRAM: "UDP", socket.SOCK_STREAM: "TCP"}


@dataclass(frozen=True)
class Port:
    """One of them; ``key`` is the setting that moves it."""

    kind: socket.SocketKind
    host: str
    number: int
    key: str

    def __str__(self) -> str:
        return f"{_NAMES[self.kind]} port {self.number}"

    def taken(self) -> str:
        """Why the switch could not have it, as a part of a sentence; empty: it could."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, self.kind) as probe:
            if self.kind is socket.SOCK_STREAM:  # one just closed is free for a listener
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.number))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return f"{self.host}:{self.number} is taken by another program"
                return f"{self.host}:{self.number} cannot be used ({error.strerror})"
        return ""

    @property
    def way_out(self) -> str:
        """What to do when it is taken, as a sentence."""
        return f"End the other program (`ss -lntup` names it), or change {self.key}."


def ports_of(settings: TelephonySettings) -> list[Port]:
    """Those that it cannot do without; voice takes its own as calls come."""
    sip = (settings.host, settings.sip_port, "appliance.telephony.sip_port")
    return [
        Port(socket.SOCK_DGRAM, *sip),
        Port(socket.SOCK_STREAM, *sip),
        Port(socket.SOCK_STREAM, "127.0.0.1", settings.ari_port, "appliance.telephony.ari_port"),
    ]


def lacking(pid: int, settings: TelephonySettings) -> list[Port]:
    """Which of them the switch with this process number does not have.

    Raises:
        psutil.Error: it is gone, or somebody else's.
    """
    has = set(_listening(pid))
    return [port for port in ports_of(settings) if (port.kind, port.number) not in has]


@dataclass(frozen=True)
class VoicePorts:
    """Those of the range from which each leg of a call takes two, as they are at this moment."""

    free: int
    calls: int
    others: int

    @property
    def scarce(self) -> bool:
        """Whether calls will soon be without."""
        return self.free < max(_LEAST_FREE, (self.free + self.calls + self.others) // 10)


def voice_ports(settings: TelephonySettings, pid: int | None) -> VoicePorts:
    """Which are taken, by the switch with this process number and by others."""
    span = range(settings.rtp_first, settings.rtp_last + 1)
    taken = {
        one.laddr.port: one.pid
        for one in psutil.net_connections("udp")
        if one.laddr and one.laddr.port in span
    }
    calls = sum(pid is not None and who == pid for who in taken.values())
    return VoicePorts(len(span) - len(taken), calls, len(taken) - calls)


def _listening(pid: int) -> Iterator[tuple[int, int]]:
    for one in psutil.Process(pid).net_connections("inet"):
        if one.laddr and not one.raddr:
            yield one.type, one.laddr.port
