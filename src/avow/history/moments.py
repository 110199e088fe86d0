"""Times as people write them: a day, an ISO 8601 time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from avow.errors import UsageError
from avow.text.local_time import by_the_clock

_AGO = re.compile(r"(\d{1,6})(m|h|d|w|y)")
_HOURS = {"m": 1 / 60, "h": 1, "d": 24, "w": 24 * 7, "y": 24 * 365}
_MONTH = re.compile(r"\d{4}-\d{2}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FORMS = "2026-11-01, 2026-11, 2026-11-01T09:30, today, yesterday, or how long ago: 90m 24h 7d 2w 1y"

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LAST_MS = 253_402_300_799_999
"""What is before or after all times that Python has is one of these: nothing is kept there."""


def since(text: str, now: datetime) -> int:
    """The beginning of the day or time that `text` names, in milliseconds since 1970. Days begin by the clock of `now`,
    which has a time zone; a time without a zone is in that zone too. Raises UsageError."""
    return _milliseconds(_span(text, now)[0])


def until(text: str, now: datetime) -> int:
    """The end of the day or time that `text` names, exclusive. As `since` otherwise."""
    return _milliseconds(_span(text, now)[1])


def between(first: str | None, last: str | None, now: datetime) -> tuple[int | None, int | None]:
    """The beginning that `--since` names and the end that `--until` names. Raises UsageError, also where no time is
    between the two."""
    begin = None if first is None else since(first, now)
    end = None if last is None else until(last, now)
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"--since {first} is not before --until {last}", hint="give --since the earlier time")
    return begin, end


def ago(text: str, now: datetime) -> int:
    """The moment that is the age in `text` before `now` (`90d`), in milliseconds since 1970. Raises UsageError."""
    if not _AGO.fullmatch(text.strip().lower()):
        raise UsageError(f"`{text}` is not an age", hint="for example 24h, 90d, 2w or 1y")
    return since(text, now)


def _span(text: str, now: datetime) -> tuple[datetime, datetime]:
    wanted = text.strip().lower()
    try:
        if found := _AGO.fullmatch(wanted):
            return _ago(now, int(found[1]) * _HOURS[found[2]])
        if wanted == "now":
            return now, now
        if wanted in ("today", "yesterday"):
            day = now.date() - timedelta(days=wanted == "yesterday")
            return _days(datetime(day.year, day.month, day.day), 1)
        if wanted.startswith("0000-"):  # a year of ISO 8601 that Python does not have; like the year 4 a leap year
            _span(f"0004{text.strip()[4:]}", now)
            return _FIRST, _FIRST
        if _MONTH.fullmatch(wanted):
            first = datetime.fromisoformat(f"{wanted}-01")
            return _days(first, 31 if first.month == 12 else (first.replace(month=first.month + 1) - first).days)
        moment = datetime.fromisoformat(text.strip())
        if _DAY.fullmatch(wanted):
            return _days(moment, 1)
        moment = _by_the_clock(moment)  # a time without a zone is the local clock's
        return moment, moment
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"`{text}` is not a time", hint=f"for example {_FORMS}") from None


def _ago(now: datetime, hours: float) -> tuple[datetime, datetime]:
    try:
        moment = now - timedelta(hours=hours)
    except OverflowError:
        moment = _FIRST
    return moment, moment


def _days(first: datetime, number: int) -> tuple[datetime, datetime]:
    """A number of days of the local clock, which has days of 23 and of 25 hours."""
    try:
        after = _by_the_clock(first + timedelta(days=number))
    except OverflowError:
        after = _LAST
    return _by_the_clock(first), after


def _by_the_clock(moment: datetime) -> datetime:
    """A moment by the local clock; where no clock shows it, the first or the last that there is."""
    try:
        return by_the_clock(moment)
    except (ValueError, OverflowError, OSError):
        return _FIRST if moment.year == _FIRST.year else _LAST


def _milliseconds(moment: datetime) -> int:
    return min(round(moment.timestamp() * 1000), _LAST_MS)
