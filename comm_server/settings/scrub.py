"""What is taken out of reports before they leave the site."""

from __future__ import annotations

from dataclasses import dataclass

from comm_server.scrub import KINDS, MODES, Phones
from common.errors import OperatorError
from common.settings import setting


@dataclass(frozen=True)
class ScrubSettings:
    """``comm.scrub``: what of a report the customer keeps.

    Passwords, tokens, keys and payment cards are always taken out.
    """

    phones: str = setting(
        "last4",
        choices=MODES,
        doc="Telephone numbers in reports, log lines and text files: `off` leaves them, `last4` "
        "masks all but the last four digits, `all` masks them whole. Four digits tell two calls "
        "apart in a trace, and reach nobody.",
    )
    phone_kinds: tuple[str, ...] = setting(
        ("cn-mobile", "cn-landline", "international"),
        doc="Which numbers: cn-mobile (Chinese mobile numbers), cn-landline (with area code), "
        "international (+ and country code, E.164), extension (after a word such as ext., 分机, "
        "PJSIP/ or sip:). Extensions are left by default: they name a seat, which a fault is "
        "often about.",
    )
    binary_attachments: bool = setting(
        False,
        doc="Send attachments that are no text: pictures of screens, memory dumps. Nobody can "
        "scrub them and they may show a caller, so by default the vendor hears only name, size and "
        "SHA-256. Text attachments are always sent, scrubbed like a report.",
    )

    def __post_init__(self) -> None:
        unknown = sorted(set(self.phone_kinds) - set(KINDS))
        if unknown:
            raise OperatorError(
                f"comm.scrub.phone_kinds names {', '.join(unknown)}, but knows only "
                f"{', '.join(KINDS)}."
            )

    @property
    def rules(self) -> Phones:
        """As the rules take it."""
        return Phones(self.phones, self.phone_kinds)
