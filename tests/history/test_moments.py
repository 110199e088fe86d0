"""Times as people give them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from avow.errors import UsageError
from avow.history import moments
from tests.zone import zone


@pytest.fixture(autouse=True)
def _berlin() -> Iterator[None]:
    with zone("CET-1CEST,M3.5.0,M10.5.0/3"):
        yield


def utc(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%S}"


NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-01", "2026-10-31T23:00:00", "2026-11-01T23:00:00"),
        ("2026-10-25", "2026-10-24T22:00:00", "2026-10-25T23:00:00"),
        ("2026-10", "2026-09-30T22:00:00", "2026-10-31T23:00:00"),
        ("2026-11-01T09:30", "2026-11-01T08:30:00", "2026-11-01T08:30:00"),
        ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00", "2026-11-01T09:30:00"),
        ("2026-11-01 09:30+02:00", "2026-11-01T07:30:00", "2026-11-01T07:30:00"),
        ("today", "2026-11-22T23:00:00", "2026-11-23T23:00:00"),
        ("Yesterday", "2026-11-21T23:00:00", "2026-11-22T23:00:00"),
        ("now", "2026-11-23T16:30:00", "2026-11-23T16:30:00"),
        ("24h", "2026-11-22T16:30:00", "2026-11-22T16:30:00"),
        ("90m", "2026-11-23T15:00:00", "2026-11-23T15:00:00"),
        ("7d", "2026-11-16T16:30:00", "2026-11-16T16:30:00"),
        ("2w", "2026-11-09T16:30:00", "2026-11-09T16:30:00"),
        ("1y", "2025-11-23T16:30:00", "2025-11-23T16:30:00"),
    ],
)
def test_a_time(text: str, since: str, until: str) -> None:
    now = NOW.astimezone()
    assert (utc(moments.since(text, now)), utc(moments.until(text, now))) == (since, until)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-13-01", "2026-02-30", "7", "7x", "-7d", "1000000y", "d", "\0", "0000-02-30", "10000-01-01"],
    ids=ascii,
)
def test_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        moments.since(text, NOW)


@pytest.mark.parametrize("name", ["CET-1", "PST8", "UTC+24", "UTC-24"])
@pytest.mark.parametrize("text", ["9999-12-31", "9999-12", "9999-12-31T23:59", "9999-12-31T23:59:59-12:00"])
def test_the_last_days_there_are(text: str, name: str) -> None:
    """People write them for "never" and "all"."""
    with zone(name):
        now = NOW.astimezone() if "24" not in name else NOW
        assert moments.since(text, now) > moments.since("9999-11-30", now)
        assert moments.since(text, now) <= moments.until(text, now)
        assert utc(moments.until(text, now)) <= "9999-12-31T23:59:59"  # not in a year that no time can be written of


@pytest.mark.parametrize("name", ["CET-1", "PST8", "UTC+24", "UTC-24"])
@pytest.mark.parametrize(
    "text",
    ["0000-01-01", "0000-02-29", "0000-12", "0000-06-01T10:00Z", "0001-01-01", "0001-01-01T00:00:00+14:00", "999999y"],
)
def test_the_first_days_there_are(text: str, name: str) -> None:
    with zone(name):
        now = NOW.astimezone() if "24" not in name else NOW
        assert moments.since(text, now) <= moments.until(text, now) < moments.since("0001-01-03", now)


def test_the_time_between_two() -> None:
    begin, end = moments.between("2026-11-01", "2026-11-01", NOW)
    assert begin is not None
    assert end is not None
    assert (utc(begin), utc(end)) == ("2026-10-31T23:00:00", "2026-11-01T23:00:00")
    assert moments.between("2026-12-01", None, NOW)[1] is None
    assert moments.between(None, None, NOW) == (None, None)


@pytest.mark.parametrize(("since", "until"), [("2026-11-02", "2026-11-01"), ("1d", "24h"), ("now", "7d")])
def test_no_time_between_two(since: str, until: str) -> None:
    with pytest.raises(UsageError, match=f"--since {since} is not before --until {until}") as caught:
        moments.between(since, until, NOW.astimezone())
    assert caught.value.hint == "give --since the earlier time"


@pytest.mark.parametrize("text", ["2026-11-01", "today", "90", ""])
def test_no_age(text: str) -> None:
    with pytest.raises(UsageError, match="is not an age"):
        moments.ago(text, NOW)


def test_an_age() -> None:
    assert utc(moments.ago("90d", NOW)) == "2026-08-25T16:30:00"


def test_days_where_the_zone_is_a_day_away_are_utc_s() -> None:
    with zone("UTC+24"):
        assert utc(moments.since("today", NOW)) == "2026-11-23T00:00:00"
        assert utc(moments.until("2026-11-01", NOW)) == "2026-11-02T00:00:00"
        assert utc(moments.since("2026-11-01T09:30", NOW)) == "2026-11-01T09:30:00"
