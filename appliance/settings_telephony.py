"""What an administrator can set about the telephones: the table ``[appliance.telephony]``."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import OperatorError
from common.settings import setting


@dataclass(frozen=True)
class TelephonySettings:
    """The switch and its phones."""

    host: str = setting(
        "0.0.0.0",  # noqa: S104 - phones and trunks are other machines
        doc="The address on which phones and trunks reach the switch; all of this machine's by "
        "default.",
    )
    sip_port: int = setting(
        5060,
        unit="UDP and TCP port",
        minimum=1,
        maximum=65535,
        doc="Where SIP is spoken; 5060 is where phones look unless they are told otherwise.",
    )
    rtp_first: int = setting(
        16384,
        unit="UDP port",
        minimum=1024,
        maximum=65534,
        doc="Voice begins at this port; clear of 6000 and 10000, where test callers and other "
        "programs have theirs.",
    )
    rtp_last: int = setting(
        18383,
        unit="UDP port",
        minimum=1025,
        maximum=65535,
        doc="And ends at this one; a leg takes two ports and a call has two legs, so that 2000 "
        "ports carry 500 calls.",
    )
    ari_port: int = setting(
        8089,
        unit="TCP port",
        minimum=1,
        maximum=65535,
        doc="Where the appliance speaks with the switch, on this machine alone (127.0.0.1).",
    )
    trunks: tuple[str, ...] = setting(
        (),
        unit="addresses or networks",
        doc="Whose calls are taken as calls from outside, like 203.0.113.7; none by default, "
        "because whoever is believed here can make phones ring.",
    )
    mirror: str = setting(
        "",
        doc="Where `callstead appliance telephony install` fetches Debian packages; empty: the "
        "mirror that this machine's own apt uses.",
    )
    suite: str = setting(
        "forky",
        doc="The Debian suite that the switch is taken from; Debian 12 and 13 have no Asterisk.",
    )
    trim_minutes: int = setting(
        10,
        minimum=1,
        maximum=1440,
        unit="minutes",
        doc="How often the switch gives unused memory back; without it tens of thousands of calls "
        "leave gigabytes behind.",
    )
    stop_seconds: int = setting(
        20,
        minimum=1,
        maximum=600,
        unit="seconds",
        doc="How long a switch that was asked to end is waited for before it is killed; it hangs "
        "up all calls within one.",
    )

    recordings_folder: str = setting(
        "",
        doc="Where recordings of calls are kept, sealed; empty: `recordings` in the data folder. "
        "Processes on several machines need one folder that all of them see.",
    )
    private_seconds: int = setting(
        180,
        minimum=10,
        maximum=3600,
        unit="seconds",
        doc="How long a recording stays paused for card data before it goes on by itself; pausing "
        "again begins the time anew.",
    )
    recordings_days: int = setting(
        90,
        minimum=1,
        maximum=36500,
        unit="days",
        doc="How long recordings are kept; the record of who did what keeps their hashes.",
    )

    def check(self) -> None:
        """What only the whole can tell. Raises OperatorError."""
        if self.rtp_last - self.rtp_first < 9:
            raise OperatorError(
                "appliance.telephony.rtp_last must be at least 9 above rtp_first: a call takes "
                "four ports."
            )
