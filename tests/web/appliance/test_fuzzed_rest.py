"""Whatever the description allows, and what it does not, is answered as the description says."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from appliance.domain.roles import PERMISSIONS, Role
from appliance.settings import LimitSettings
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.people import Person, Visitor

FREE = LimitSettings(
    requests_per_minute_per_address=0, requests_per_minute_per_account=0,
    chats_per_hour_per_address=0, messages_per_second=0,
    visitor_requests_per_minute_per_address=0,
)  # fmt: skip


def fuzz(house: House, examples: int) -> list[str]:
    """Ask every address so many times; what went wrong."""
    house.signed_in()
    admin = Person(house, "admin")
    queue = admin.do("POST", "/queues", {"name": "sales"}, 201)["id"]
    scopes = sorted(PERMISSIONS[Role.ADMINISTRATOR])
    key = admin.do("POST", "/api-keys", {"name": "fuzz", "scopes": scopes}, 201)["key"]
    visitor = Visitor(house, queue)
    flask = house.appliance.flask
    document = flask.test_client().get("/api/openapi.json", base_url=ORIGIN).json
    schema = schemathesis.openapi.from_dict(document)
    schema.app = flask
    wrong = []
    for result in schema.get_all_operations():
        operation = result.ok()
        shown = visitor.begun["key"] if "/chat" in operation.path else key
        headers = {"Authorization": f"Bearer {shown}", "If-Match": "*"}
        try:
            ask_often(operation, headers, examples)
        except Exception as error:  # noqa: BLE001 - each address is looked at
            told = "\n".join(getattr(error, "__notes__", []))
            wrong.append(f"{operation.label}: {error} {told}")
    return wrong


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
