"""The page at ``/``: the call list, in the reader's language."""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

LANGUAGES = ("en", "zh-CN")
_PAGE = """<!doctype html>
<html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto }}
table {{ width: 100%; border-collapse: collapse }}
th, td {{ text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #8884 }}
input {{ font: inherit; width: 60% }} button {{ font: inherit }}
.failed {{ color: #b00020 }}
</style>
<h1>{title}</h1>
<form><label>{copied} <input name="text" autofocus></label> <button>{dial}</button></form>
<table><thead><tr><th>{time}<th>{number}<th>{state}<th>{copied}</thead><tbody>{rows}</tbody></table>
<p><small>{version}</small></p>
<script>
document.forms[0].onsubmit = async (event) => {{
  event.preventDefault();
  const text = event.target.text.value;
  await fetch("/dial", {{method: "POST", headers: {{"Content-Type": "application/json"}},
                        body: JSON.stringify({{text}})}});
  setTimeout(() => location.reload(), 300);
}};
</script></html>
"""


def language_for(accepted: str) -> str:
    """The language for an Accept-Language header: Chinese when it comes first."""
    return "zh-CN" if accepted.strip().lower().startswith("zh") else "en"


def page(calls: list[dict[str, str | int]], language: str, version: str) -> str:
    """The whole page as HTML."""
    source = Path(__file__).with_name("texts") / f"{language}.toml"
    texts = tomllib.loads(source.read_text(encoding="utf-8"))
    rows = "".join(_row(call, texts) for call in calls)
    words = {name: escape(text) for name, text in texts.items()}
    words["version"] = escape(texts["version"].format(version=version))
    return _PAGE.format(language=language, rows=rows, **words)


def _row(call: dict[str, str | int], texts: dict[str, str]) -> str:
    state = str(call["state"])
    number = str(call["number"])
    if call["extension"]:
        number += f" {texts['extension']} {call['extension']}"
    cells = (str(call["at"]), number, texts[state], str(call["text"]))
    return f'<tr class="{state}">' + "".join(f"<td>{escape(cell)}" for cell in cells)
