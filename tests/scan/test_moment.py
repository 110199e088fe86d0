import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.scan.moment import utc


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T18:01:29.213Z", "2026-11-23T18:01:29.213Z"),
        ("2026-11-23T18:01:49.131583+00:00", "2026-11-23T18:01:49.131Z"),
        ("2026-11-23 18:01:49", "2026-11-23T18:01:49.000Z"),
        ("2026-11-24T01:01:49+09:00", "2026-11-23T16:01:49.000Z"),
        ("0001-01-01T00:00:00+09:00", None),
        ("yesterday", None),
        ("", None),
        (1732384889, None),
        (None, None),
    ],
)
def test_utc(value: object, expected: str | None) -> None:
    assert utc(value) == expected


@given(st.text() | st.datetimes().map(str))
def test_no_text_raises(value: str) -> None:
    found = utc(value)
    assert found is None or utc(found) == found
