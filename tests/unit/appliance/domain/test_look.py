from __future__ import annotations

import pytest

from appliance.domain.look import DARK, WHITE, Look, contrast


@pytest.mark.parametrize(
    ("accent", "ink"), [("#000000", WHITE), ("#ffe600", DARK), ("#0b6bcb", WHITE), ("", "")]
)
def test_text_on_the_accent_can_be_read(accent, ink):
    assert Look(accent).on_accent == ink


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    "look",
    [
        {"accent": "red"}, {"accent": "#12345"}, {"accent": "#123456;background:url(//x)"},
        {"side": "top"}, {"title": {"fr": "x"}}, {"title": {"en": "x" * 61}},
        {"greeting": {"en": "x" * 1001}}, {"comfort": {"en": "x" * 1001}}, {"comfort": {"fr": "x"}},
    ],
)  # fmt: skip
def test_a_look_that_is_none_is_refused(look):
    with pytest.raises(ValueError, match="look"):
        Look(**look)
