"""The steps of the database are one chain, in the order of their files."""

from __future__ import annotations

import re

from tests.architecture.house import ROOT

VERSIONS = ROOT / "appliance" / "store" / "migrations" / "versions"


def test_each_migration_follows_the_one_before_it():
    before = None
    for file in sorted(VERSIONS.glob("s*.py")):
        text = file.read_text("utf-8")
        found = dict(
            re.findall(r'^(revision|down_revision)\b[^=]*= (?:"(\w+)"|None)', text, re.MULTILINE)
        )
        assert found["revision"] == file.name[1:5], file.name
        assert (found.get("down_revision") or None) == before, file.name
        before = found["revision"]
