"""What an administrator can set, the table ``[appliance]``: a file for each section."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from appliance.domain.routing import DECLINE_PAUSE
from appliance.process_roles import Roles, port_key
from appliance.settings.accounts import ProgramSettings, SessionSettings, SignInSettings
from appliance.settings.chat import ChatSettings
from appliance.settings.limits import LimitSettings
from appliance.settings.mail import MailSettings
from appliance.settings.running import (
    MetricsSettings,
    NodesSettings,
    ReportSettings,
    UpdateSettings,
)
from appliance.settings.telephony import TelephonySettings
from appliance.settings.webhooks import WebhookSettings
from common import care
from common.errors import OperatorError
from common.settings import callstead_home, load, section, setting

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class ApplianceSettings:
    """The table ``[appliance]``."""

    host: str = setting(
        "0.0.0.0",  # noqa: S104 - the desk is used from every seat of the LAN
        doc="The address to listen on. All of them by default, because agents' browsers are on "
        "other machines; 127.0.0.1 when a front on this machine speaks for it.",
    )
    port: int = setting(
        8080,
        unit="TCP port",
        minimum=1,
        maximum=65535,
        doc="The port for browsers; TLS, and plain HTTP for /healthz alone. 8080 needs no root.",
    )
    visitor_port: int = setting(
        8081,
        unit="TCP port",
        minimum=1,
        maximum=65535,
        doc="The port of a process that carries visitors and not the desk (`appliance run --roles "
        "visitor`), so that a firewall can tell the two apart.",
    )
    worker_port: int = setting(
        8082,
        unit="TCP port",
        minimum=1,
        maximum=65535,
        doc="The port of a process that carries neither; /healthz and /metrics are there.",
    )
    proxies: tuple[str, ...] = setting(
        (),
        unit="networks",
        doc="Addresses of fronts, like nginx, whose X-Forwarded-For and X-Forwarded-Proto are "
        "believed; none by default, because from anybody else they are a claim. Without it, all "
        "visitors behind a front seem to have one address.",
    )
    names: tuple[str, ...] = setting(
        (),
        unit="host names or addresses",
        doc="Further names under which browsers reach this machine, for the certificate made at "
        "the first start; this machine's own name and localhost are always in it.",
    )
    oldest_tls: str = setting(
        "1.3",
        choices=("1.2", "1.3"),
        doc="The oldest TLS that is spoken; every browser of the last years speaks 1.3.",
    )
    hsts_days: int = setting(
        365,
        minimum=0,
        maximum=3650,
        unit="days",
        doc="Browsers that trust our certificate never speak plain HTTP to this host name for so "
        "long (HSTS). It counts for all ports: 0, when another program of this machine speaks only "
        "plain HTTP under the same name.",
    )
    data_dir: str = setting(
        "",
        unit="folder",
        doc="The database, keys and waiting reports; empty: the folder 'appliance' in "
        "CALLSTEAD_HOME.",
    )
    database_url: str = setting(
        "",
        doc="Where the facts are kept, as an SQLAlchemy address; empty: one SQLite file in "
        "data_dir, which needs no care and is enough for one machine.",
    )
    threads: int = setting(
        16,
        minimum=2,
        maximum=256,
        unit="threads",
        doc="Requests worked on at the same time; each may hold one database connection. Pages "
        "are short, so 16 serve hundreds of people.",
    )
    dsn: str = setting(
        "",
        doc="Where this program's own errors go: the DSN from 'callstead comm dsn'; empty: errors "
        "stay in the log.",
    )
    ca_file: str = setting(
        "",
        unit="file",
        doc="The site's CA certificate (PEM) that the communications server's certificate is "
        "checked against; empty: the machine's own list of authorities.",
    )
    comm_url: str = setting(
        "",
        doc="The communications server's address, looked at for the status page; empty: the "
        "host and port in dsn.",
    )
    decline_pause_seconds: float = setting(
        DECLINE_PAUSE,
        minimum=1,
        maximum=3600,
        unit="seconds",
        doc="Who declined a conversation, or did not answer, is not offered it again for so long, "
        "and then only if nobody else has taken it; at once when they say that they are ready. "
        "Long enough that a single agent is not rung without pause, short enough that nobody who "
        "waits is forgotten.",
    )
    comm_look_seconds: int = setting(
        15,
        minimum=2,
        maximum=3600,
        unit="seconds",
        doc="How often the communications server's health is looked at; often enough that the "
        "page tells the truth, rare enough to cost nothing.",
    )
    comm_timeout_seconds: float = setting(
        5.0,
        minimum=0.1,
        maximum=60,
        unit="seconds",
        doc="How long its answer is waited for; on a LAN five seconds of silence mean it is away.",
    )
    least_disk_mib: int = setting(
        1024,
        minimum=1,
        unit="MiB",
        doc="Below this free space the status page asks for attention; a gigabyte leaves days "
        "to act.",
    )
    refresh_seconds: int = setting(
        30,
        minimum=0,
        maximum=3600,
        unit="seconds",
        doc="The page 'What is running' loads itself again so often; 0: never.",
    )
    log_level: str = setting(
        "info",
        choices=("debug", "info", "warning", "error"),
        doc="How much is logged; info tells each start, sign-in and failure.",
    )
    session: SessionSettings = section(SessionSettings)
    sign_in: SignInSettings = section(SignInSettings)
    metrics: MetricsSettings = section(MetricsSettings)
    chat: ChatSettings = section(ChatSettings)
    mail: MailSettings = section(MailSettings)
    reports: ReportSettings = section(ReportSettings)
    nodes: NodesSettings = section(NodesSettings)
    updates: UpdateSettings = section(UpdateSettings)
    limits: LimitSettings = section(LimitSettings)
    programs: ProgramSettings = section(ProgramSettings)
    webhooks: WebhookSettings = section(WebhookSettings)
    telephony: TelephonySettings = section(TelephonySettings)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).resolve() if self.data_dir else callstead_home() / "appliance"

    def port_of(self, roles: Roles) -> int:
        """Where a process that carries ``roles`` listens."""
        port: int = getattr(self, port_key(roles))
        return port

    @property
    def local_token_file(self) -> Path:
        """What lets `callstead appliance status` into the desk's process of this port."""
        return self.folder / f"local-token-{self.port}"

    @property
    def telephony_folder(self) -> Path:
        """Where the switch and all that is its own lie."""
        return self.folder / "telephony"

    @property
    def tls_folder(self) -> Path:
        """Where the certificate and its key are."""
        return self.folder / "tls"

    @property
    def near_host(self) -> str:
        """The host under which this machine itself reaches the appliance."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound

    @property
    def communications(self) -> str:
        """The communications server's address without a path; empty when none is known."""
        if self.comm_url:
            return self.comm_url.rstrip("/")
        parts = urlsplit(self.dsn)
        host = parts.netloc.rpartition("@")[2]
        return f"{parts.scheme}://{host}" if host else ""

    @property
    def metrics_networks(self) -> tuple[Network, ...]:
        """`MetricsSettings.networks`, parsed. Raises OperatorError."""
        return _networks("appliance.metrics.networks", self.metrics.networks)

    @property
    def webhook_networks(self) -> tuple[Network, ...]:
        """`WebhookSettings.private_networks`, parsed. Raises OperatorError."""
        return _networks("appliance.webhooks.private_networks", self.webhooks.private_networks)


