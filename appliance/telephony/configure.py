"""The switch's configuration, made from the templates beside this file before each start."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from importlib.resources import files
from string import Template

from appliance.domain.telephony.phones import Phone
from appliance.domain.telephony.trunks import Trunk
from appliance.settings.telephony import TelephonySettings
from appliance.telephony.modules import loads
from appliance.telephony.places import Places
from appliance.telephony.tree import Tree
from common.atomic import write_secret

_WHOLE = (
    "asterisk.conf", "modules.conf", "logger.conf", "http.conf", "ari.conf", "extensions.conf",
    "queues.conf", "musiconhold.conf", "rtp.conf", "pjsip.conf", "sorcery.conf",
)  # fmt: skip
# What the switch asks for although nothing is wanted of it; a missing file is an error in its log.
_QUIET = {
    "acl.conf": "",
    "ccss.conf": "[general]\n",
    "cdr.conf": "[general]\nenable = no\n",
    "cel.conf": "[general]\nenable = no\n",
    "features.conf": "[general]\n",
    "indications.conf": "[general]\ncountry = us\n\n[us]\ndescription = tones\n"
    "ringcadence = 2000,4000\ndial = 350+440\nbusy = 480+620/500,0/500\n"
    "ring = 440+480/2000,0/4000\ncongestion = 480+620/250,0/250\n",
    "manager.conf": "[general]\nenabled = no\n",
    "pjproject.conf": "",
    "queuerules.conf": "[general]\n",
    "udptl.conf": "[general]\n",
    "websocket_client.conf": "",
}
# When the appliance is away, who calls waits for a desk phone so many rounds of so many seconds: as
# long as one phone rings (queues.conf). After each the appliance is asked for again.
_ALONE_SECONDS, _ALONE_ROUNDS = 20, 30


def configure(
    places: Places,
    tree: Tree,
    settings: TelephonySettings,
    phones: Sequence[Phone],
    trunks: Sequence[Trunk] = (),
) -> bool:
    """Write every file, for the owner alone; whether one of them changed.

    Raises:
        OperatorError: the tree is incomplete, or a folder cannot be written.
    """
    values = {
        "config": places.config,
        "modules": tree.modules,
        "data": places.data,
        "shared": tree.shared,
        "spool": places.spool,
        "run": places.run,
        "log": places.log,
        "moh": tree.shared / "moh",
        "silence": tree.shared / "sounds" / "en" / "silence",
        "loads": loads(),
        "ari_port": settings.ari_port,
        "ari_password": ari_password(places),
        "alone_seconds": _ALONE_SECONDS,
        "alone_rounds": _ALONE_ROUNDS,
        "sip_bind": f"{_in_brackets(settings.host)}:{settings.sip_port}",
        "rtp_first": settings.rtp_first,
        "rtp_last": settings.rtp_last,
        "trunks": _trunks(settings) + "".join(_registered(one, settings) for one in trunks),
        "phones": "".join(_phone(one, settings) for one in phones),
        "members": "\n".join(f"member = PJSIP/{one.extension}" for one in phones),
    }
    changed = False
    texts = {name: _template(name).substitute(values) for name in _WHOLE}
    for name, whole in (texts | _QUIET).items():
        text = whole.encode()
        path = places.config / name
        if not path.exists() or path.read_bytes() != text:
            write_secret(path, text)
            changed = True
    return changed


def ari_password(places: Places) -> str:
    """What the appliance and the switch know each other by; made when it is missing."""
    if not places.ari_secret.exists():
        write_secret(places.ari_secret, secrets.token_urlsafe(32).encode())
    return places.ari_secret.read_text("utf-8")


def way_out(
    settings: TelephonySettings, number: str, registered: Collection[str] = ()
) -> str | None:
    """By which name of the switch a number outside is called; None: by none.

    ``registered`` are the names of trunks that we register with.
    """
    if not settings.outbound:
        return None
    if settings.outbound in registered:
        return f"PJSIP/{number}@{trunk_name(settings.outbound)}"
    return f"PJSIP/trunk/sip:{number}@{settings.outbound}"


def trunk_name(name: str) -> str:
    """By which the switch knows a trunk that we register with; no phone's name looks like it."""
    return f"trunk-{name}"


def _registered(trunk: Trunk, settings: TelephonySettings) -> str:
    values = {"name": trunk_name(trunk.name), "silent_seconds": settings.silent_seconds}
    return _template("registered.conf").substitute(vars(trunk) | values)


def _trunks(settings: TelephonySettings) -> str:
    if not settings.trunks and not settings.outbound:
        return ""
    matches = "".join(f"match = {address}\n" for address in settings.trunks)
    if matches:
        matches = f"\n[trunk]\ntype = identify\nendpoint = trunk\n{matches}"
    silent = settings.silent_seconds
    return _template("trunk.conf").substitute(matches=matches, silent_seconds=silent)


def _phone(phone: Phone, settings: TelephonySettings) -> str:
    return _template("phone.conf").substitute(
        extension=phone.extension, digest=phone.digest, silent_seconds=settings.silent_seconds
    )


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _template(name: str) -> Template:
    text = (files("appliance.telephony") / "templates" / name).read_text("utf-8")
    return Template(text)
