from __future__ import annotations

import pytest

from appliance.domain.attachment import ENDINGS, KINDS, NotTakenError, Rules, judge, plain_name

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
RULES = Rules(1000, ENDINGS)


@pytest.mark.parametrize(
    ("name", "head", "type_"),
    [
        ("a.png", PNG, "image/png"),
        ("A.JPEG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("x.pdf", b"%PDF-1.7", "application/pdf"),
        ("x.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("说明.txt", "你好".encode(), "text/plain"),
        ("cut.txt", "你好".encode()[:-1], "text/plain"),
        ("gb.csv", "姓名,电话".encode("gb18030"), "text/plain"),
    ],
)
def test_a_file_is_taken_when_name_and_content_agree(name, head, type_):
    assert judge(name, head, len(head), RULES).type == type_


@pytest.mark.parametrize(
    ("name", "head", "size", "kind"),
    [
        ("a.png", b"", 0, "file-empty"),
        ("a.png", PNG, 1001, "file-too-large"),
        ("a.exe", b"MZ", 10, "file-type"),
        ("a.html", b"<html>", 10, "file-type"),
        ("a.svg", b"<svg onload=alert(1)>", 10, "file-type"),
        ("png", PNG, 10, "file-type"),
        ("a.png.html", PNG, 10, "file-type"),
        ("a.png", b"<html><script>", 10, "file-content"),
        ("a.pdf", b"MZ\x90\0", 10, "file-content"),
        ("a.txt", b"\x7fELF\2\1\1\0\0", 10, "file-content"),
        ("a.txt", b"\xff\xfe\1\2\3bell", 10, "file-content"),
    ],
)
def test_what_is_not_what_it_says_is_refused_with_a_reason(name, head, size, kind):
    with pytest.raises(NotTakenError, match=r"\w+ .*") as refused:
        judge(name, head, size, RULES)
    assert refused.value.kind == kind


def test_an_administrator_may_allow_less():
    with pytest.raises(NotTakenError, match=r"these are: pdf"):
        judge("a.png", PNG, 10, Rules(1000, {"pdf"}))


def test_nothing_that_a_browser_would_run_is_a_kind():
    types = {kind.type for kind in KINDS}
    assert not types & {"text/html", "image/svg+xml", "text/javascript", "application/xhtml+xml"}
    assert {kind.type for kind in KINDS if kind.shown} <= {
        "image/png", "image/jpeg", "image/gif", "image/webp",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\li\\photo.png", "photo.png"),
        ("a\r\nSet-Cookie: x.txt", "a_Set-Cookie_ x.txt"),
        ("exe.\u202etxt.png", "exe._txt.png"),
        ("...", "file"),
        ("", "file"),
        ("说明书.pdf", "说明书.pdf"),
        ("x" * 400 + ".pdf", "x" * 150 + ".pdf"),
    ],
)
def test_a_name_has_no_folders_and_no_tricks(name, plain):
    assert plain_name(name) == plain
