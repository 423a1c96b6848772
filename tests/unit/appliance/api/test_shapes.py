"""A message is told as its description says, though that is not asked each time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.api.v1.shapes import MessageShape, message_shape
from appliance.domain.attachment import Attachment
from appliance.domain.records import Author, Message

AT = datetime(2026, 11, 21, 5, 37, 35, 123000, UTC)
FILE = Attachment("f1", 5, "a.png", "image/png", 17, "00", AT)


@pytest.mark.parametrize("at", [AT, AT.replace(microsecond=0)])
@pytest.mark.parametrize("file", [None, FILE])
def test_a_message_has_the_shape_that_is_described(at: datetime, file: Attachment | None):
    message = Message(5, 3, "k", Author.AGENT, "你好", at, 7, False, file)
    told = message_shape(message)
    assert told == MessageShape(**told).model_dump(mode="json")
    assert list(told) == list(MessageShape.model_fields)
