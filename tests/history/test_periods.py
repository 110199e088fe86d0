"""Where days, weeks and months begin and end."""

from datetime import datetime

import pytest

from avow.history import periods


@pytest.mark.parametrize(
    ("by", "key", "start", "after"),
    [
        ("day", "2026-12-31", datetime(2026, 12, 31), datetime(2027, 1, 1)),
        ("week", "2026-W53", datetime(2026, 12, 28), datetime(2027, 1, 4)),
        ("month", "2026-12", datetime(2026, 12, 1), datetime(2027, 1, 1)),
    ],
)
def test_a_period_has_a_beginning_an_end_and_a_name(by: str, key: str, start: datetime, after: datetime) -> None:
    moment = datetime(2026, 12, 31, 23, 59, 59, fold=1)
    assert periods.start(by, moment) == start
    assert periods.start(by, moment).fold == 0
    assert periods.after(by, start) == after
    assert periods.key(by, start) == key


def test_a_moment_and_back() -> None:
    for moment in (0, 1_790_000_000_000):
        assert periods.milliseconds(periods.local(moment)) == moment
