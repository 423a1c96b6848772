"""The same tests on the switch in memory, and, in the long form, on the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.telephony.people import InMemory, People, WithSipp
from tests.support.real_switch import real_switch


@pytest.fixture(params=["memory", pytest.param("asterisk", marks=pytest.mark.long)])
def people(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[People]:
    if request.param == "memory":
        yield InMemory()
        return
    with real_switch(tmp_path_factory.mktemp("s"), ["101", "102"]) as found:
        people = WithSipp(found)
        yield people
        people.provider.stop()
