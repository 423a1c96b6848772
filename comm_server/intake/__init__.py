"""Ways in for reports. Each kind is one file here and becomes the same raw row."""

from __future__ import annotations

from comm_server.intake.gelf import GelfIntake
from comm_server.intake.interface import Intake
from comm_server.intake.logs import LogIntake
from comm_server.intake.otlp import OtlpIntake, OtlpJsonIntake
from comm_server.intake.plain import PlainIntake
from comm_server.intake.sentry import SentryIntake
from comm_server.intake.syslog import SyslogIntake

# Of kinds that share a path, the first one answers what none of them reads.
KINDS: dict[str, Intake] = {
    intake.kind: intake
    for intake in (
        SentryIntake(),
        PlainIntake(),
        LogIntake(),
        GelfIntake(),
        SyslogIntake(),
        OtlpJsonIntake(),
        OtlpIntake(),
    )
}
