from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

COMPANION = Path(__file__).parents[3] / "packaging" / "companion"


def load(layer):
    """The phone module of one layer; it needs nothing else."""
    name = f"phone_of_{layer.name.replace('.', '_')}"
    spec = importlib.util.spec_from_file_location(name, layer / "companion" / "phone.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


FIRST, FIXED = load(COMPANION / "src"), load(COMPANION / "versions" / "1.0.1")

DIALLED = {
    "13800138000": "+8613800138000",
    "0 138 0013 8000": "+8613800138000",
    "+86 138-0013-8000": "+8613800138000",
    "0086 138 0013 8000": "+8613800138000",
    "请回拨 138 0013 8000 谢谢": "+8613800138000",
    "电话：(010) 6552-9988": "+861065529988",
    "０１０－６５５２　９９８８": "+861065529988",
    "+86 (0)10 6552 9988": "+861065529988",
    "(+86) 10 65529988": "+861065529988",
    "021 6123 4567": "+862161234567",
    "0755—8888 9999": "+8675588889999",
    "65529988": "+861065529988",
    "400-810-8888": "+864008108888",
    "110": "110",
    "12345 热线": "12345",
    "95588": "95588",
    "+1 (212) 555-0100": "+12125550100",
    "No. 5, tel 13800138000": "+8613800138000",
}
EXTENDED = {
    "010-6552 9988 转 8001": ("+861065529988", "8001"),
    "6552 9988 ext. 12": ("+861065529988", "12"),
    "400 810 8888 x3": ("+864008108888", "3"),
    "(0755) 8888-9999 分机：１０６": ("+8675588889999", "106"),
}


@pytest.mark.parametrize("phone", [FIRST, FIXED], ids=["1.0.0", "1.0.1"])
@pytest.mark.parametrize(("text", "number"), DIALLED.items())
def test_what_people_copy_becomes_a_number_to_dial(phone, text, number):
    assert phone.normalise(text) == phone.PhoneNumber(number)


@pytest.mark.parametrize("phone", [FIRST, FIXED], ids=["1.0.0", "1.0.1"])
@pytest.mark.parametrize("text", ["", "hello", "3 个", "12345678901234567890", "+0", "13 - 5"])
def test_a_text_without_a_number_says_so(phone, text):
    with pytest.raises(phone.NoNumberError):
        phone.normalise(text)


def test_a_local_number_gets_the_area_of_the_seat():
    assert FIXED.normalise("8888 9999", home_area="755").number == "+8675588889999"


@pytest.mark.parametrize("text", EXTENDED)
def test_an_extension_breaks_version_1_0_0(text):
    with pytest.raises(ValueError, match="invalid literal for int"):
        FIRST.normalise(text)


@pytest.mark.parametrize(("text", "expected"), EXTENDED.items())
def test_an_extension_is_kept_by_version_1_0_1(text, expected):
    assert FIXED.normalise(text) == FIXED.PhoneNumber(*expected)


@given(st.text(st.sampled_from("0123456789+()-./ 转extx#:一é٣²"), max_size=40))
def test_no_text_breaks_version_1_0_1(text):
    try:
        phone = FIXED.normalise(text)
    except FIXED.NoNumberError:
        return
    assert phone.number.lstrip("+").isascii()
