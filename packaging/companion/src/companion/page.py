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
  const body = JSON.stringify({{text: event.target.text.value}});
  const what = {{method: "POST", headers: {{"Content-Type": "application/json"}}, body}};
  // 503: an update is being installed; it takes a moment.
  for (let left = 60; left && (await fetch("/dial", what)).status === 503; left--)
    await new Promise((go) => setTimeout(go, 1000));
  setTimeout(() => location.reload(), 300);
}};
</script></html>
"""


def language_for(accepted: str) -> str:
    """The language for an Accept-Language header: Chinese when it comes first."""
    return "zh-CN" if accepted.strip().lower().startswith("zh") else "en"


def page(calls: list[dict[str, str | int]], language: str, version: str) -> str:
    """The whole page as HTML."""
    texts = _texts(language)
    rows = "".join(_row(call, texts) for call in calls)
    words = {name: escape(text) for name, text in texts.items()}
    words["version"] = escape(texts["version"].format(version=version))
    return _PAGE.format(language=language, rows=rows, **words)


def one_moment() -> str:
    """The page that stands in for all others while an update is being installed."""
    texts = [_texts(language) for language in LANGUAGES]
    said = "".join(f"<p>{escape(text['one_moment'])}</p>" for text in texts)
    return (
        '<!doctype html><html><meta charset="utf-8"><meta http-equiv="refresh" content="2">'
        f"<title>{escape(texts[0]['title'])}</title>{said}</html>"
    )


def _texts(language: str) -> dict[str, str]:
    source = Path(__file__).with_name("texts") / f"{language}.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _row(call: dict[str, str | int], texts: dict[str, str]) -> str:
    state = str(call["state"])
    number = str(call["number"])
    if call["extension"]:
        number += f" {texts['extension']} {call['extension']}"
    cells = (str(call["at"]), number, texts[state], str(call["text"]))
    return f'<tr class="{state}">' + "".join(f"<td>{escape(cell)}" for cell in cells)
