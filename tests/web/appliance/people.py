"""People at the interface: somebody signed in, and a web visitor."""

from __future__ import annotations

from typing import Any

from tests.web.appliance.conftest import GOOD, ORIGIN, House

VISITOR = "a-browser-of-a-visitor"


class Person:
    """Somebody who is signed in and uses the interface."""

    def __init__(self, house: House, name: str) -> None:
        browser = house.browser()
        assert browser.sign_in(name, house.first_password if name == "admin" else GOOD)
        self._client = browser._client
        self._token = ""

    def get(self, path: str) -> Any:
        answer = self._client.get(f"/api/v1{path}", base_url=ORIGIN)
        self._token = answer.headers.get("X-CSRF-Token", self._token)
        assert answer.status_code == 200, answer.text
        return answer.json

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None, **more: str
            ) -> Any:  # fmt: skip
        if not self._token:
            self.get("/desk/me")
        headers = {"X-CSRF-Token": self._token if token is None else token, **more}
        if "If-None-Match" not in headers:
            headers.setdefault("If-Match", "*")  # tests of versions say which
        return self._client.open(
            f"/api/v1{path}", method=method, json={} if body is None else body, headers=headers,
            base_url=ORIGIN,
        )  # fmt: skip

    def send(self, path: str, form: dict[str, Any]) -> Any:
        """A form with a file in it."""
        if not self._token:
            self.get("/desk/me")
        return self._client.post(
            f"/api/v1{path}", data=form, headers={"X-CSRF-Token": self._token}, base_url=ORIGIN,
        )  # fmt: skip

    def do(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json


class Visitor:
    """A web visitor; nobody is signed in."""

    def __init__(self, house: House, queue: int, **more: Any) -> None:
        self._client = house.public.flask.test_client()
        body = {"queue": queue, "visitor": VISITOR, "name": "Li", **more}
        begun = self._client.post("/api/v1/chat", json=body, base_url=ORIGIN)
        assert begun.status_code == 201, begun.text
        self.begun = begun.json
        self.id: int = begun.json["conversation"]

    def ask(self, method: str, path: str, key: str | None = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.begun['key'] if key is None else key}"}
        return self._client.open(
            f"/api/v1/chat{path}", method=method, base_url=ORIGIN, headers=headers, **options
        )

    def say(self, key: str, text: str) -> Any:
        return self.ask("POST", "/messages", json={"key": key, "text": text}).json

    def heard(self) -> list[str]:
        return [one["text"] for one in self.ask("GET", "/messages").json["items"]]


def ready(*people: Person) -> None:
    for person in people:
        person.do("POST", "/desk/presence", {"said": "sign_in"})
        person.do("POST", "/desk/presence", {"said": "ready"})


def problem_of(answer: Any, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert (answer.json["type"], answer.json["status"]) == (kind, status)
    detail: str = answer.json["detail"]
    return detail
