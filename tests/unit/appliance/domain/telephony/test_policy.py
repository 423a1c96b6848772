"""What who waits is told."""

from __future__ import annotations

import pytest

from appliance.domain.telephony.policy import PhonePolicy, announcement
from common.web.texts import Texts


def told(language: str, ahead: int, wait: int | None) -> str:
    said = announcement(PhonePolicy(callback="1"), ahead, wait, callback=True)
    texts = Texts("appliance")
    return " ".join(texts.t(f"phone.{name}", language=language, **more) for name, more in said)


@pytest.mark.parametrize(
    ("language", "ahead", "wait", "heard"),
    [
        ("en", 0, 30, "You are next in line. We expect to answer within a minute."),
        ("en", 1, 61, "There is one caller before you. We expect to answer in about 2 minutes."),
        ("en", 2, None, "There are 2 callers before you."),
        ("zh-CN", 0, 30, "下一位就是您。 预计一分钟内为您接通。"),
        ("zh-CN", 1, 61, "您前面还有一位。 预计约2分钟后为您接通。"),
        ("zh-CN", 2, None, "您前面还有2位。"),
    ],
)
def test_who_waits_is_told_the_place_and_how_long_it_may_take(language, ahead, wait, heard):
    offered = {
        "en": "To be called back without losing your place, press 1.",
        "zh-CN": "如需保留位置并由我们回电，请按1。",
    }
    assert told(language, ahead, wait) == f"{heard} {offered[language]}"
