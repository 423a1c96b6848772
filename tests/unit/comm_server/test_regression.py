from __future__ import annotations

import pytest

from comm_server.regression import is_regression


@pytest.mark.parametrize(
    ("seen", "resolved"),
    [
        ("companion@1.0.2", "companion@1.0.1"),
        ("companion@1.10.0", "companion@1.9.9"),
        ("companion@1.0.2", "1.0.1"),
        ("1.0.2", "companion@1.0.1"),
        ("companion@1.0.2rc1", "companion@1.0.1"),
        ("@scope/desk@2.0", "@scope/desk@1.0"),
    ],
)
def test_a_later_release_is_one(seen: str, resolved: str):
    assert is_regression(seen, resolved)


@pytest.mark.parametrize(
    ("seen", "resolved"),
    [
        ("companion@1.0.1", "companion@1.0.1"),
        ("companion@1.0", "companion@1.0.0"),
        ("companion@1.0.0", "companion@1.0.1"),
        ("companion@1.0.1rc1", "companion@1.0.1"),
        ("desk@2.0.0", "companion@1.0.1"),
        ("", "companion@1.0.1"),
        ("companion@deadbeef", "companion@1.0.1"),
        ("companion@1.0.2", "next week"),
        ("companion@1.0.2", ""),
        ("companion@", "companion@"),
    ],
)
def test_the_same_an_earlier_and_what_cannot_be_compared_are_none(seen: str, resolved: str):
    assert not is_regression(seen, resolved)
