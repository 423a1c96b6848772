"""Whatever the description allows, and what it does not, is answered as the description says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from appliance.settings.limits import LimitSettings
from tests.web.appliance.conftest import ORIGIN, House
from tests.web.appliance.fuzz_house import NEAR, FuzzHouse, furnished

FREE = LimitSettings(
    requests_per_minute_per_address=0, requests_per_minute_per_account=0,
    chats_per_hour_per_address=0, messages_per_second=0,
    visitor_requests_per_minute_per_address=0,
)  # fmt: skip
_ID = 2**31 - 1  # the largest


def fuzz(house: House, folder: Path, examples: int, only: str = "") -> list[str]:
    """Ask every address so many times; what went wrong."""
    with furnished(house, folder) as known:
        flask = house.appliance.flask
        document = flask.test_client().get("/api/openapi.json", base_url=ORIGIN).json
        near(document, known.words)
        schema = schemathesis.openapi.from_dict(document)
        schema.app = flask
        wrong = []
        operations = [result.ok() for result in schema.get_all_operations()]
        assert known.right.keys() <= {one.label for one in operations}
        # What is there is asked for and changed before it is removed.
        for operation in sorted(operations, key=lambda one: one.method.upper() == "DELETE"):
            if not re.search(only, operation.label):
                continue
            try:
                ask_often(operation, known, examples)
            except Exception as error:  # noqa: BLE001 - each address is looked at
                told = "\n".join(getattr(error, "__notes__", []))
                wrong.append(f"{operation.label}: {error} {told}")
    return wrong


def near(document: dict[str, Any], words: dict[str, list[str]]) -> None:
    """What names something names what is there, one more of it, and the largest."""
    for path in document["paths"].values():
        for operation in path.values():
            for one in operation.get("parameters", ()):
                if one["in"] == "path" and one["name"] in words:
                    one["schema"] = {"enum": [*words[one["name"]], "nothing"]}
                elif one["in"] == "path":
                    one["schema"] = _near(one["schema"])
    for shape in document["components"]["schemas"].values():
        for name, one in shape.get("properties", {}).items():
            shape["properties"][name] = _near(one)
            for among in one.get("anyOf", ()):
                among.update(_near(among))


def _near(schema: dict[str, Any]) -> dict[str, Any]:
    """Only ids are as large as that."""
    if schema.get("type") != "integer" or schema.get("maximum") != _ID:
        return schema
    return {**schema, "enum": [*range(1, NEAR + 2), _ID]}


def ask_often(operation: Any, known: FuzzHouse, examples: int) -> None:
    shown = known.shown(operation.path)
    if operation.label in known.right:
        right = operation.Case(**known.right[operation.label]())
        answer = right.call(base_url=ORIGIN, **shown)
        assert answer.status_code < 300, f"asked rightly: {answer.text}"

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate],
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(base_url=ORIGIN, **shown)
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

    ask()


def test_no_request_breaks_it(build, tmp_path):
    assert fuzz(build(limits=FREE), tmp_path, 3) == []


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_request_breaks_it_however_often(build, tmp_path):
    assert fuzz(build(limits=FREE), tmp_path, 200) == []