def _networks(key: str, texts: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        raise OperatorError(f"{key}: {error}. Write networks like 192.168.1.0/24.") from error


def load_settings() -> ApplianceSettings:
    """From the settings file and the environment, with what only the whole can tell checked."""
    settings = _in_care(load(ApplianceSettings, "appliance"))
    _ = settings.metrics_networks, settings.webhook_networks
    _ = _networks("appliance.proxies", settings.proxies)
    _ = _networks("appliance.telephony.trunks", settings.telephony.trunks)
    settings.telephony.check()
    for key in ("dsn", "comm_url"):
        value = getattr(settings, key)
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise OperatorError(f"appliance.{key} must start with https:// or http://.")
    if settings.ca_file and not Path(settings.ca_file).is_file():
        raise OperatorError(
            f"appliance.ca_file: there is no file {settings.ca_file}. Fetch the site's CA with "
            "GET /join/ca of the communications server, or correct the setting."
        )
    return settings


def _in_care(settings: ApplianceSettings) -> ApplianceSettings:
    """What the updater gives to a program in its care comes before what is written elsewhere."""
    changes: dict[str, Any] = {**care.given("appliance")}
    if "port" in changes:
        port = int(changes["port"])
        changes |= {"port": port, "visitor_port": port, "worker_port": port}
    return replace(settings, **changes)
