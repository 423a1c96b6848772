"""Whatever the description allows, and what it does not, is answered as the description says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from appliance.domain.roles import PERMISSIONS, Role
from appliance.settings import LimitSettings
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Person, Visitor, ready

FREE = LimitSettings(
    requests_per_minute_per_address=0, requests_per_minute_per_account=0,
    chats_per_hour_per_address=0, messages_per_second=0,
    visitor_requests_per_minute_per_address=0,
)  # fmt: skip
NEAR = 3  # so many of each kind


def fuzz(house: House, examples: int) -> list[str]:
    """Ask every address so many times; what went wrong."""
    house.change_settings(chat=replace(house.settings.chat, commands_a_second=10_000))
    house.signed_in()
    admin = Person(house, "admin")
    queue = admin.do("POST", "/queues", {"name": "sales"}, 201)["id"]
    scopes = sorted(PERMISSIONS[Role.ADMINISTRATOR])
    key = admin.do("POST", "/api-keys", {"name": "fuzz", "scopes": scopes}, 201)["key"]
    visitor = furnished(house, admin, queue)
    flask = house.appliance.flask
    document = flask.test_client().get("/api/openapi.json", base_url=ORIGIN).json
    near(document)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = flask
    wrong = []
    operations = [result.ok() for result in schema.get_all_operations()]
    # What is there is asked for and changed before it is removed.
    for operation in sorted(operations, key=lambda one: one.method.upper() == "DELETE"):
        shown = visitor.begun["key"] if "/chat" in operation.path else key
        headers = {"Authorization": f"Bearer {shown}", "If-Match": "*"}
        try:
            ask_often(operation, headers, examples)
        except Exception as error:  # noqa: BLE001 - each address is looked at
            told = "\n".join(getattr(error, "__notes__", []))
            wrong.append(f"{operation.label}: {error} {told}")
    return wrong


def furnished(house: House, admin: Person, queue: int) -> Visitor:
    """Something of each kind is there, or hardly a request would come further than a 404."""
    me = admin.get("/desk/me")["id"]
    admin.do("PATCH", f"/agents/{me}", {"queues": [queue], "capacity": 1000})
    ready(admin)
    names = {"en": "A name"}
    block = {"kind": "network", "value": "192.0.2.7", "reason": "spam", "until": None}
    for number in range(1, NEAR + 1):
        for path, body in (
            ("/canned", {"shortcut": f"s{number}", "texts": names}),
            ("/fields", {"subject": "contact", "key": f"k{number}", "names": names}),
            ("/teams", {"name": f"team {number}"}),
            ("/blocklist", {**block, "value": f"192.0.2.{number}"}),
            ("/flows", {"name": f"flow {number}", "form": {}}),
            ("/webhooks", {"name": f"hook {number}", "url": "https://crm.example/hook"}),
        ):
            answer = admin.ask("POST", path, body)
            assert answer.status_code == 201, answer.text
    visitors = []
    for _number in range(NEAR):
        visitors.append(Visitor(house, queue))
        admin.do("POST", f"/desk/conversations/{visitors[-1].id}/accept")
    return visitors[-1]


def near(document: dict[str, Any]) -> None:
    """Numbers in paths are of what is there, of one more, and the largest."""
    for path in document["paths"].values():
        for operation in path.values():
            for one in operation.get("parameters", ()):
                if one["in"] == "path" and one["schema"].get("type") == "integer":
                    one["schema"] = {"enum": [*range(1, NEAR + 2), one["schema"]["maximum"]]}


def ask_often(operation: Any, headers: dict[str, str], examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(base_url=ORIGIN, headers=headers)
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

    ask()


def test_no_request_breaks_it(build):
    assert fuzz(build(limits=FREE), 3) == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_request_breaks_it_however_often(build):
    assert fuzz(build(limits=FREE), 200) == []
