"""What a server shows of itself, and whom it believes."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from common.errors import OperatorError


@dataclass(frozen=True)
class TlsIdentity:
    """Where a server's certificate is.

    Attributes:
        certificate: PEM, the server's own first.
        key: PEM, readable by its owner alone.
        client_ca: PEM of the authority whose client certificates are recognised; None asks
            for none.
        oldest: the oldest TLS that is spoken, ``1.2`` or ``1.3``.
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None
    oldest: str = "1.2"


def server_context(identity: TlsIdentity) -> ssl.SSLContext:
    """TLS 1.3, or 1.2 for older clients where that is allowed.

    A client certificate is optional: browsers have none, and what each may do is decided
    by path, not at the handshake.

    Raises:
        OperatorError: a file is missing, unreadable or does not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    oldest_is_new = identity.oldest == "1.3"
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if oldest_is_new else ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(identity.certificate, identity.key)
        if identity.client_ca:
            context.load_verify_locations(identity.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise OperatorError(
            f"The certificate {identity.certificate} with its key {identity.key} cannot be used "
            f"({error}). Put the right files there, or move both away to have new ones made."
        ) from error
    return context
