"""Write appliance/telephony/ari/models.py from the switch's own description of its interface.

``python packaging/telephony/ari_models.py TREE/usr/share/asterisk/rest-api`` (what the switch
answers at ``/ari/api-docs`` is read from the same files) writes it; with ``--check`` it says by its
exit status whether it is current. Only what is used is made, and what that needs.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[2] / "appliance" / "telephony" / "ari" / "models.py"
USED = (
    "StasisStart", "StasisEnd", "ChannelDestroyed", "PlaybackFinished",
    "RecordingStarted", "RecordingFinished", "RecordingFailed", "ChannelDtmfReceived",
    "RESTRequest", "RESTResponse", "Channel", "Bridge",
)  # fmt: skip
OPERATIONS = (
    "applications.filter", "channels.list", "channels.originateWithId", "channels.hangup",
    "channels.answer", "channels.startMoh", "channels.stopMoh", "channels.playWithId",
    "channels.record", "channels.snoopChannelWithId", "channels.ring", "channels.ringStop",
    "channels.mute", "channels.unmute",
    "bridges.list", "bridges.createWithId", "bridges.destroy",
    "bridges.addChannel", "bridges.removeChannel", "bridges.record",
    "bridges.startMoh", "bridges.stopMoh",
    "playbacks.stop", "recordings.stop", "recordings.pause", "recordings.unpause",
)  # fmt: skip
_PLAIN = {
    "string": "str", "int": "int", "long": "int", "double": "float", "float": "float",
    "boolean": "bool", "Date": "str", "object": "dict[str, Any]", "containers": "dict[str, Any]",
    "byte": "int", "binary": "str",
}  # fmt: skip
_HEAD = '''"""The switch's own words: made by packaging/telephony/ari_models.py; do not edit.

A key that is not required may be missing.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

'''


def models_text(folder: Path) -> str:
    """The module's text."""
    described = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    models = {n: m for one in described for n, m in one.get("models", {}).items()}
    parents = {sub: name for name, m in models.items() for sub in m.get("subTypes", [])}
    wanted = _closure(USED, models, parents)
    parts = [_HEAD + "OPERATIONS = {\n" + "".join(_operations(described)) + "}\n"]
    parts += [_model(name, models, parents) for name in sorted(wanted)]
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


def _operations(described: list[dict[str, Any]]) -> list[str]:
    found = {}
    for one in described:
        room = str(one.get("resourcePath", "")).rsplit("/", 1)[-1].removesuffix(".{format}")
        for api in one.get("apis", []):
            for operation in api.get("operations", []):
                key = f"{room}.{operation['nickname']}"
                found[key] = f'("{operation["httpMethod"]}", "{api["path"]}")'
    return [f'    "{name}": {found[name]},\n' for name in OPERATIONS]


def _fields(
    name: str, models: dict[str, Any], parents: dict[str, str]
) -> dict[str, dict[str, Any]]:
    above = _fields(parents[name], models, parents) if name in parents else {}
    return above | models[name]["properties"]


def _closure(names: tuple[str, ...], models: dict[str, Any], parents: dict[str, str]) -> set[str]:
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        for field in _fields(name, models, parents).values():
            left += [word for word in re.findall(r"\w+", field["type"]) if word in models]
    return found


def _model(name: str, models: dict[str, Any], parents: dict[str, str]) -> str:
    lines = [f"class {name}(TypedDict):", f'    """{_sentence(models[name])}"""', ""]
    for field, about in sorted(_fields(name, models, parents).items()):
        kind = _kind(about["type"], models)
        lines.append(f"    {field}: {kind if about.get('required') else f'NotRequired[{kind}]'}")
    return "\n".join(lines) + "\n"


def _sentence(model: dict[str, Any]) -> str:
    text = " ".join(str(model.get("description", "")).split()).rstrip(".")
    return f"{text[:88] or 'Not described'}."


def _kind(text: str, models: dict[str, Any]) -> str:
    listed = re.fullmatch(r"List\[(\w+)\]", text)
    if listed:
        return f"list[{_kind(listed[1], models)}]"
    return text if text in models else _PLAIN.get(text, "Any")


def main() -> int:
    """Exit status: 0 written or current, 1 not current."""
    folder = Path(sys.argv[1])
    text = models_text(folder)
    if "--check" in sys.argv:
        return 0 if TARGET.read_text("utf-8") == text else 1
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
