"""Which frames are the program's own, when no SDK has said so: by well-known library places."""

from __future__ import annotations

import re
from typing import Any

_PLACES = re.compile(
    r"site-packages/|dist-packages/|/lib(?:64)?/python\d|/Lib/(?!site)\w+\.py$|^<frozen |^<string>"
    r"|node_modules/|^node:|^internal/|^<anonymous>$|^native$|^index \d+$|-extension://"
    r"|/webpack/(?:bootstrap|runtime)|/go/src/|/pkg/mod/|/vendor/|/usr/lib/go"
    r"|/usr/share/dotnet/|/_/src/(?:libraries|coreclr|runtime)/|^/rustc/|\.cargo/registry/"
)
_MODULES = re.compile(
    r"(?:javax?|jdk|sun|com\.sun|kotlinx?|scala|groovy|clojure|android|androidx|com\.android"
    r"|dalvik|org\.springframework|org\.apache|org\.hibernate|org\.eclipse|org\.jboss|org\.junit"
    r"|org\.slf4j|ch\.qos\.logback|io\.netty|io\.reactivex|reactor|io\.undertow|okhttp3|retrofit2"
    r"|com\.google\.(?:common|gson|inject)|com\.fasterxml|com\.zaxxer|com\.mysql|org\.postgresql"
    r"|System|Microsoft|MS|Newtonsoft|Npgsql|Dapper|Castle|Serilog|NLog|Xunit|NUnit)\."
)
_GO = re.compile(
    r"(?:runtime|reflect|sync|syscall|net|os|io|bufio|bytes|strings|strconv|sort|time|context"
    r"|errors|fmt|log|encoding|database|testing|internal|crypto|unicode|regexp|math|html|text"
    r"|compress|container|path)(?:/.*)?$"
)


def is_own(frame: dict[str, Any]) -> bool:
    """Whether a frame is the program's own; what an SDK has decided stands."""
    said = frame.get("in_app")
    if isinstance(said, bool):
        return said
    module = _text(frame.get("module"))
    function = _text(frame.get("function"))
    places = [_text(frame.get(name)).replace("\\", "/") for name in ("filename", "abs_path")]
    if any(_PLACES.search(place) for place in places if place):
        return False
    if any(place.endswith((".go", ".s")) for place in places):
        return not (_GO.match(module) or (not module and function == "panic"))
    return not _MODULES.match(f"{module or function}.")


def _text(value: Any) -> str:
    return value[:1000] if isinstance(value, str) else ""
