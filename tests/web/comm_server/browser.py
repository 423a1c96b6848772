"""A person at the console, on Flask's test client."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.support.site import TestSite

PASSWORD = "a sentence of my own"


class Browser:
    def __init__(self, site: TestSite, language: str = "en") -> None:
        self.site = site
        self.client = site.app().test_client()
        self.language = language

    def get(self, path: str) -> Any:
        return self.client.get(
            path, base_url="https://localhost", headers={"Accept-Language": self.language}
        )

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers)
        return answer.get_data(as_text=True)

    def post(self, path: str, form: str | None = None, **fields: str) -> Any:
        """Post with the CSRF token of the page ``form``; without a page, without a token."""
        if form is not None:
            fields["csrf"] = csrf(self.page(form))
        return self.client.post(
            path,
            base_url="https://localhost",
            data=fields,
            headers={"Accept-Language": self.language},
        )

    def sign_in_first(self) -> None:
        once = first_password(self.site.parts.folder)
        answer = self.post("/sign-in", "/sign-in", name="admin", password=once)
        assert answer.status_code == 303
        answer = self.post("/password", "/password", old=once, new=PASSWORD, again=PASSWORD)
        assert answer.status_code == 303, answer.get_data(as_text=True)


def first_password(folder: Path) -> str:
    """As `callstead run` reads it, without its label."""
    last = (folder / "first-sign-in").read_text("utf-8").strip().splitlines()[-1]
    return last.removeprefix("password: ")


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]
