from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from tests.unit.packaging.ground import BUILD, ROOT, Companion, Sink, build_script, until

pytestmark = pytest.mark.slow  # PyInstaller looks through every library


def tree(folder):
    """What a release is made of: path -> (mode, sha256)."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Version 1.0.0, built twice at once in different folders."""
    folders = [tmp_path_factory.mktemp(f"build{number}") for number in (1, 2)]
    builds = [
        subprocess.Popen(
            [sys.executable, str(BUILD), "1.0.0", "--out", str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": str(number)},
        )
        for number, folder in enumerate(folders)
    ]
    for build, folder in zip(builds, folders, strict=True):
        told, _ = build.communicate()
        assert build.returncode == 0
        assert told.startswith(f"{folder / 'companion-1.0.0'} ")
    return [folder / "companion-1.0.0" for folder in folders]


def test_two_builds_are_the_same_byte_for_byte(built):
    assert tree(built[0]) == tree(built[1])


def test_a_build_has_plain_files_alone_and_no_temporary_folders_left(built):
    assert not [path for path in built[0].rglob("*") if path.is_symlink()]
    assert sorted(path.name for path in built[0].parent.iterdir()) == [
        "companion-1.0.0",
        "companion-1.0.0.json",
    ]


def test_only_what_the_program_needs_is_in_it(built):
    inside = {path.name.split(".")[0] for path in (built[0] / "_internal").iterdir()}
    assert not inside & {"flask", "sqlalchemy", "tkinter", "test", "cryptography", "requests"}
    assert sum(path.stat().st_size for path in built[0].rglob("*") if path.is_file()) < 80e6


def test_the_built_program_works_crashes_reports_with_source_lines_and_comes_back(built, tmp_path):
    sink = Sink()
    program = Companion([str(built[0] / "companion")], tmp_path / "data", sink.dsn)
    del program.environment["PYTHONPATH"]
    try:
        program.start()
        until(program.is_up)
        program.dial("+86 138 0013 8000")
        until(lambda: program.calls()[0]["state"] == "dialled")
        program.dial("010-6552 9988 转 8001")
        assert program.wait()[0] == 1
        (event,) = sink.events
        program.start()
        until(program.is_up)
        assert program.calls()[0]["reason"] == "interrupted"
    finally:
        program.end()
        sink.close()
    assert event["release"] == "companion@1.0.0"
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert [f["module"] for f in frames] == [
        "__main__",
        "companion.main",
        "companion.main",
        "companion.phone",
    ]
    assert all(frame["in_app"] and frame["context_line"] for frame in frames)
    assert frames[-1]["context_line"].strip() == "digits = str(int(compact))"
    assert frames[-1]["vars"]["compact"] == "'01065529988转8001'"
    assert len(frames[-1]["pre_context"]) == 5


def test_what_is_built_is_kept_until_a_source_changes(built, monkeypatch, tmp_path):
    script = build_script()

    def rebuild(*_arguments):
        raise AssertionError("built again")

    monkeypatch.setattr(script, "freeze", rebuild)
    out = built[1].parent
    assert script.build("1.0.0", out) == built[1]
    monkeypatch.setattr(script, "LIBRARIES", ("pyinstaller",))  # another set of libraries
    with pytest.raises(AssertionError, match="built again"):
        script.build("1.0.0", out)


def test_a_later_version_holds_the_changes_of_all_before_it(tmp_path):
    script = build_script()
    assert script.versions() == ["1.0.0", "1.0.1", "1.0.2"]
    script.lay_out("1.0.2", "1.0.2", tmp_path)
    assert 'VERSION = "1.0.2"' in (tmp_path / "companion" / "version.py").read_text()
    assert (
        "extension" in (tmp_path / "companion" / "phone.py").read_text().split("def normalise")[1]
    )
    assert (tmp_path / "companion" / "hotkeys.py").exists()


def test_an_overlay_changes_no_more_than_its_story(tmp_path):
    """What is not about the change is the same as in the version before."""
    folder = ROOT / "packaging" / "companion"
    changed = {
        ("src", "1.0.1", "phone.py"): 8,
        ("src", "1.0.2", "main.py"): 2,
    }
    for (_base, version, name), most in changed.items():
        before = (folder / "src" / "companion" / name).read_text().splitlines()
        after = (folder / "versions" / version / "companion" / name).read_text().splitlines()
        assert 0 < len(set(after) - set(before)) <= most


def test_the_sources_of_one_version_can_get_another_number(tmp_path):
    build_script().lay_out("2.0.0", "1.0.0", tmp_path)
    assert 'VERSION = "2.0.0"' in (tmp_path / "companion" / "version.py").read_text()
    assert "(?P<extension>" not in (tmp_path / "companion" / "phone.py").read_text()


@pytest.mark.parametrize(
    "arguments", [["9.9.9"], ["2.0.0", "--sources", "9.9.9"], ["../1.0.0"], ["1.0.0"]]
)
def test_what_cannot_be_built_is_told_at_once(arguments, tmp_path):
    out = [] if arguments == ["1.0.0"] else ["--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(BUILD), *arguments, *out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "error: " in done.stderr
