"""Every setting of the communications server; a file for each section."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from comm_server.settings.console import ConsoleSettings
from comm_server.settings.disk import DiskSettings
from comm_server.settings.intake import IntakeSettings
from comm_server.settings.logs import LogSettings
from comm_server.settings.mail import AcknowledgementSettings, BundleSettings, MailSettings
from comm_server.settings.scrub import ScrubSettings
from comm_server.settings.updates import MirrorSettings, RolloutSettings
from common import care
from common.settings import callstead_home, load, section, setting

__all__ = [
    "AcknowledgementSettings",
    "BundleSettings",
    "CommSettings",
    "ConsoleSettings",
    "DiskSettings",
    "IntakeSettings",
    "LogSettings",
    "MailSettings",
    "MirrorSettings",
    "RolloutSettings",
    "ScrubSettings",
    "load_settings",
]
# Its name as a product under the updates' own flow.
PRODUCT = "comm"


@dataclass(frozen=True)
class CommSettings:
    """The communications server."""

    host: str = setting(
        "0.0.0.0",  # noqa: S104 - every program of the LAN reports here
        doc="Address to listen on; all, because every computer of the site reports here.",
    )
    port: int = setting(
        8090, unit="TCP port", minimum=1, maximum=65535, doc="Port for programs, clients, console."
    )
    names: tuple[str, ...] = setting(
        (),
        doc="Further names and addresses under which clients reach this server; they stand in "
        "its certificate beside localhost and the machine's own name.",
    )
    data_dir: str = setting("", doc="Where its data lies; empty: `comm` in CALLSTEAD_HOME.")
    log_level: str = setting(
        "info", choices=("debug", "info", "warning", "error"), doc="Least level that is logged."
    )
    intake: IntakeSettings = section(IntakeSettings)
    bundle: BundleSettings = section(BundleSettings)
    mail: MailSettings = section(MailSettings)
    acknowledgements: AcknowledgementSettings = section(AcknowledgementSettings)
    mirror: MirrorSettings = section(MirrorSettings)
    rollout: RolloutSettings = section(RolloutSettings)
    console: ConsoleSettings = section(ConsoleSettings)
    logs: LogSettings = section(LogSettings)
    disk: DiskSettings = section(DiskSettings)
    scrub: ScrubSettings = section(ScrubSettings)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).resolve() if self.data_dir else callstead_home() / "comm"


def load_settings() -> CommSettings:
    """From the settings file and the environment; what an updater gives comes before both.

    Raises OperatorError.
    """
    settings = load(CommSettings, "comm")
    given = care.given(PRODUCT)
    return replace(
        settings,
        port=int(given.get("port", settings.port)),
        data_dir=given.get("data_dir", settings.data_dir),
    )
