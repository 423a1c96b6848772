"""What programs may send, and by which ways."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class IntakeSettings:
    """What programs may send."""

    allow_plain_http: bool = setting(
        False,
        doc="Take reports over plain HTTP too, for programs on the LAN that cannot speak TLS. "
        "Off, because a report may quote what a customer typed.",
    )
    most_compressed: int = setting(
        20 * 2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest body of one request as it is sent; the Sentry protocol's own limit.",
    )
    most_expanded: int = setting(
        100 * 2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest body of one request after decompression, checked before it is stored.",
    )
    most_batch: int = setting(
        20 * 2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest OTLP request after decompression; the protocol's own recommendation.",
    )
    most_event: int = setting(
        2**20,
        unit="bytes",
        minimum=1024,
        doc="Largest single event; a larger one is kept raw in quarantine and mailed as it is.",
    )
    digest_seconds: float = setting(
        60.0,
        unit="seconds",
        minimum=1,
        doc="Understanding a few reports takes no longer, or the one to blame is put in "
        "quarantine; a report of the largest size takes a second.",
    )
    keep_ids: int = setting(
        100_000,
        unit="reports",
        minimum=1000,
        doc="So many ids of reports that went home are remembered, to know one that is sent twice; "
        "about 200 bytes each.",
    )
    keep_first: int = setting(
        10,
        unit="reports",
        minimum=1,
        doc="The first reports of a problem are kept whole; after them only the first of each "
        "release and samples (the 16th, 32nd, 64th, …), so that an error storm costs counters and "
        "not the disk.",
    )
    keep_per_problem: int = setting(
        10,
        unit="reports",
        minimum=1,
        doc="Reports of one problem kept whole for one bundle; further ones are only counted, "
        "whatever else would keep them.",
    )
    keep_hours: float = setting(
        14.0,
        unit="days",
        minimum=2,
        doc="How often a problem occurred is kept by the hour for so long; two weeks show whether "
        "a weekday or a release made the difference. At most 24 small rows a day and problem.",
    )
    keep_verbatim: int = setting(
        100,
        unit="requests",
        minimum=0,
        doc="Attachments and unknown items of one DSN that wait for the mail as they were sent; "
        "further ones are only counted, for nobody here can say what they are worth.",
    )
    syslog_udp_port: int = setting(
        0,
        unit="UDP port",
        minimum=0,
        maximum=65535,
        doc="Syslog over UDP, RFC 5424 and 3164; 0: off. Anyone on the LAN can write to "
        "it without a key, hence a choice.",
    )
    syslog_tcp_port: int = setting(
        0,
        unit="TCP port",
        minimum=0,
        maximum=65535,
        doc="Syslog over TCP, octet-counted or ended by newline or NUL; 0: off.",
    )
    syslog_tls_port: int = setting(
        0,
        unit="TCP port",
        minimum=0,
        maximum=65535,
        doc="Syslog over TLS (RFC 5425) with this server's certificate; 0: off.",
    )
    gelf_udp_port: int = setting(
        0,
        unit="UDP port",
        minimum=0,
        maximum=65535,
        doc="GELF over UDP, chunked and compressed; 0: off. GELF over HTTP is always there.",
    )
    least_severity: str = setting(
        "error",
        choices=("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"),
        doc="Messages of syslog, GELF and OTLP of this severity and worse become reports; the rest "
        "is counted and not kept.",
    )
    most_line: int = setting(
        65_536,
        unit="bytes",
        minimum=480,
        doc="Longest syslog message; of a longer one the beginning is kept. RFC 5424 asks for "
        "2048 at least; a stack trace needs more.",
    )
    most_connections: int = setting(
        200,
        unit="connections",
        minimum=1,
        doc="Syslog connections at a time; further ones are closed at once.",
    )
    idle_seconds: float = setting(
        3600.0,
        unit="seconds",
        minimum=1,
        doc="A syslog connection that says nothing for so long is closed; long, because senders "
        "lose the next line when theirs was closed.",
    )
    most_sources: int = setting(
        1000,
        unit="DSNs",
        minimum=1,
        doc="Syslog, GELF and OTLP senders that were never seen before get no name of their own "
        "beyond this, so that forged names fill no table.",
    )
