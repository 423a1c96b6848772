"""Quick JSON reads and writes what the standard library does."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.as_json import read_json, write_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.text(st.characters(categories=["Cs", "Nd"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_it_reads_what_the_standard_library_reads(value: object, ascii_only: bool):
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")
    found, expected = read_json(data), json.loads(data)
    assert (found, repr(found)) == (expected, repr(expected))


@given(VALUES)
def test_what_it_writes_is_read_as_the_same(value: object):
    assert json.loads(write_json(value)) == value


def test_what_is_no_json_is_refused_with_the_place():
    with pytest.raises(ValueError, match="line 1 column"):
        read_json(b'{"a": }')


def test_what_other_languages_write_instead_of_numbers_is_read():
    assert math.isnan(read_json(b'{"load": NaN}')["load"])
