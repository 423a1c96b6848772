"""What an administrator can set about the telephones: the table ``[appliance.telephony]``."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.telephony.dialling import Dialling, is_prefix
from appliance.domain.telephony.phones import is_number
from appliance.domain.telephony.trunks import is_server
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
    outbound: str = setting(
        "",
        doc="The trunk that takes calls to outside: the name of one that `callstead appliance "
        "telephony trunk add` made, or an address, like 203.0.113.7 or sip.example.org:5060; "
        "empty: no calls to outside are made.",
    )
    allowed_prefixes: tuple[str, ...] = setting(
        (),
        unit="beginnings of numbers",
        doc="Which numbers outside may be called, by agents and as callbacks, like 010 or +86; `*` "
        "is every number. None by default: whoever gets in calls expensive numbers.",
    )
    denied_prefixes: tuple[str, ...] = setting(
        (),
        unit="beginnings of numbers",
        doc="Which of them may not, like +8616; of the prefixes that fit a number the longest "
        "decides, and of two alike this one.",
    )
    caller_number: str = setting(
        "",
        doc="The number that people outside see when they are called, if the queue has none of its "
        "own; empty: what the trunk gives.",
    )
    dial_seconds: int = setting(
        45,
        minimum=5,
        maximum=300,
        unit="seconds",
        doc="How long a number outside rings before it counts as not reached; a voicemail answers "
        "after 20 or 30 in many networks.",
    )
    callback_tries: int = setting(
        3,
        minimum=1,
        maximum=20,
        unit="tries",
        doc="How often a caller who asked for it is called back before the callback is closed.",
    )
    callback_pause: int = setting(
        5,
        minimum=1,
        maximum=1440,
        unit="minutes",
        doc="How long after a callback in vain the next one is tried; each further pause is twice "
        "as long: with three tries 5 and 10 minutes.",
    )
    onward_minutes: int = setting(
        240,
        minimum=1,
        maximum=10080,
        unit="minutes",
        doc="How long a caller and a number outside whom an agent left alone may speak on; then "
        "both lines end. Both are paid for, and nobody of the house would notice one that was "
        "forgotten.",
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
        5,
        minimum=1,
        maximum=600,
        unit="seconds",
        doc="How long a switch that was asked to end is waited for before it is killed; it hangs "
        "up all calls within one, and ends within three, but waits 15 for a channel that does not.",
    )

    silent_seconds: int = setting(
        60,
        minimum=5,
        maximum=3600,
        unit="seconds",
        doc="A trunk or a desk phone that sends no voice for so long, and is not on hold, is gone "
        "without a word, and its call is over. Longer than pauses in which a provider that "
        "suppresses silence sends nothing.",
    )
    return_seconds: int = setting(
        20,
        minimum=0,
        maximum=300,
        unit="seconds",
        doc="How long the caller of an agent whose page in the desk went away in a call (loaded "
        "anew, or the browser died) hears music until the page is back and both speak on; then "
        "the call ends. 0: it ends at once.",
    )
    answer_seconds: int = setting(
        8,
        minimum=3,
        maximum=60,
        unit="seconds",
        doc="How long the switch may take to answer; a busy one does within one. One that has said "
        "nothing for two seconds is asked whether it is there, and counts as not reached when it "
        "has not answered in time: no more calls are offered until it does.",
    )
    lost_seconds: int = setting(
        120,
        minimum=10,
        maximum=3600,
        unit="seconds",
        doc="How long calls count as going on while the switch's program runs and is not reached; "
        "then their conversations end, with that as the reason. If the program has ended, they end "
        "within five seconds. Whoever is still on the line when it is reached again later comes in "
        "as a new call. A switch that is silent for so long is ended, and another started.",
    )
    one_processor: bool = setting(
        True,
        doc="Whether the threads that work on calls share one processor of this machine with the "
        "one that writes, which makes a call a fifth cheaper. Not if that processor (the last one) "
        "is to be kept free for something else.",
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
        if self.outbound and not is_server(self.outbound):
            raise OperatorError(
                "appliance.telephony.outbound is an address or a name, and a port perhaps: "
                "203.0.113.7, sip.example.org:5060 or [2001:db8::7]:5060."
            )
        if self.caller_number and not is_number(self.caller_number):
            raise OperatorError(
                "appliance.telephony.caller_number has digits, and a + before them perhaps."
            )
        for key in ("allowed_prefixes", "denied_prefixes"):
            strange = [one for one in getattr(self, key) if not is_prefix(one)]
            if strange:
                raise OperatorError(
                    f"appliance.telephony.{key}: {strange[0]!r} is no beginning of a number; write "
                    "digits, with a + before them perhaps, or *."
                )

    @property
    def dialling(self) -> Dialling:
        """As the rules take it."""
        return Dialling(
            bool(self.outbound), self.allowed_prefixes, self.denied_prefixes, self.caller_number,
            self.dial_seconds, self.callback_tries, float(self.callback_pause),
            float(self.onward_minutes),
        )  # fmt: skip
